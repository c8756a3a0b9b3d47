"""The scripts that clear topics and buckets away, with the tools of Kafka and InfluxDB stood in for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pipeline_services.faults import stores
from pipeline_services.faults.journal import Command
from pipeline_services.model.pipeline import Pipeline
from tests.faults.both_steps import both_steps
from tests.faults.machine import Machine
from tests.programs import program

NSENTER = """#!/bin/sh
echo "$2" >"$CALLS.entered"
# Leaves out its own words and those of env; what is left is the tool's command.
while [ "$1" != kafka-topics.sh ] && [ "$1" != influx ] && [ "$1" != curl ]; do shift; done
echo "$*" >>"$CALLS"
if [ "$1" = curl ]; then cat >>"$CALLS"; fi
case "$*" in *list*) printf '%b' "$BUCKETS" ;; esac
"""
LISTED = "0a1\\tbench-1790000000-1\\t336h\\n0b2\\tsensor-data\\t336h\\n0c3\\tbench-1790000000-2\\t336h\\n"
BROKER = stores.Server("ns", "kafka-0_ns_kafka", "localhost:9092")
STORE = stores.Server("ns", "influxdb-0_ns_influxdb", "https://localhost:8086", "secret")


def run(command: Command, folder: Path, buckets: str = "", *, runs: bool = True) -> tuple[int, list[str]]:
    """The exit code, and what was asked of the tools, where the container that is meant ``runs`` beside another."""
    program(folder / "nsenter", NSENTER)
    node = Machine(folder / "node")
    node.start(9, command.words[4].replace("_ns_", "_other_"), "a9" * 32)
    if runs:
        node.start(7, command.words[4], "b7" * 32)
    calls = folder / "calls"
    calls.touch()
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls), "BUCKETS": buckets}
    done = subprocess.run(node.here(command.words), env=env, capture_output=True, text=True, check=False)
    assert (folder / "calls.entered").read_text() == "7\n" if runs else not (folder / "calls.entered").exists()
    return done.returncode, calls.read_text().splitlines()


def test_the_server_of_a_pipeline_is_named_by_its_profile() -> None:
    plain = Pipeline.load(Path("plain"))
    assert stores.Server.of(plain, "kafka") == stores.Server(
        "plain-pipeline", "kafka-0_plain-pipeline_kafka", "localhost:9092"
    )
    assert stores.Server.of(plain, "influxdb", "t").address == "http://localhost:8086"
    step = stores.topic_removed(stores.Server.of(plain, "kafka"), "a")
    assert step.is_within(plain.namespace)


def test_only_topics_of_that_beginning_are_removed(tmp_path: Path) -> None:
    code, (call,) = run(stores.topics_removed(BROKER, "bench-1790000000"), tmp_path)
    assert code == 0
    assert call.endswith("--delete --if-exists --topic bench-1790000000.*")
    assert "--bootstrap-server localhost:9092" in call


def test_only_buckets_of_that_beginning_are_removed(tmp_path: Path) -> None:
    step = stores.buckets_removed(STORE, "bench-1790000000", "conveyor")
    code, (listed, *deleted) = run(step, tmp_path, LISTED)
    assert code == 0
    assert "list --org conveyor" in listed
    assert [call.split()[4] for call in deleted] == ["0a1", "0c3"]
    assert "secret" not in str(step)


def test_no_bucket_is_nothing_to_remove(tmp_path: Path) -> None:
    code, calls = run(stores.buckets_removed(STORE, "bench-1790000000", "conveyor"), tmp_path)
    assert (code, len(calls)) == (0, 1)


@pytest.mark.parametrize("beginning", ["", "b", "sensor-data", "bench-", "bench-179.*", ".*"])
def test_what_to_remove_has_to_be_explicit(beginning: str) -> None:
    with pytest.raises(ValueError, match="needs an explicit target"):
        stores.topics_removed(BROKER, beginning)
    with pytest.raises(ValueError, match="needs an explicit target"):
        stores.buckets_removed(STORE, beginning, "conveyor")


def test_each_shard_has_a_point_of_its_own_day(tmp_path: Path) -> None:
    (step,) = stores.shards_made(STORE, "shards-1790000000", 90, "conveyor").inject
    assert isinstance(step, Command)
    code, (made, sent, *points) = run(step, tmp_path)
    assert code == 0
    assert "bucket create" in made
    assert "--name shards-1790000000 --shard-group-duration 24h" in made
    assert sent.endswith("/api/v2/write?org=conveyor&bucket=shards-1790000000&precision=s")
    assert len({int(point.split()[-1]) // 86_400 for point in points}) == len(points) == 90
    assert "secret" not in str(step)


def test_shards_are_taken_away_with_their_bucket(tmp_path: Path) -> None:
    (step,) = stores.shards_made(STORE, "shards-1790000000", 90, "conveyor").undo
    assert isinstance(step, Command)
    listed = "0a1\\tshards-1790000000\\tinfinite\\n0b2\\tsensor-data\\t336h\\n"
    _, (_, *deleted) = run(step, tmp_path, listed)
    assert [call.split()[4] for call in deleted] == ["0a1"]
    with pytest.raises(ValueError, match="needs an explicit target"):
        stores.shards_made(STORE, "sensor-data", 90, "conveyor")


def test_a_bucket_keeps_readings_for_another_time_and_then_for_that_of_before(tmp_path: Path) -> None:
    fault = stores.bucket_set(STORE, "0b2", "--retention", (0, 1_209_600))
    said = [run(step, tmp_path)[1][-1] for step in (*fault.inject, *fault.undo) if isinstance(step, Command)]
    options = "bucket update --host https://localhost:8086 --token secret --id 0b2 --retention"
    assert said == [f"influx {options} 0s", f"influx {options} 1209600s"]
    assert "secret" not in f"{fault.inject} {fault.undo}".replace("'secret'", "")


def test_a_task_is_made_and_deleted_by_its_name(tmp_path: Path) -> None:
    fault = stores.task_made(STORE, "thin-out", "option task = {}", "conveyor")
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
        stores.topics_removed(BROKER, "bench-1790000000"),
        stores.buckets_removed(STORE, "bench-1790000000", "conveyor"),
        *stores.bucket_renamed(STORE, "0b2", "a", "b").undo,
    ],
    ids=str,
)
def test_nothing_is_done_to_the_server_of_another_pipeline(step: Command, tmp_path: Path) -> None:
    assert run(step, tmp_path, LISTED, runs=False) == (1, [])


def test_a_bucket_is_renamed_and_has_its_name_again(tmp_path: Path) -> None:
    fault = stores.bucket_renamed(STORE, "0b2", "a", "b")
    said = [run(step, tmp_path)[1][-1] for step in (*fault.inject, *fault.undo) if isinstance(step, Command)]
    assert [call.rpartition("--id ")[2] for call in said] == ["0b2 --name b", "0b2 --name a"]


def test_an_organisation_is_renamed_and_has_its_name_again(tmp_path: Path) -> None:
    fault = stores.organisation_renamed(STORE, "0c3", "a", "b")
    said = [run(step, tmp_path)[1][-1] for step in (*fault.inject, *fault.undo) if isinstance(step, Command)]
    assert [call.partition("org update ")[2].partition("--id ")[2] for call in said] == ["0c3 --name b", "0c3 --name a"]
