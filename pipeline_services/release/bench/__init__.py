"""How many readings per second the processor sustains (``make bench-pipeline``)."""
