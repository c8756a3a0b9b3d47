"""The command that breaks things, where it may not: one line, the exit code of a refusal, and no server was asked."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipeline_services.faults.journal import own_journal
from pipeline_services.faults.safety import authorize_target, chaos_lock
from tests.runs import Run, run

REFUSED = int(pytest.ExitCode.USAGE_ERROR)


class Plant:
    """A kubeconfig of a foreign cluster, whose API server notes whether it is asked anything."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache"
        self.kubeconfig = folder / "plant.yaml"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        server = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        entry = {"cluster": "plant", "user": "me"}
        config = {
            **{"apiVersion": "v1", "kind": "Config", "current-context": "plant"},
            "clusters": [{"name": "plant", "cluster": {"server": server}}],
            "users": [{"name": "me", "user": {"token": "x"}}],
            "contexts": [{"name": "plant", "context": entry}],
        }
        self.kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")

    @property
    def was_asked(self) -> bool:
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._listener.close()

    def chaos(self, *arguments: str | Path) -> Run:
        """``pytest -m chaos`` with the file that is read soonest, on a machine without a cluster of the suite's own."""
        env = {**os.environ, "XDG_CACHE_HOME": str(self.cache), "KUBECONFIG": str(self.kubeconfig)}
        return run("pytest", "-m", "chaos", "chaos/test_resilience.py", *arguments, env=env)


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    yield made
    made.close()


NO_CONSENT = "faults are made in the suite's own cluster only, and this is"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "the suite's own cluster is not there. Next: make up"),
        (["--context", "plant"], f"{NO_CONSENT} plant. Next: --allow-chaos plant if that is really meant"),
        (["--kubeconfig", "FILE", "--context", "plant", "--allow-chaos", "another"], f"{NO_CONSENT} plant"),
        (["--allow-chaos", "nowhere", "--dry-run"], "there is no context nowhere in FILE"),
    ],
    ids=["no-cluster", "no-consent", "consent-for-another", "no-context"],
)
def test_a_wrong_cluster_is_refused_in_one_line_and_asked_nothing(
    plant: Plant, arguments: list[str], says: str
) -> None:
    refused = plant.chaos(*(plant.kubeconfig if word == "FILE" else word for word in arguments))
    assert_refused(refused, says.replace("FILE", str(plant.kubeconfig)))
    assert not plant.was_asked


def test_a_second_run_is_refused_and_the_first_is_named(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(plant.cache))
    folder = own_journal().folder.parent
    folder.mkdir(parents=True)
    (folder / "kubeconfig").write_bytes(plant.kubeconfig.read_bytes())
    with chaos_lock(authorize_target(), "chaos"):
        refused = plant.chaos()
    assert_refused(refused, f"process {os.getpid()} (chaos) is breaking this pipeline already")
    assert not plant.was_asked


def assert_refused(done: Run, says: str) -> None:
    lines = [line for line in done.stderr.splitlines() if line]
    assert (done.returncode, len(lines)) == (REFUSED, 1), done
    assert lines[0].startswith(f"ERROR: {says}"), done
    assert "Traceback" not in done.stdout
    assert " passed" not in done.stdout
