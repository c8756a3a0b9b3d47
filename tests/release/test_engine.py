"""A validation as a whole: which stages are played, what the verdict is, and that everything is put back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from pipeline_services.model.errors import PreconditionNotMet, ServiceUnreachable
from pipeline_services.release.engine import MEASURED, NOTHING_AGAINST, STAGES, rounds_fact
from pipeline_services.release.facts import ROLLED_OUT, STATEMENTS
from pipeline_services.release.rounds import BASELINE, CANDIDATE, Played, Round
from pipeline_services.release.solo import READINGS
from pipeline_services.release.verdict import Conclusion, Verdict
from tests.release.world import NEW, OLD, World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def stages(conclusion: Conclusion) -> list[str]:
    return [name for name in conclusion.evidence.stages if name in STAGES]


def test_a_good_candidate_goes(world: World) -> None:
    found = world.concluded()
    assert found.verdict is Verdict.GO, str(found)
    assert stages(found) == list(STAGES)
    assert (found.evidence.baseline, found.evidence.candidate) == (OLD, "tests/candidates/x")
    assert len(found.evidence.rolled) == 1


def test_everything_is_journaled_before_and_put_back_after(world: World) -> None:
    world.concluded()
    assert world.journaled == [1]
    assert world.journal.entries() == []
    assert [method for method, _ in world.api.changes] == ["POST"] * 3 + ["DELETE"] * 4
    topics, buckets = world.api.commands
    assert topics.startswith("remove bench-")
    assert buckets.startswith("bucket bench-")


def test_a_plain_no_go_ends_it_after_the_trial(world: World) -> None:
    world.trial = replace(world.trial, restarts=1, ended="Error")
    found = world.concluded()
    assert found.verdict is Verdict.NO_GO
    assert found.reasons == ("a container was started again: 1 restart: Error",)
    assert stages(found) == ["trial"]


def test_what_is_not_known_after_the_trial_ends_it_too(world: World) -> None:
    world.trial = replace(world.trial, types={})
    found = world.concluded()
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert stages(found) == ["trial"]


def test_a_bad_producer_ends_it_after_the_trial(world: World) -> None:
    world.producer = replace(world.producer, rate=5.0)
    found = world.concluded()
    assert found.verdict is Verdict.NO_GO
    assert found.reasons[0] == "the producer does not send as many readings a second: 5.0 a second, the baseline's 20.0"
    assert stages(found) == ["trial"]


def test_a_slow_candidate_is_stopped_after_eight_pairs(world: World) -> None:
    world.cost[NEW] = 1.15
    found = world.concluded()
    assert found.verdict is Verdict.NO_GO
    assert found.reasons[0].startswith("CPU time per stored reading: +1")
    assert len(found.evidence.metrics[0].pairs) == 8
    assert "roll-out" not in stages(found)


def test_measured_only_a_good_candidate_does_not_go_and_the_cluster_keeps_its_pods(world: World) -> None:
    world.measure_only = True
    found = world.concluded()
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert found.reasons[0] == NOTHING_AGAINST
    assert stages(found) == list(MEASURED) == ["trial", "baseline against itself", "rounds"]


def test_measured_only_a_slow_candidate_is_stopped(world: World) -> None:
    world.measure_only = True
    world.cost[NEW] = 1.15
    found = world.concluded()
    assert found.verdict is Verdict.NO_GO
    assert NOTHING_AGAINST not in found.reasons


def test_measured_only_what_is_left_open_is_not_said_to_be_well(world: World) -> None:
    world.measure_only = True
    world.memory_noise = 0.1
    assert NOTHING_AGAINST not in world.concluded().reasons


def test_a_noisy_machine_decides_nothing(world: World) -> None:
    world.noise = 0.1
    found = world.concluded()
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert "the baseline against itself leaves" in found.reasons[0]
    assert stages(found) == ["trial", "baseline against itself", "rounds"]
    assert len(found.evidence.control[0].pairs) == 16
    assert len(found.evidence.metrics[0].pairs) == 8


def test_a_slow_candidate_is_stopped_although_its_memory_cannot_be_told(world: World) -> None:
    world.cost[NEW] = 1.15
    world.memory_noise = 0.1
    found = world.concluded()
    assert found.verdict is Verdict.NO_GO
    assert found.reasons[0].startswith("CPU time per stored reading: +1")
    assert [one.metric.id for one in found.evidence.noise] == ["peak-memory"]


def test_a_good_candidate_whose_memory_cannot_be_told_does_not_go(world: World) -> None:
    world.memory_noise = 0.1
    found = world.concluded()
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert found.reasons[0].startswith("peak memory: the baseline against itself leaves")
    assert "roll-out" not in stages(found)


def test_a_candidate_that_fails_in_a_round_is_stopped(world: World) -> None:
    world.fails[NEW] = "its container ended"
    found = world.concluded()
    assert found.verdict is Verdict.NO_GO
    assert "the first round of the candidate failed: its container ended" in found.reasons[0]


def test_a_baseline_that_fails_in_a_round_decides_nothing(world: World) -> None:
    world.fails[OLD] = "its container ended"
    found = world.concluded()
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert found.reasons[0] == "the first round of the baseline failed: its container ended"


@pytest.mark.parametrize("name", [one.id for one in ROLLED_OUT])
def test_a_bad_roll_out_is_stopped_before_any_failure_is_played(world: World, name: str) -> None:
    world.rolled[name] = False
    found = world.concluded()
    assert found.verdict is Verdict.NO_GO
    assert found.reasons == (f"{STATEMENTS[name].otherwise}: seen",)
    assert "failures" not in stages(found)


def test_a_roll_out_of_which_something_was_not_seen_is_no_go(world: World) -> None:
    del world.rolled["rollout-gap"]
    found = world.concluded()
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert found.reasons == ("not measured: the run ended before: rollout-gap",)


def test_a_candidate_that_does_not_recover_is_stopped(world: World) -> None:
    world.wrong = ["kafka-process-killed: 3 readings lost"]
    found = world.concluded()
    assert found.verdict is Verdict.NO_GO
    assert found.reasons[0].endswith(": kafka-process-killed: 3 readings lost")


def test_what_stays_behind_is_no_go_and_no_fault_of_the_candidate(world: World) -> None:
    world.left = ["deployments/processor spec: other"]
    found = world.concluded()
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert found.reasons[0] == "not known whether the namespace is as it was before: deployments/processor spec: other"


@pytest.mark.parametrize("error", [ServiceUnreachable("Kafka does not answer"), PreconditionNotMet("refused")])
def test_an_error_of_the_cluster_decides_nothing_and_is_put_back(world: World, error: Exception) -> None:
    world.raises = error
    found = world.concluded()
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert found.reasons[0] == str(error)
    assert world.journal.entries() == []
    assert ("DELETE", "pods") in world.api.changes


def test_ctrl_c_goes_through_and_everything_is_put_back(world: World) -> None:
    world.raises = cast(Exception, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.concluded()
    assert world.journal.entries() == []
    assert ("DELETE", "pods") in world.api.changes


def test_a_round_that_stores_too_few_is_no_go() -> None:
    pair = (Round(BASELINE, stored=READINGS), Round(CANDIDATE, stored=READINGS - 6))
    fact = rounds_fact(Played([pair]))
    assert fact.holds is False
    assert fact.seen == f"only {READINGS - 6} of {READINGS}"
    assert rounds_fact(Played()).holds is None


def test_whose_round_failed_is_known_and_not_read_from_the_reason() -> None:
    told = f"it says that a round of the {CANDIDATE} failed"
    found = {}
    for version in (BASELINE, CANDIDATE):
        played = Played()
        played.end("a round", Round(version, failed=told))
        found[version] = rounds_fact(played).holds
    assert found == {BASELINE: None, CANDIDATE: False}
