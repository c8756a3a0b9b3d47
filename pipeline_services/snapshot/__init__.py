"""One concurrent look at everything, redacted and bounded; it can be saved and judged again anywhere."""
