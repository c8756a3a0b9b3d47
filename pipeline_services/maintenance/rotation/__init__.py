"""Rotation of the tokens of InfluxDB, and of its certificate with the CA, while the pipeline runs."""
