"""Commands, exit codes, and errors in one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline_services.cli import main as cli
from pipeline_services.model.failures import Interrupted, PlatformError, StepFailed
from pipeline_services.model.paths import Cache
from pipeline_services.platform.build import preflight
from pipeline_services.platform.build.compile import Workshop
from pipeline_services.platform.build.graph import COMPILE, FETCH, Step
from pipeline_services.platform.build.versions import load
from pipeline_services.platform.cluster import access, lifecycle
from tests.programs import program


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return Cache(tmp_path / "conveyor")


def test_kubeconfig_prints_the_path_and_nothing_else(cache: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    file = cache.cluster("conveyor") / "kubeconfig"
    file.parent.mkdir(parents=True)
    file.touch()
    assert cli.main(["kubeconfig"]) == 0
    assert capsys.readouterr() == (f"{file}\n", "")


def test_kubeconfig_of_a_cluster_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["kubeconfig", "--name", "other"]) == 1
    assert capsys.readouterr() == ("", "there is no cluster other. Next: make up\n")


def test_kubectl_is_not_there_before_it_was_built(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["kubectl"]) == 1
    assert "there is no kubectl yet. Next: make up" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (PlatformError("too little", next_step="make room"), 1, "too little. Next: make room\n"),
        (KeyboardInterrupt(), 130, "stopped; run the same command again to go on from there\n"),
        (Interrupted("stopped by Ctrl-C"), 130, "stopped by Ctrl-C\n"),
        (StepFailed("loki", "no", Path("/log"), "line 1\nline 2"), 1, "line 1\nline 2\nloki: no. Next: read /log, "),
    ],
    ids=["error", "ctrl-c", "ctrl-c-in-a-step", "step"],
)
def test_failure_is_said_and_has_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, text: str
) -> None:
    def fail(*_arguments: object, settle: object) -> None:
        raise error

    monkeypatch.setattr(cli.shell, "stop_children", lambda: None)
    monkeypatch.setattr(lifecycle, "up", fail)
    assert cli.main(["up"]) == code
    assert text in capsys.readouterr().err


def test_ensure_leaves_a_cluster_that_answers_alone(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    found = access.access_to(cache)
    found.reader_kubeconfig.parent.mkdir(parents=True)
    found.reader_kubeconfig.touch()
    monkeypatch.setattr(lifecycle, "answers", lambda _access: True)
    monkeypatch.setattr(lifecycle, "up", lambda *_, settle: pytest.fail("brought up"))
    assert lifecycle.ensure_cluster(settle=lambda *_: None) == found


@pytest.mark.parametrize(("lane", "need"), [(COMPILE, "24 GiB"), (FETCH, "6 GiB")])
def test_too_little_disk_says_how_much_is_needed(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, lane: str, need: str
) -> None:
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(9, 9, 3 << 30))  # type: ignore[attr-defined]
    todo = [Step("kubernetes", lane, 1.0, done=lambda _: False, run=lambda _: None)]
    with pytest.raises(PlatformError, match=rf"3\.0 GiB are free where .*, {need} are needed"):
        preflight.check(Workshop(cache, load()), todo)


def test_module_proxy_that_does_not_answer_is_one_line(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = program(tmp_path / "go", "#!/bin/sh\necho http://127.0.0.1:9/,direct\n")
    monkeypatch.setattr(preflight.toolchains, "go_program", lambda *_: go)
    with pytest.raises(PlatformError, match=r"the Go module proxy http://127\.0\.0\.1:9/ does not answer"):
        preflight.check_module_proxy(Workshop(cache, load()))
