"""What runs in the pods: producer and processor. It imports the message and nothing else of the project."""
