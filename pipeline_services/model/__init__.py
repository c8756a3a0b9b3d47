"""Values all packages share: the pipeline's description, settings, errors, Kubernetes objects, metrics, the message."""
