"""The detection matrix: faults over all components, and what checks and triage have to say of each."""
