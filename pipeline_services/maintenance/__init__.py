"""Section 5 carried out: backups, proved by a restore into a server of its own; rotations, proved under load."""
