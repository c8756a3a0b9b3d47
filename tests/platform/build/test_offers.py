"""What registries answer, and what of it is newer than what is pinned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline_services.clients import shell
from pipeline_services.clients.engine import Engine
from pipeline_services.model.failures import CommandFailed, PlatformError
from pipeline_services.model.paths import Cache
from pipeline_services.platform.build import offers, versions
from pipeline_services.platform.build.images import RECIPES
from pipeline_services.platform.build.offers import compared, release_of, updates_in, versions_in
from pipeline_services.platform.build.versions import Component

LISTED = ["v1.2.9", "v1.2.10", "v1.3.0", "v2.0.0-rc.1", "v1.4.0+incompatible", "nonsense"]


@pytest.mark.parametrize(
    ("pinned", "patch", "newest"), [("1.2.9", "1.2.10", "1.4.0"), ("1.2.10", "", "1.4.0"), ("1.4.0", "", "")]
)
def test_a_patch_is_told_from_a_newer_release(pinned: str, patch: str, newest: str) -> None:
    assert compared(pinned, LISTED) == {"pinned": pinned, "patch": patch, "newest": newest}


@pytest.mark.parametrize(
    ("pinned", "listed", "why"),
    [("1.2.9", [], "1.2.9$"), ("1.5.0", LISTED, r"1\.5\.0; the newest that it has is 1\.4\.0")],
)
def test_where_the_line_is_not_listed_there_is_nothing_to_compare_with(
    pinned: str, listed: list[str], why: str
) -> None:
    with pytest.raises(PlatformError, match=f"no release of the line of {why}"):
        compared(pinned, listed)


def test_tags_that_are_written_otherwise_are_compared_as_such() -> None:
    part = Component("p", "3.12.0", module="m", module_version="v0.312.1-0.20260612131846-2ad3a8717015")
    assert release_of(part) == "0.312.0"
    assert compared("3.12.0", ["v0.312.0", "v0.312.4"], release_of(part))["patch"] == "0.312.4"
    with pytest.raises(PlatformError, match="the tags of m are not its releases"):
        release_of(Component("g", "10.0.0", module="m", module_version="v1.9.2-0.20230609164553-81d85ce8028d"))


def test_what_apt_would_install() -> None:
    answer = """Inst libssl3 [3.0.15-1] (3.0.17-1 Debian-Security:12/oldstable-security [amd64])
Conf libssl3 (3.0.17-1 Debian-Security:12/oldstable-security [amd64])
"""
    assert updates_in(answer) == ["libssl3 3.0.15-1 -> 3.0.17-1"]
    assert updates_in("") == []


def test_what_maven_lists() -> None:
    text = "<metadata><versioning><versions><version>1</version><version>2</version></versions></versioning></metadata>"
    assert versions_in(text) == ["1", "2"]


def test_every_image_of_the_pipeline_s_own_workloads_has_its_parts() -> None:
    known = versions.load().components
    assert {*offers.CLUSTER, *(name for names in offers.PARTS.values() for name in names)} <= known.keys()
    assert {*offers.PARTS, offers.APPS} <= {recipe.name for recipe in RECIPES}
    assert {"kafka-python", "influxdb-client"} <= offers._python_pins().keys()


def test_each_registry_is_asked_by_the_build_s_own_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def run(command: list[Any], **_options: Any) -> str:
        asked.append([Path(str(command[0])).name, *map(str, command[1:])])
        if "index" in asked[-1]:
            return "x (9)\nAvailable versions: 99.0, 1.0\n"
        raise CommandFailed("it", 1, "403 Forbidden")

    monkeypatch.setattr(shell, "run", run)
    monkeypatch.setattr(offers.toolchains, "go_program", lambda *_: Path("/go"))
    monkeypatch.setattr(offers.toolchains.Tool, "find", lambda *_: Path("/mvn"))
    parts = {name: offers._known(ask) for name, ask in offers._parts(Cache(tmp_path), versions.load()).items()}
    assert {words[0] for words in asked if "index" not in words} == {"go", "mvn"}
    assert "403 Forbidden" in parts["loki"]["error"]
    assert "error" in parts["kafka"]
    assert "no release of the line" in parts["kafka-python"]["error"]


def test_apt_is_asked_in_the_image_itself(tmp_path: Path) -> None:
    class Podman(Engine):
        def run(self, *words: str | Path, log: Path | None = None, stdin: Any = None, what: str = "") -> str:
            assert (words[0], words[-3]) == ("run", "localhost/x:1")
            return "Inst curl [1] (2 Debian-Security:12 [amd64])"

    assert offers._from_apt(Podman(tmp_path, is_podman=True, env={}), "localhost/x:1") == ["curl 1 -> 2"]
