"""The watch over what heals by itself, with looks and a clock made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline_services.model.errors import PipelineError, ServiceUnreachable
from pipeline_services.triage.model import Diagnosis
from pipeline_services.triage.walk import workflow
from pipeline_services.triage.walk.watch import Watch
from tests.triage.made import AT, REBALANCE, REPLACED, SCALED, diagnosis


class Scene:
    """A watch whose looks are given, ten seconds apart."""

    def __init__(
        self, first: Diagnosis, *looks: Diagnosis | PipelineError, last: Diagnosis | None = None, by_hand: bool = False
    ) -> None:
        self.looks = list(looks)
        self.last = last
        self.now = AT
        self.said: list[str] = []
        courses = [workflow.begin(one, AT) for one in first.findings]
        self.watch = Watch(first, courses, self.look, self.said.append, by_hand=by_hand)

    def look(self) -> Diagnosis:
        self.now += 10
        seen = self.looks.pop(0) if self.looks else self.last
        if isinstance(seen, PipelineError):
            raise seen
        assert seen is not None, "it looked once more than was needed"
        return replace(seen, taken_at=self.now)

    def run(self, at_most: float = 60.0) -> Diagnosis:
        return self.watch.run(every=0.0, at_most=at_most, clock=lambda: self.now)

    @property
    def stages(self) -> list[str]:
        return [course.stage.name for course in self.watch.courses]


def test_what_heals_is_reported_with_the_time_it_took() -> None:
    scene = Scene(diagnosis(REPLACED), diagnosis(REPLACED), diagnosis(), diagnosis())
    assert scene.run().healthy
    assert scene.said == [
        "  +10 s     kafka: a pod is being replaced or is starting: still there, 90 s left",
        "  +20 s     kafka: a pod is being replaced or is starting: gone; looking once more to be sure",
        "  +30 s     kafka: a pod is being replaced or is starting: healed by itself, gone 20 s after it was seen",
    ]


def test_what_does_not_is_to_be_acted_on_one_level_up() -> None:
    scene = Scene(diagnosis(REPLACED), last=diagnosis(REPLACED))
    after = scene.run()
    assert after.exit_code == 1
    assert after.findings[0].summary.endswith("did not heal in 2 min: act now")
    assert after.to_dict()["findings"][0]["escalation"] == "L2"
    assert not after.to_dict()["findings"][0]["self_healing"]
    assert scene.said[-1].endswith("did not heal in 2 min: act now; L2 - DevOps Engineer")
    assert scene.now == AT + 110, "it gave up before its limit, or long after"


def test_what_comes_up_on_the_way_is_watched_too() -> None:
    scene = Scene(diagnosis(REPLACED), diagnosis(REBALANCE), diagnosis(REBALANCE), diagnosis(), diagnosis())
    assert scene.run().healthy
    assert scene.stages == ["RESOLVED", "RESOLVED"]
    assert "new: processor: the consumer group is rebalancing" in scene.said[1]


def test_what_somebody_has_to_act_on_is_not_waited_for() -> None:
    scene = Scene(diagnosis(REPLACED, SCALED), diagnosis(SCALED), diagnosis(SCALED))
    assert [one.component for one in scene.run().findings] == ["producer"]
    assert scene.stages == ["RESOLVED", "ACTING"]


def test_what_is_mended_by_hand_is_waited_for_where_that_is_asked() -> None:
    scene = Scene(diagnosis(SCALED), diagnosis(SCALED), diagnosis(), diagnosis(), by_hand=True)
    assert scene.run().healthy
    assert scene.stages == ["RESOLVED"]
    assert scene.said[0].endswith("still there; run the commands above")
    assert "write down who resolved it" in scene.said[-1]


def test_what_is_not_mended_by_hand_in_time_is_escalated() -> None:
    scene = Scene(diagnosis(SCALED), last=diagnosis(SCALED), by_hand=True)
    assert scene.run(at_most=0.1).exit_code == 1
    assert scene.stages == ["ESCALATED"]


def test_a_look_that_fails_is_said_and_is_no_healing() -> None:
    away = ServiceUnreachable("the API server does not answer")
    scene = Scene(diagnosis(REPLACED), away, diagnosis(), away, diagnosis())
    assert scene.run().healthy
    assert scene.said[0] == "  +10 s     could not look: the API server does not answer"


def test_a_cluster_that_stays_away_is_not_waited_for_for_ever() -> None:
    scene = Scene(diagnosis(REPLACED), *[ServiceUnreachable("no answer")] * 20)
    assert scene.run().exit_code == 1
    assert scene.stages == ["ACTING"]


def test_faults_that_follow_each_other_for_ever_end_the_watch() -> None:
    def endless() -> Callable[[], Diagnosis]:
        number = iter(range(10**6))
        return lambda: diagnosis(replace(REBALANCE, component=("loki", "hpa", "dns")[next(number) % 3]))

    scene = Scene(diagnosis(REPLACED))
    scene.watch._look = endless()
    after = scene.run(at_most=0.2)
    assert after.exit_code == 1
    assert not workflow.watched(scene.watch.courses)


def test_a_fault_of_the_suite_is_not_taken_for_an_answer() -> None:
    scene = Scene(diagnosis(REPLACED))
    with pytest.raises(AssertionError, match="once more"):
        scene.run()
