"""Section 9, issue 2: how long a processor that was started again takes until the group works. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline_services import names
from pipeline_services.recovery import Moment, moment_of
from pipeline_services.steady_samples import LagSample

REJOIN_WITHIN: Final = 10.0
"""Seconds: the longest that section 9 documents. A member that was killed is missed for a session of 6 s, one that left
for less than one, and the new one takes about 2 s from its start to its request to join."""
STABLE: Final = "Stable"


def rejoined(samples: Sequence[LagSample], started: float) -> Moment | None:
    """When the group was whole again without any member from before, after the new process ``started``.

    Args:
        started: epoch seconds; when the process of the new member was started.
    """
    known = [sample for sample in samples if not sample.error]
    old = {member for sample in known if sample.answered < started for member in sample.held}
    found = next((sample for sample in known if sample.answered >= started and _whole(sample, old)), None)
    return moment_of(samples, found, started) if found else None


def _whole(sample: LagSample, old: set[str]) -> bool:
    """Stable, every partition given out, and to nobody who is gone."""
    given = sum(sample.held.values())
    return sample.state == STABLE and given == names.TOPIC_PARTITIONS and not old & sample.held.keys()
