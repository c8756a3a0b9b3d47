"""Scenarios send the suite's own messages: where the apps could not read them, nothing is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_services.experiment.pipeline import SteadyPipeline
from pipeline_services.faults.safety import ChaosTarget
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Target


def test_a_pipeline_of_other_messages_is_refused_before_anything_is_asked() -> None:
    plain = Pipeline.load(Path("plain"))
    target = ChaosTarget(Target("no-such-file", "kind-conveyor", plain.namespace, plain), own=True)
    refusal = pytest.raises(PreconditionNotMet, match="the apps of plain cannot read")
    with refusal, SteadyPipeline.open(target, lambda _line: None):
        pass
