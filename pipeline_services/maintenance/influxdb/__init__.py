"""Backup and restore of InfluxDB, compared point by point."""
