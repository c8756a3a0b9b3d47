"""Section 5 carried out: backups that are proved by a restore into a server of its own, point by point."""
