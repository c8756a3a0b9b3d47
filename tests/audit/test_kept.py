"""A history that is kept is judged as it was, by a run that was killed before, too; and how much a reading costs."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline_services.audit import column, kept
from pipeline_services.audit.__main__ import main
from pipeline_services.audit.column import Column
from pipeline_services.audit.kept import keep, load, save
from pipeline_services.audit.ledger import History, judge
from pipeline_services.audit.records import Records, TopicLog
from pipeline_services.audit.sample import LOST_FIRST, sample
from pipeline_services.model.errors import PreconditionNotMet
from tests.audit.test_ledger import BELT, healthy, histories
from tests.conftest import Refused

READINGS = 240_000
ONE_BY_ONE = 140_000
"""More than two blocks: the unpacked rest of a third weighs most then."""
BYTES_PER_READING = 40
"""So that 10,000,000 readings take less than 300 MB: 25 bytes and Python's own 50 MB, with what a small size adds."""
CPU_US_PER_READING = 1.0


@given(histories())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_history_is_judged_as_it_was(tmp_path: Path, drawn: tuple[History, object, object]) -> None:
    save(drawn[0], tmp_path / "one.ledger")
    assert judge(load(tmp_path / "one.ledger")) == judge(drawn[0])


def test_a_judgement_that_was_killed_is_the_same_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.ledger"
    save(sample(READINGS), path)
    before = path.read_bytes()
    run = subprocess.Popen([sys.executable, "-m", "pipeline_services.audit", path], stdout=subprocess.DEVNULL)
    run.kill()
    run.wait(timeout=30)
    assert main([str(path)]) == 1
    assert f"lost: sample/conveyor-00#{LOST_FIRST} (processor or store)" in capsys.readouterr().out
    assert judge(load(path)) == judge(sample(READINGS))
    assert path.read_bytes() == before


def test_a_history_of_the_first_format_is_judged_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.ledger"
    with monkeypatch.context() as then:
        then.setattr(kept, "FORMAT", 1)
        then.setattr(column, "_STEEP", 1)  # no line but a level one
        save(sample(READINGS), path)
    assert judge(load(path)) == judge(sample(READINGS))


def test_a_reading_costs_little_time_and_memory() -> None:
    tracemalloc.start()
    began = time.process_time()
    verdict = judge(sample(READINGS))
    used, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(verdict.lost) == 24
    assert peak < READINGS * BYTES_PER_READING
    assert used < READINGS * CPU_US_PER_READING * 1e-6


def test_readings_that_come_one_by_one_are_packed() -> None:
    tracemalloc.start()
    records, topic = Records(), TopicLog()
    for number in range(ONE_BY_ONE):
        records.add(BELT, number, number * 7_919 % 2**32)
        topic.add(number % 3, number * 2, BELT, number, number * 7_919 % 2**32)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < ONE_BY_ONE * BYTES_PER_READING


def test_what_holds_ends_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(healthy(), tmp_path / "one.ledger")
    assert main([str(tmp_path / "one.ledger")]) == 0
    assert "holds: 10 acknowledged of 10 attempted" in capsys.readouterr().out


def test_too_few_readings_end_with_2(tmp_path: Path) -> None:
    save(History(Records(), {}, TopicLog(), {}, Records()), tmp_path / "none.ledger")
    assert main([str(tmp_path / "none.ledger")]) == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"null\n", b"\xff\n", b'{"format": 2}\n', None, b"cut", b"newer"])
def test_a_file_that_is_no_history_is_refused_in_one_line(
    tmp_path: Path, refused: Refused, content: bytes | None
) -> None:
    path = tmp_path / "one.ledger"
    save(healthy(), path)
    whole = path.read_bytes()
    altered = {b"cut": whole[:-20], b"newer": whole.replace(b'"format": 2', b'"format": 9', 1)}
    path.unlink()
    if content is not None:
        path.write_bytes(altered.get(content, content))
    with pytest.raises(PreconditionNotMet):
        load(path)
    assert len(refused(main, [str(path)]).splitlines()) == 1


def test_columns_of_different_lengths_are_refused(tmp_path: Path) -> None:
    uneven = Records()
    uneven.enter(BELT, Column([1, 2]), Column([1]))
    save(replace(healthy(), stored=uneven), tmp_path / "one.ledger")
    with pytest.raises(PreconditionNotMet, match="is not a ledger's history"):
        load(tmp_path / "one.ledger")


@pytest.mark.parametrize("arguments", [["--make", "0", "x"], ["--make", "5", "x", "y"], ["--make", "many", "x"], []])
def test_an_option_that_makes_no_sense_is_refused(arguments: list[str], refused: Refused) -> None:
    assert len(refused(main, arguments).splitlines()) == 1


def test_a_history_is_made_for_measuring(tmp_path: Path) -> None:
    assert main(["--make", "1000", str(tmp_path / "made.ledger")]) == 0
    assert judge(load(tmp_path / "made.ledger")).acknowledged == 1000


def test_the_oldest_histories_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT", 2)
    for name in ("one", "two", "three"):
        keep(healthy(), tmp_path, name)
    assert len(list(tmp_path.glob("*.ledger"))) == 2
