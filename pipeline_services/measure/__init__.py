"""How fast the pipeline recovers: probes, samples, and the recovery clock."""
