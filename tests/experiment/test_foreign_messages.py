"""Scenarios send the suite's own messages: where the apps could not read them, nothing is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.faults.safety import ChaosTarget
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Target
from tests.judgements.foreign_roles import foreign_kafka


def test_a_pipeline_of_other_messages_is_refused_before_anything_is_asked() -> None:
    plain = Pipeline.load(Path("plain"))
    target = ChaosTarget(Target("no-such-file", "kind-conveyor", plain.namespace, plain), own=True)
    refusal = pytest.raises(PreconditionNotMet, match="the apps of plain cannot read")
    with refusal, SteadyPipeline.open(target, lambda _line: None):
        pass


def test_where_nothing_is_sent_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    plain = Pipeline.load(Path("plain"))
    target = ChaosTarget(Target(str(tmp_path / "no-such-file"), "elsewhere", plain.namespace, plain), own=False)
    asked = pytest.raises(PipelineError, match="no-such-file")
    with asked, SteadyPipeline.open(target, lambda _line: None, sends=False):
        pass


def test_a_kafka_outside_the_cluster_has_no_pods_to_measure_recovery_on() -> None:
    foreign = Pipeline.from_document(foreign_kafka())
    target = ChaosTarget(Target("no-such-file", "kind-conveyor", foreign.namespace, foreign), own=True)
    refusal = pytest.raises(PreconditionNotMet, match="kafka of plain has no pods in its namespace")
    with refusal, SteadyPipeline.open(target, lambda _line: None, sends=False):
        pass
