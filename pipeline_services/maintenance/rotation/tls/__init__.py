"""Rotation of InfluxDB's certificate and of the CA that its clients trust."""
