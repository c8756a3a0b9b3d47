"""Values that everybody shares: the pipeline's description, settings, errors, Kubernetes objects, the message, waiting."""
