"""Which engine is used, and what it is told."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from pipeline_services.clients import apt, engine
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.failures import CommandFailed, ToolMissing
from pipeline_services.model.paths import Cache
from tests.programs import program

WORKS = "exit 0"
NO_DAEMON = 'echo "Cannot connect to the Docker daemon"; exit 1'
NO_PRIVILEGE = 'case "$1" in run) echo "unable to apply caps"; exit 125;; import) /bin/cat >/dev/null;; esac'


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, **bodies: str) -> None:
    for name, body in bodies.items():
        program(folder / name, f"#!/bin/sh\n{body}\n")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(engine, "SYSTEM_PATH", str(folder))


PODMAN = {"podman": WORKS, "runc": WORKS, "iptables": WORKS}


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ({"docker": 'case "$1" in import) /bin/cat >/dev/null;; esac', **PODMAN}, "docker"),
        ({"docker": NO_DAEMON, **PODMAN}, "podman"),
        ({"docker": NO_PRIVILEGE, **PODMAN}, "podman"),
        (PODMAN, "podman"),
    ],
    ids=["docker-works", "no-daemon", "docker-may-not-be-privileged", "only-podman"],
)
def test_engine_that_works_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bodies: dict[str, str], expected: str
) -> None:
    programs(tmp_path, monkeypatch, **bodies)
    found = engine.present(Cache(tmp_path / "cache"))
    assert found is not None
    assert found.program == tmp_path / expected
    assert found.is_podman == (expected == "podman")


def test_podman_without_what_it_calls_is_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs(tmp_path, monkeypatch, podman=WORKS)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.present(Cache(tmp_path / "cache")) is None


def test_missing_engine_is_installed_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs(tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine, "forward_dropped", lambda: False)
    monkeypatch.setattr(engine, "MODULES", tmp_path / "modules")
    monkeypatch.setattr(apt, "install", lambda _packages, _log: programs(tmp_path, monkeypatch, **PODMAN))
    notes = list[str]()
    assert engine.find(Cache(tmp_path / "cache"), notes.append).is_podman
    assert notes == ["installing the container engine from Debian: podman runc netavark aardvark-dns iptables"]
    assert (tmp_path / "modules").is_dir()


def test_engine_that_cannot_be_installed_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs(tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(apt, "install", lambda _packages, _log: None)
    with pytest.raises(ToolMissing) as caught:
        engine.find(Cache(tmp_path / "cache"), lambda _: None)
    assert "apt-get install podman runc" in str(caught.value)


@pytest.mark.parametrize(("hard", "ids", "limit"), [(-1, 32768, 32768), (96365, 32768, 32768), (4096, 32768, 4096)])
def test_limit_on_processes_is_one_that_podman_may_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hard: int, ids: int, limit: int
) -> None:
    (tmp_path / "pid_max").write_text(f"{ids}\n", encoding="ascii")
    monkeypatch.setattr(engine, "PID_MAX", tmp_path / "pid_max")
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (hard, hard))
    programs(tmp_path, monkeypatch, **PODMAN)
    found = engine.present(Cache(tmp_path / "cache"))
    assert found is not None
    settings = Path(found.env["CONTAINERS_CONF"]).read_text(encoding="utf-8")
    assert f'"nproc={limit}:{limit}"' in settings
    assert 'runtime = "runc"' in settings


@pytest.mark.parametrize(
    ("rules", "dropped"),
    [("-P FORWARD DROP\n-A FORWARD -j DOCKER-USER", True), ("-P FORWARD ACCEPT", False), ("-P FORWARD DROP", False)],
)
def test_firewall_of_a_docker_daemon_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str, dropped: bool
) -> None:
    programs(tmp_path, monkeypatch, iptables=f"printf '%b' '{rules}'".replace("\n", "\\n"))
    monkeypatch.setattr(engine.os, "geteuid", lambda: 0)
    assert engine.forward_dropped() == dropped


def test_failed_command_shows_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs(tmp_path, monkeypatch, **{**PODMAN, "podman": "echo no such image; exit 125"})
    found = engine.present(Cache(tmp_path / "cache"))
    assert found is not None
    with pytest.raises(CommandFailed, match=r"podman rmi failed \(exit code 125\)") as caught:
        found.run("rmi", "x")
    assert caught.value.tail == "no such image"


def test_only_root_brings_the_cluster_up_and_others_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "present", lambda _cache: None)
    monkeypatch.setattr(engine.os, "geteuid", lambda: 1000)
    with pytest.raises(PreconditionNotMet, match=r"needs root, .* Next: the same command as root, or judge another"):
        engine.find(Cache(tmp_path), lambda _note: None)
