"""Evidence made by hand: a candidate with which everything is well."""

from __future__ import annotations

from typing import Any

from pipeline_services.release.decision import judge
from pipeline_services.release.facts import Fact
from pipeline_services.release.gates import METRICS
from pipeline_services.release.verdict import Evidence

STARTED = 1_795_000_000.0
FACTS = ("ready", "lost")


def pairs(ratio: float = 1.0) -> dict[str, list[tuple[float, float]]]:
    return {one.id: [(100.0 + place, (100.0 + place) * ratio) for place in range(8)] for one in METRICS}


def evidence(**changes: Any) -> Evidence:
    made: dict[str, Any] = {
        "candidate": "tests/candidates/good",
        "facts": [Fact(name, True, "so it was") for name in FACTS],
        "metrics": judge(METRICS, pairs()),
        "rolled": [(0.0, "the candidate is rolled out"), (12.5, "the baseline is rolled out")],
    }
    return Evidence(baseline="apps:1", started=STARTED, **{**made, **changes})
