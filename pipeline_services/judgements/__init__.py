"""Pure decisions: a snapshot in, a failure with its five lines out; and section 9's known issues, which are none."""
