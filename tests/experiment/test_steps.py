"""Which commands of a finding are typed in the matrix, and which answers are of use."""

from __future__ import annotations

import pytest

from pipeline_services.experiment.steps import flaw, reading
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import scale_to_0
from tests.judgements.world import healthy


def test_only_what_reads_and_ends_is_typed_and_only_of_the_component() -> None:
    world = healthy()
    scale_to_0(world, "kafka")
    scale_to_0(world, "grafana")
    diagnosis = diagnose(world.snapshot())
    assert [step for one in diagnosis.findings for step in one.next if " scale " in step]
    assert all(" scale " not in step for step in reading(diagnosis, ["kafka", "grafana"]))
    assert reading(diagnosis, []) == []


@pytest.mark.parametrize(
    ("code", "output", "expected"),
    [
        (0, "NAME  READY\nkafka-0  1/1\n", ""),
        (0, " \n", "it shows nothing"),
        (0, "No resources found in conveyor-pipeline namespace.\n", "it shows nothing"),
        (0, "Events: <none>", ""),
        (
            1,
            'warning\nError from server (NotFound): pods "a" not found\n',
            'it ends with 1: Error from server (NotFound): pods "a" not found',
        ),
        (1, "", "it ends with 1: "),
        (None, "a line", "it does not end"),
        (2, "no room on the disk\nmake: *** [Makefile:87: up] Error 1\n", "it ends with 2: no room on the disk"),
    ],
)
def test_an_answer_that_helps_nobody_is_named(code: int | None, output: str, expected: str) -> None:
    assert flaw(code, output) == expected
