"""One concurrent look at everything, redacted and bounded, to be judged anywhere; and what it says of a namespace."""
