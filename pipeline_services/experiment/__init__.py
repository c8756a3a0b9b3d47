"""Plays a fault from steady state to steady state and records what was seen: chaos, matrix, promises, the ledger."""
