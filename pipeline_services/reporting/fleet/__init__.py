"""Judges many pipelines at once, in one cluster or in several, and says in one table which of them is not healthy."""
