"""A dashboard's data source through an outage of what it reads from: red, and green again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_services.measure.recovery import Moment, moment_of
from pipeline_services.measure.samples import SourceSample


@dataclass(frozen=True, slots=True)
class Turns:
    """When the data source turned red after the fault was made, and green for good after that; None: never seen to."""

    red: Moment | None
    green: Moment | None
    said: str = ""


def turns(samples: Sequence[SourceSample], made: float) -> Turns:
    """The first red after ``made`` (epoch seconds) and the green that lasts to the end; both in seconds after it."""
    since = [sample for sample in samples if sample.answered >= made]
    reds = [sample for sample in since if not sample.green]
    if not reds:
        return Turns(None, None)
    back = next((sample for sample in since if sample.answered > reds[-1].answered), None)
    return Turns(moment_of(samples, reds[0], made), moment_of(samples, back, made) if back else None, reds[0].message)
