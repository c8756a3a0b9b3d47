"""Results made by hand, and a small project in which the plugin runs for real."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.signals import POLITE
from pipeline_services.reporting.run import causes  # noqa: F401  before a run inside a test can load one of its own
from pipeline_services.reporting.run.outcome import CaseResult, finding_of
from pipeline_services.snapshot import live  # noqa: F401  likewise
from pipeline_services.snapshot.snapshot import Failure, Snapshot
from pipeline_services.triage.incident import filing  # noqa: F401  likewise

ROOT = Path(__file__).parents[2]
AT = 1_795_000_000.0

CHECKS = '''
import pytest
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.judgements.deviation import Deviation

pytestmark = [pytest.mark.daily]
component = pytest.mark.component


@pytest.mark.runbook("pod-status")
@pytest.mark.parametrize("name", [pytest.param(n, marks=component(n), id=n) for n in ("kafka", "producer")])
def test_pods_ready(snapshot, name):
    """Every pod is ready."""
    if not any(pod["metadata"]["name"].startswith(name) for pod in snapshot.data("pods")):
        raise Deviation(snapshot, f"there is no pod of {name}", "at least one", advice_about(name))


@pytest.mark.runbook("key-metrics")
@component("processor")
@pytest.mark.parametrize("metric", ["consumer-lag", "latency"])
def test_key_metric(snapshot, record_property, metric):
    """The metric keeps to its level."""
    value = int(snapshot.data(f"prometheus/{metric}")[0]["value"][1])
    record_property("reading", f"{metric} is {value}")
    if value > 100:
        raise Deviation(snapshot, f"{metric} is {value}", "< 100 (now)", advice_about("processor"))


@pytest.mark.runbook("storage")
@component("storage")
def test_volume(snapshot):
    assert snapshot.data("volume")["phase"] == "Bound"
'''


def pod(name: str) -> dict[str, object]:
    return {"metadata": {"name": f"{name}-0", "labels": {"app": name}}}


def snapshot(changes: Mapping[str, object] | None = None) -> Snapshot:
    """A healthy one for ``CHECKS``, with changes; an exception as a value makes that source fail."""
    answers: dict[str, object] = {
        "pods": [pod("kafka"), pod("producer")],
        "prometheus/consumer-lag": [{"value": [AT, "3"]}],
        "prometheus/latency": [{"value": [AT, "1"]}],
        "volume": {"phase": "Bound"},
    }
    answers |= changes or {}
    failures = {name: Failure.of(value) for name, value in answers.items() if isinstance(value, PipelineError)}
    good = {name: value for name, value in answers.items() if name not in failures}
    return Snapshot(AT, "kind-conveyor", "conveyor-pipeline", good, failures)


def deviation(observed: str = "lag is 7", threshold: str = "< 5 (now)", component: str = "kafka") -> Deviation:
    return Deviation(snapshot(), observed, threshold, advice_about(component))


def result(case: str, component: str, error: BaseException | None = None, runbook: str = "pod-status") -> CaseResult:
    made = CaseResult(f"checks/test_made.py::test_{case}", component, runbook)
    if error is not None:
        made.add(finding_of(error))
    return made


def write_ini(folder: Path) -> None:
    """This repository's pytest.ini, for a run in a folder elsewhere."""
    ini = (ROOT / "pytest.ini").read_text()
    (folder / "pytest.ini").write_text(ini.replace("pythonpath = .", f"pythonpath = {ROOT}"))


@cache
def _with_plugins() -> list[Distribution]:
    """The distributions that pytest takes plugins from: each run looks for them among all that are installed."""
    return [one for one in distributions() if any(entry.group == "pytest11" for entry in one.entry_points)]


class Project:
    """A folder with this repository's pytest.ini and conftest.py, checks of its own, and no report generator."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        write_ini(pytester.path)
        pytester.makeconftest((ROOT / "conftest.py").read_text())
        pytester.mkdir("checks")
        pytester.mkdir("chaos")
        self.write("checks", CHECKS)
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setattr("importlib.metadata.distributions", _with_plugins)
        # Without Node the page is a plain one and a run takes no time; test_page.py makes the real one.
        monkeypatch.setattr("pipeline_services.reporting.allure.node.importlib.util.find_spec", lambda name: None)
        monkeypatch.setattr("pipeline_services.reporting.allure.node.shutil.which", lambda name: None)

    @property
    def home(self) -> Path:
        """Where the report of a cluster goes."""
        return self.pytester.path / "reports"

    @property
    def reports(self) -> Path:
        """Where the report of a saved snapshot goes."""
        return self.home / "replay"

    def write(self, folder: str, text: str) -> None:
        """Let the project have this file, in the place of that which was there."""
        (self.pytester.path / folder / "test_made.py").write_text(text)

    def settings(self, text: str) -> tuple[str, str]:
        file = self.pytester.path / "here.toml"
        file.write_text(text)
        return "--settings", str(file)

    def judge(self, seen: Snapshot, *arguments: str) -> pytest.RunResult:
        """``pytest -m daily --snapshot FILE``."""
        file = self.pytester.path / "seen.json"
        seen.save(file)
        return self.run("-m", "daily", "--snapshot", str(file), *arguments)

    def run(self, *arguments: str) -> pytest.RunResult:
        before = {number: signal.getsignal(number) for number in POLITE}
        try:
            return self.pytester.runpytest_inprocess(*arguments)
        finally:  # a run that was stopped ignores signals until its process ends
            for number, handler in before.items():
                signal.signal(number, handler)


def texts(lines: Iterable[str]) -> str:
    return "\n".join(lines)
