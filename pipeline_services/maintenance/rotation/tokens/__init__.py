"""Rotation of the tokens with which the pipeline writes to InfluxDB and reads from it."""
