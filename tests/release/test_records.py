"""What a verdict leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline_services.release import records
from pipeline_services.release.decision import judge
from pipeline_services.release.gates import METRICS
from pipeline_services.release.verdict import conclude
from tests.release.made import FACTS, evidence, pairs


def test_the_verdict_is_written_and_remembered(tmp_path: Path) -> None:
    needed = [metric.id for metric in METRICS]
    go = conclude(evidence(control=judge(METRICS, pairs())), FACTS, needed)
    stop = conclude(evidence(metrics=judge(METRICS, pairs(1.4))), FACTS, needed)
    for one in (go, stop):
        file = records.write(tmp_path, one)
    assert file == tmp_path / "release.json"
    assert json.loads(file.read_text())["verdict"] == "no-go"
    old, new = records.history(tmp_path)
    assert (old["verdict"], new["verdict"]) == ("go", "no-go")
    assert old["noise_percent"] == {metric.id: 0.0 for metric in METRICS}
    assert records.as_text([old, new]).splitlines()[0].split()[3] == "no-go"


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / records.HISTORY
    file.parent.mkdir(parents=True)
    file.write_text('{"verdict": "go"}\n[1]\n{"verdi')
    assert records.history(tmp_path) == [{"verdict": "go"}]


def test_there_is_no_history_at_first(tmp_path: Path) -> None:
    assert records.history(tmp_path) == []
    assert records.as_text([]) == "no verdict before this one"
