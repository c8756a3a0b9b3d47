"""Pure decisions: a snapshot in, a failure with its five lines out. Thresholds are constants there."""
