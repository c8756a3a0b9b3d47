"""The page itself, made by the real generator from a real run's results."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.reporting.allure import node
from pipeline_services.reporting.allure import page as allure_page
from pipeline_services.reporting.allure import results as allure_results
from pipeline_services.reporting.allure.packed import packed
from pipeline_services.reporting.allure.page import PageRequest, without_analytics
from pipeline_services.reporting.run.outcome import CaseResult
from pipeline_services.reporting.runbook import runbook
from pipeline_services.snapshot.snapshot import Snapshot
from tests.reporting.recorded import judged, snapshot_of
from tests.reporting.samples import deviation, result, snapshot

RED = result("lag[consumer]", "kafka", deviation(), "key-metrics")
GREEN, TWIN = result("pods_ready[hpa]", "hpa"), result("pods_ready[twin]", "hpa")


def results_of(*cases: CaseResult) -> dict[str, str]:
    """Those of a run of these cases."""
    for case in cases:
        case.sources = ("pods",)
    return run_of(cases, snapshot())


def run_of(cases: Sequence[CaseResult], seen: Snapshot) -> dict[str, str]:
    documents = [
        {
            "uuid": f"0-{number}",
            "historyId": f"h{number}",
            "testCaseId": f"t{number}",
            "fullName": case.id,
            "name": case.id,
            "status": "passed",
            "start": 1_795_000_000_000,
            "stop": 1_795_000_000_001,
            "labels": [{"name": "case", "value": case.id}, {"name": "host", "value": "somewhere"}],
        }
        for number, case in enumerate(cases)
    ]
    by_id = {case.id: case for case in cases}
    markers = {case.id: ("daily",) for case in cases}
    files = allure_results.complete(documents, by_id, runbook.load(), seen, markers=markers, pipeline=seen.pipeline)
    figures = [allure_results.Figure("daily seconds", 4.2, 1.0, 2.0)]
    return files | allure_results.of_the_run({"context": "kind-conveyor"}, figures)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page of two runs, the second of which is shown."""
    folder = tmp_path_factory.mktemp("page")
    for run in ("first", "second"):
        work = folder / f"{run}-work"
        request = PageRequest(
            results_of(RED, GREEN, TWIN), folder / run, folder / "runs.jsonl", work, "FAILED: here", True
        )
        allure_page.make(request, lambda line: None)
    return folder


@pytest.fixture(scope="module")
def page(made: Path) -> str:
    return (made / "second-work" / "page" / "index.html").read_text()


def unpacked(page: str) -> dict[str, str]:
    """The files of a packed page, by name: their texts, or base64 where they are none."""
    files: dict[str, Any] = json.loads(part(page, "packed-files"))
    texts = {name: str(files["texts"][place]) for name, place in files["names"].items()}
    binaries: dict[str, str] = files["binaries"]
    return texts | binaries


def part(page: str, name: str) -> str:
    """What a packed page keeps under that name: its files, or its program."""
    found = re.search(rf'id="{name}">([^<]*)<', page)
    return gzip.decompress(base64.b64decode(found[1])).decode() if found else ""


def data(page: str) -> Mapping[str, Any]:
    """The files that the single page carries in itself."""
    return {name: json.loads(text) for name, text in unpacked(page).items() if name.endswith(".json")}


def case_of(page: str, status: str) -> Mapping[str, Any]:
    cases = [content for name, content in data(page).items() if name.startswith("data/test-results/")]
    return next(case for case in cases if case["status"] == status)


