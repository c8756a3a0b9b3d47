"""Fault builders: each makes one fault for the pipeline as it is now, out of the journaled library of faults."""
