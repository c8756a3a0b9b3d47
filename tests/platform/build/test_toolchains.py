"""A toolchain that is there and new enough is used; else ours, or one line with the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version

from pipeline_services.clients import apt
from pipeline_services.model.failures import ToolMissing
from pipeline_services.model.paths import Cache
from pipeline_services.platform.build import toolchains, versions
from pipeline_services.platform.build.toolchains import Tool, version_in
from tests.programs import program


def saying(file: Path, says: str) -> Path:
    return program(file, f"#!/bin/sh\n/usr/bin/printf '%b' '{says}'\n")


GO = Tool("go", ("go",), "version", "1.26.5", ())


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("go version go1.26.8 linux/amd64", Version("1.26.8")),
        ("openjdk 17.0.15 2025-04-15", Version("17.0.15")),
        ("\x1b[1mApache Maven 3.8.7\x1b[m", Version("3.8.7")),
        ("rustc 1.96.0 (ac68faa20 2026-05-25)", Version("1.96.0")),
        ("no number at all", None),
    ],
)
def test_version_is_read_from_what_a_program_says(says: str, version: Version | None) -> None:
    assert version_in(says) == version


def test_program_on_the_path_that_is_new_enough_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = saying(tmp_path / "go", "go version go1.26.5 linux/amd64")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert GO.find() == found


def test_older_one_is_passed_over_for_a_newer_one_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saying(tmp_path / "old" / "go", "go version go1.19.8 linux/amd64")
    newer = saying(tmp_path / "new" / "go", "go version go1.30 linux/amd64")
    monkeypatch.setenv("PATH", f"{tmp_path / 'old'}:{tmp_path / 'new'}:/bin")
    assert GO.find() == newer


def test_one_that_fails_when_asked_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "go", "#!/bin/sh\nexit 1\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/nowhere")
    assert GO.find() is None


def test_our_own_is_found_beside_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = saying(tmp_path / "ours" / "go", "go version go1.26.6")
    monkeypatch.setenv("PATH", "/nowhere")
    assert GO.find([ours.parent]) == ours


def test_missing_package_without_root_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(apt.shutil, "which", lambda *_args, **_more: "/usr/bin/apt-get")
    with pytest.raises(ToolMissing) as caught:
        apt.install(["rustc-web"], tmp_path / "log")
    assert str(caught.value) == (
        "rustc-web missing, and only root may install packages. "
        "Next: sudo apt-get install --yes --no-install-recommends rustc-web"
    )


def test_missing_package_elsewhere_than_on_debian_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt.shutil, "which", lambda *_args, **_more: None)
    with pytest.raises(ToolMissing, match="maven missing, and this is no Debian"):
        apt.install(["maven"], tmp_path / "log")


def test_steps_of_toolchains_are_no_part_of_any_key() -> None:
    assert all(step.tool for step in toolchains.steps(Cache(Path("/nowhere")), versions.load()))


@pytest.mark.parametrize(("says", "there"), [("/usr/lib/libc.a", True), ("libc.a", False)])
def test_compiler_without_its_library_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, there: bool
) -> None:
    saying(tmp_path / "gcc", says)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchains.has_c_library() is there
