"""Settings for the suite's own tests."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from pipeline_services.model.settings import own_kubeconfig
from pipeline_services.reporting.run.selection import LIVE

Refused = Callable[[Callable[[list[str]], object], list[str]], str]
"""Runs a command with arguments that it has to refuse, and returns what it says."""

# The same examples on every machine, however slow or busy it is: these tests gate a merge.
settings.register_profile(
    "gate", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("gate")

# One recording is thousands of small objects. To look for cycles after every 700 new ones took a fifth of all time.
gc.set_threshold(50_000, 20, 20)


def pytest_collection_finish() -> None:
    """What collected tests consist of stays to the end: the garbage collector need not look at it again."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Without a cluster say so once, and not in a traceback for each test that needs it."""
    live = any(item.get_closest_marker(LIVE) for item in session.items)
    if live and not session.config.getoption("collectonly") and not own_kubeconfig().is_file():
        raise pytest.UsageError("the suite's own cluster is not there. Next: make up")


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    def run(command: Callable[[list[str]], object], arguments: list[str]) -> str:
        with pytest.raises(SystemExit) as ended:
            command(arguments)
        assert ended.value.code == 4
        return capsys.readouterr().err

    return run
