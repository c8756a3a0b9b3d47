"""Values all packages share: the pipeline's profile, settings, errors, Kubernetes objects, metrics, the message."""
