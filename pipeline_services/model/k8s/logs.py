"""The lines of a container's log, as the kubelet gives them with timestamps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline_services.model.k8s.objects import epoch

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\S+")


def stamped(line: str) -> tuple[float, str] | None:
    """When the line was written (epoch seconds), and its text; None for the kubelet's own, about a log it has not."""
    stamp, _, text = line.partition(" ")
    return (epoch(stamp), text) if _STAMP.fullmatch(stamp) else None


def stamped_lines(tail: Mapping[str, Sequence[str]]) -> list[tuple[float, str]]:
    """What a container wrote (``stamped``), before its last restart as well; each line once."""
    return [line for line in map(stamped, dict.fromkeys((*tail.get("previous", ()), *tail["lines"]))) if line]
