"""Settings for the suite's own tests."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

# The same examples on every machine, however slow or busy it is: these tests gate a merge.
settings.register_profile(
    "gate", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("gate")

# One recording is thousands of small objects. To look for cycles after every 700 new ones took a fifth of all time.
gc.set_threshold(50_000, 20, 20)


def pytest_collection_finish() -> None:
    """What collected tests consist of stays to the end: the garbage collector need not look at it again."""
    gc.freeze()
