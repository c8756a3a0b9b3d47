"""Values that all packages share: the pipeline's description, settings, errors, Kubernetes objects, the message."""
