"""Section 4's flowchart: a snapshot in, a diagnosis out: cause, since when, next command, whom to call."""
