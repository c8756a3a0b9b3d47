"""The commands for the suite's own cluster: ``make up``, ``status``, ``down``, ``clean``; and the nightly run."""
