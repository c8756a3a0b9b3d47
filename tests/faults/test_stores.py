"""The scripts that clear topics and buckets away, with the tools of Kafka and InfluxDB stood in for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pipeline_services.faults import stores
from pipeline_services.faults.journal import Command
from tests.faults.both_steps import both_steps
from tests.programs import program

NSENTER = """#!/bin/sh
# Leaves out its own words and those of env; what is left is the tool's command.
while [ "$1" != kafka-topics.sh ] && [ "$1" != influx ] && [ "$1" != curl ]; do shift; done
echo "$*" >>"$CALLS"
if [ "$1" = curl ]; then cat >>"$CALLS"; fi
case "$*" in *list*) printf '%b' "$BUCKETS" ;; esac
"""
LISTED = "0a1\\tbench-1790000000-1\\t336h\\n0b2\\tsensor-data\\t336h\\n0c3\\tbench-1790000000-2\\t336h\\n"


def run(command: Command, folder: Path, buckets: str = "", processes: str = "1") -> tuple[int, list[str]]:
    """The step's exit code, and what was asked of the tools."""
    program(folder / "nsenter", NSENTER)
    program(folder / "pgrep", f"#!/bin/sh\nprintf '{processes}\\n'\n")
    calls = folder / "calls"
    calls.touch()
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls), "BUCKETS": buckets}
    done = subprocess.run(command.words, env=env, capture_output=True, text=True, check=False)
    return done.returncode, calls.read_text().splitlines()


def test_only_topics_of_that_beginning_are_removed(tmp_path: Path) -> None:
    code, (call,) = run(stores.topics_removed("bench-1790000000", 9092), tmp_path)
    assert code == 0
    assert call.endswith("--delete --if-exists --topic bench-1790000000.*")
    assert "--bootstrap-server localhost:9092" in call


def test_only_buckets_of_that_beginning_are_removed(tmp_path: Path) -> None:
    step = stores.buckets_removed("bench-1790000000", "conveyor", "secret", 8086)
    code, (listed, *deleted) = run(step, tmp_path, LISTED)
    assert code == 0
    assert "list --org conveyor" in listed
    assert [call.split()[4] for call in deleted] == ["0a1", "0c3"]
    assert "secret" not in str(step)


def test_no_bucket_is_nothing_to_remove(tmp_path: Path) -> None:
    code, calls = run(stores.buckets_removed("bench-1790000000", "conveyor", "secret", 8086), tmp_path)
    assert (code, len(calls)) == (0, 1)


@pytest.mark.parametrize("beginning", ["", "b", "sensor-data", "bench-", "bench-179.*", ".*"])
def test_what_to_remove_has_to_be_explicit(beginning: str) -> None:
    with pytest.raises(ValueError, match="needs an explicit target"):
        stores.topics_removed(beginning, 9092)
    with pytest.raises(ValueError, match="needs an explicit target"):
        stores.buckets_removed(beginning, "conveyor", "secret", 8086)


def test_each_shard_has_a_point_of_its_own_day(tmp_path: Path) -> None:
    (step,) = stores.shards_made("shards-1790000000", 90, "conveyor", "secret", 8086).inject
    assert isinstance(step, Command)
    code, (made, sent, *points) = run(step, tmp_path)
    assert code == 0
    assert "bucket create" in made
    assert "--name shards-1790000000 --shard-group-duration 24h" in made
    assert sent.endswith("/api/v2/write?org=conveyor&bucket=shards-1790000000&precision=s")
    assert len({int(point.split()[-1]) // 86_400 for point in points}) == len(points) == 90
    assert "secret" not in str(step)


def test_shards_are_taken_away_with_their_bucket(tmp_path: Path) -> None:
    (step,) = stores.shards_made("shards-1790000000", 90, "conveyor", "secret", 8086).undo
    assert isinstance(step, Command)
    listed = "0a1\\tshards-1790000000\\tinfinite\\n0b2\\tsensor-data\\t336h\\n"
    _, (_, *deleted) = run(step, tmp_path, listed)
    assert [call.split()[4] for call in deleted] == ["0a1"]
    with pytest.raises(ValueError, match="needs an explicit target"):
        stores.shards_made("sensor-data", 90, "conveyor", "secret", 8086)


def test_a_bucket_keeps_readings_for_another_time_and_then_for_that_of_before(tmp_path: Path) -> None:
    fault = stores.bucket_set("0b2", "--retention", (0, 1_209_600), "secret", 8086)
    said = [run(step, tmp_path)[1][-1] for step in (*fault.inject, *fault.undo) if isinstance(step, Command)]
    options = "bucket update --host https://localhost:8086 --token secret --id 0b2 --retention"
    assert said == [f"influx {options} 0s", f"influx {options} 1209600s"]
    assert "secret" not in f"{fault.inject} {fault.undo}".replace("'secret'", "")


def test_a_task_is_made_and_deleted_by_its_name(tmp_path: Path) -> None:
    fault = stores.task_made("thin-out", "option task = {}", "conveyor", "secret", 8086)
    make, remove = both_steps(fault, Command)
    assert run(make, tmp_path)[1][-1].endswith("--token secret --org conveyor option task = {}")
    tasks = "0a1\\tthin\\tconveyor\\n0b2\\tthin-out\\tconveyor\\n"
    code, (*_, listed, deleted) = run(remove, tmp_path, tasks)
    assert code == 0
    assert "task list" in listed
    assert deleted.split()[2:5] == ["delete", "--id", "0b2"]


@pytest.mark.parametrize(
    "step",
    [
        stores.topics_removed("bench-1790000000", 9092),
        stores.buckets_removed("bench-1790000000", "conveyor", "secret", 8086),
        *stores.bucket_renamed("0b2", "a", "b", "secret", 8086).undo,
    ],
    ids=str,
)
def test_nothing_is_done_to_one_of_two(step: Command, tmp_path: Path) -> None:
    assert run(step, tmp_path, LISTED, processes="1\\n2") == (1, [])


def test_a_bucket_is_renamed_and_has_its_name_again(tmp_path: Path) -> None:
    fault = stores.bucket_renamed("0b2", "a", "b", "secret", 8086)
    said = [run(step, tmp_path)[1][-1] for step in (*fault.inject, *fault.undo) if isinstance(step, Command)]
    assert [call.rpartition("--id ")[2] for call in said] == ["0b2 --name b", "0b2 --name a"]


def test_an_organisation_is_renamed_and_has_its_name_again(tmp_path: Path) -> None:
    fault = stores.organisation_renamed("0c3", "a", "b", "secret", 8086)
    said = [run(step, tmp_path)[1][-1] for step in (*fault.inject, *fault.undo) if isinstance(step, Command)]
    assert [call.partition("org update ")[2].partition("--id ")[2] for call in said] == ["0c3 --name b", "0c3 --name a"]
