"""Settings for the suite's own tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples on every machine, however slow or busy it is: these tests gate a merge.
settings.register_profile(
    "gate", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("gate")
