"""The run that nobody watches: repairs, checks and breaks in a time box, keeps a history, and says what changed."""
