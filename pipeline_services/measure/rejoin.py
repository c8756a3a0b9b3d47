"""Section 9, issue 2: how long a processor that was started again takes until the group works. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline_services.measure.recovery import Moment, moment_of
from pipeline_services.measure.samples import LagSample

REJOIN_LIMIT_S: Final = 10.0
"""Seconds: the longest that section 9 documents. A member that was killed is missed for a session of 6 s, one that left
for less than one, and the new one takes about 2 s from its start to its request to join."""
STABLE: Final = "Stable"


def group_rejoin_time(
    samples: Sequence[LagSample], faulted: float, started: float, victims: int = 1, *, partitions: int
) -> Moment | None:
    """When the group was whole again without any of the ``victims``, after the last new process ``started``.

    Args:
        faulted: epoch seconds; when the fault hit them. A member from before that which is no victim may stay.
        started: epoch seconds; when the process of the last new member was started.
        partitions: how many the topic has.
    """
    known = [sample for sample in samples if not sample.error]
    before = [set(sample.held) for sample in known if sample.answered < faulted]
    old = before[-1] if before else set()
    stay = max(0, len(old) - victims)
    found = next(
        (one for one in known if one.answered >= started and _whole(one, partitions) and _renewed(one, old, stay)), None
    )
    return moment_of(samples, found, started) if found else None


def _whole(sample: LagSample, partitions: int) -> bool:
    """Stable, and every partition given out."""
    return sample.state == STABLE and sum(sample.held.values()) == partitions


def _renewed(sample: LagSample, old: set[str], stay: int) -> bool:
    """Somebody new is in it, and of those from before no more than may stay."""
    return bool(sample.held.keys() - old) and len(sample.held.keys() & old) <= stay