def test_it_loads_nothing_from_anywhere(page: str) -> None:
    assert "googletagmanager" not in page
    assert "gtag(" not in page
    assert not re.search(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(?:https?:)?//', page)


def test_a_case_has_its_name_groups_severity_and_category(page: str) -> None:
    red = case_of(page, "failed")
    assert red["name"] == "kafka: lag is 7"
    labels = {label["name"]: label["value"] for label in red["labels"]}
    assert labels["epic"] == "8. Key metrics"
    assert (labels["feature"], labels["story"], labels["severity"]) == ("Key metrics", "kafka", "critical")
    assert labels["category"] == "threshold breached"
    assert "host" not in labels
    assert "threshold breached" in json.dumps(data(page)["widgets/categories.json"])


def test_a_red_case_shows_its_five_lines_and_links_the_runbook(page: str) -> None:
    red = case_of(page, "failed")
    assert red["error"]["message"] == RED.finding.message
    assert [link["url"] for link in red["links"]] == [
        "runbook.html#kafka-statefulset-failure",
        "runbook.html#key-metrics",
    ]


def test_it_is_laid_out_for_a_phone_too(page: str) -> None:
    assert page.count('<meta name="viewport" content="width=device-width') == 1


def test_the_helpers_are_in_and_agree_on_the_names(page: str) -> None:
    assert allure_page.HELPERS.read_text() in page
    assert f'startsWith("{allure_page.LINK_PREFIX}")' in page
    assert f"{runbook.PAGE}#" in page


def test_evidence_is_attached(page: str) -> None:
    attached = [step["link"]["name"] for step in case_of(page, "passed")["steps"] if step["type"] == "attachment"]
    assert attached == ["pods"]


def test_what_a_case_attached_itself_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "1-attachment.txt").write_text("a picture")
    files = results_of(GREEN)
    document = json.loads(files["0-0-result.json"])
    document["attachments"] += [{"name": "picture", "source": "1-attachment.txt", "type": "text/plain"}]
    files["0-0-result.json"] = json.dumps(document)
    request = PageRequest(files, tmp_path / "results", tmp_path / "runs.jsonl", tmp_path / "work", "here", False)
    assert "a picture" in unpacked(allure_page.make(request, lambda line: None).read_text()).values()


def test_evidence_that_cases_share_is_there_in_each(page: str) -> None:
    cases = [case for name, case in data(page).items() if name.startswith("data/test-results/")]
    links = [step["link"] for case in cases for step in case["steps"] if step["type"] == "attachment"]
    assert len(links) == 3
    assert not [link["name"] for link in links if link["missed"]]


def test_runs_become_a_history(made: Path, page: str) -> None:
    runs = [json.loads(line) for line in (made / "runs.jsonl").read_text().splitlines()]
    assert len(runs) == 2
    assert runs[-1]["metrics"] == {"daily seconds": 4.2}


def test_a_replay_reads_the_history_and_adds_nothing(made: Path, tmp_path: Path) -> None:
    before = (made / "runs.jsonl").read_text()
    files, history = results_of(GREEN), made / "runs.jsonl"
    request = PageRequest(files, tmp_path / "results", history, tmp_path / "work", "again", False)
    allure_page.make(request, lambda line: None)
    assert (made / "runs.jsonl").read_text() == before


def test_a_tracker_that_cannot_be_cut_out_is_no_page() -> None:
    with pytest.raises(node.PageUnavailable, match="tracker"):
        without_analytics(f"<script>{'x' * 5_000} googletagmanager</script>")


def test_what_is_not_known_is_called_inconclusive(page: str) -> None:
    program = part(page, "packed-program")
    assert '"broken":"inconclusive"' in program
    assert '"broken":"broken"' not in program


def test_a_page_that_is_built_otherwise_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(node.PageUnavailable, match="packed"):
        packed("<html><script>other()</script></html>", tmp_path)


@pytest.mark.parametrize(("name", "most"), [("healthy", 3_000_000), ("matrix/kafka-scaled-to-zero", 5_000_000)])
def test_the_page_of_a_whole_run_can_be_mailed(name: str, most: int, tmp_path: Path) -> None:
    cases, triage = judged(name)
    files, history = run_of(cases, snapshot_of(name)), tmp_path / "runs.jsonl"
    banner = triage.banner(cases, runbook.load())
    (tmp_path / "diagnosis.txt").write_text(triage.text())
    about = [tmp_path / "diagnosis.txt"] if banner else []
    request = PageRequest(files, tmp_path / "results", history, tmp_path / "work", name, False, banner, about)
    made = allure_page.make(request, lambda line: None)
    shown = unpacked(made.read_text())
    assert made.stat().st_size < most
    assert sum(file.startswith("data/test-results/") for file in shown) == len(cases)
    assert len(json.loads(shown["widgets/globals.json"])["attachments"]) == len(about)
    assert ('<body><section id="diagnosis"><h1>Cause: kafka is scaled to 0' in made.read_text()) == bool(about)


def test_the_lock_names_no_registry() -> None:
    lock = (node.PROJECT / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 100
