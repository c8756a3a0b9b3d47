"""Plays a fault from steady state to steady state and records what was seen: scenarios of chaos, rows of the matrix."""
