"""A plugin that stands in for the cluster in ``pytest -m release``: its verdict is that of made-up evidence.

The candidate's name says which: ``good``, ``slower-15-percent``, or anything else for what is not enough data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from chaos import staging, validation
from pipeline_services.release import picture, records
from pipeline_services.release.decision import judge
from pipeline_services.release.engine import FACTS_NEEDED, METRICS_NEEDED
from pipeline_services.release.facts import Fact
from pipeline_services.release.gates import METRICS
from pipeline_services.release.verdict import Conclusion, conclude
from pipeline_services.reporting.run.options import RunOptions
from tests.release.made import evidence, pairs

RATIOS = {"good": 1.01, "slower-15-percent": 1.15}


class Steady:
    """A pipeline that is steady whatever happens, on a cluster with one node."""

    cluster = SimpleNamespace(
        **{"context": "kind", "namespace": "pipeline", "get": lambda *_: None},
        list=lambda _kind: [{"status": {"nodeInfo": {"kubeletVersion": "v1.33.1"}}}],
    )

    def require_steady(self) -> None: ...


@contextmanager
def opened(config: pytest.Config, *, sends: bool) -> Iterator[Steady]:
    steady: Any = Steady()
    staging.note_cluster(config, steady)
    yield steady


def validated(_pipeline: Any, config: pytest.Config) -> Conclusion:
    name = config.getoption("candidate").rpartition("/")[2]
    known = True if name in RATIOS else None
    facts = [Fact(one, known if one == "series" else True, "seen") for one in FACTS_NEEDED]
    metrics = judge(METRICS, pairs(RATIOS.get(name, 1.0)))
    candidate, control = config.getoption("candidate"), judge(METRICS, pairs())
    made = evidence(candidate=candidate, facts=facts, metrics=metrics, control=control)
    conclusion = conclude(made, FACTS_NEEDED, METRICS_NEEDED)
    records.write(RunOptions.of(config).reports, conclusion)
    return conclusion


def pytest_configure() -> None:
    """Before the first case asks for them. Pictures have their own tests, and take a second."""
    picture.metric_svg = picture.rollout_svg = lambda _: b"<svg/>"
    staging.opened = opened  # type: ignore[assignment]
    validation.validated = validated
