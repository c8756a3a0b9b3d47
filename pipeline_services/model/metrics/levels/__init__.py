"""What each key metric reads, and the levels at which it warns and fails."""
