"""The lines of a container's log, as the kubelet gives them with timestamps."""

from __future__ import annotations

import re
from typing import Final

from pipeline_services.model.k8s.objects import epoch

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\S+")


def stamped(line: str) -> tuple[float, str] | None:
    """When the line was written (epoch seconds), and its text; None for the kubelet's own, about a log it has not."""
    stamp, _, text = line.partition(" ")
    return (epoch(stamp), text) if _STAMP.fullmatch(stamp) else None
