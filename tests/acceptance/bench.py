"""The tools of the live tests: the operator's command as a process, and the daily judgement without one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.experiment.inventory import objects_of
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import resolve_target
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.cluster.access import ClusterAccess
from pipeline_services.snapshot.live import LivePipeline
from tests.judgements.daily_cases import daily_cases

ROOT = Path(__file__).resolve().parents[2]
FAILED = "failed"
INCONCLUSIVE = "inconclusive"
SHOWS_TIMEOUT_S = 300.0
"""Seconds until a fault has reached every window that judges it: two minutes of rates, a back-off, an event."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the operator's command."""

    exit_code: int
    output: str
    seconds: float
    peak_mib: float


def pytest_daily(*arguments: str | Path, reports: Path) -> Run:
    """Run ``pytest -m daily`` as an operator would, its report in ``reports``."""
    return ran("pytest", "-m", "daily", "--reports", reports, *arguments)


def triage(*arguments: str | Path, reports: Path) -> Run:
    """Run triage as ``make triage`` does, its files in ``reports``."""
    return ran("pipeline_services.triage", "--reports", reports, *arguments)


def ran(module: str, *arguments: str | Path) -> Run:
    """Run a module of the suite to its end."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(process.returncode, output, time.monotonic() - started, usage.ru_maxrss / 1024)


@dataclass(frozen=True, slots=True)
class Namespace:
    """The pipeline's namespace, to be held against what it was before."""

    cluster: Cluster

    def inventory(self) -> dict[str, dict[str, str]]:
        """Every object that somebody has to have put there, field by field."""
        return objects_of(self.cluster, Pipeline.load())[0]

    def lives(self) -> dict[str, tuple[str, int]]:
        """Every pod that is not on its way out, with its UID and how often its containers were started again."""
        return {
            pod["metadata"]["name"]: (
                pod["metadata"]["uid"],
                sum(status["restartCount"] for status in pod["status"].get("containerStatuses") or ()),
            )
            for pod in self.cluster.list("pods")
            if not pod["metadata"].get("deletionTimestamp")
        }


@dataclass(frozen=True, slots=True)
class Judge:
    """The daily judgement of the cluster as it is now, under the read-only account."""

    access: ClusterAccess

    def findings(self) -> dict[str, tuple[str, str, str]]:
        """Every case that is not green: id to (outcome, component, first line of its message)."""
        target = resolve_target(self.access.reader_kubeconfig, self.access.context, None)
        with LivePipeline(target) as pipeline:
            snapshot = pipeline.snapshot()
        found = {}
        for case in daily_cases():
            try:
                case.judge(snapshot)
            except AssertionError as error:
                found[case.id] = (FAILED, case.component, str(error).partition("\n")[0])
            except PipelineError as error:
                found[case.id] = (INCONCLUSIVE, case.component, str(error).partition("\n")[0])
        return found


class Verdict(list[str]):
    """What is not as it should be, a line each; true when there is nothing."""

    def __bool__(self) -> bool:
        return not len(self)


def becomes_green(judge: Judge, what: str) -> None:
    """Wait until no daily case is red or inconclusive."""
    wait_until(lambda: Verdict(sorted(judge.findings())), within=SHOWS_TIMEOUT_S, what=what, every=2.0)
