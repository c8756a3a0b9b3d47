"""Levels of a key metric that an environment or a pipeline has of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels that replace a metric's own; None keeps the own one. In the metric's unit."""

    warn: float | None = None
    fail: float | None = None
