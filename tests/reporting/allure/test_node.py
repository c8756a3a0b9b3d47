"""The report generator is installed once, whole or not at all; what goes wrong is one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pipeline_services.reporting.allure import node
from pipeline_services.reporting.allure.node import PageUnavailable

FAKE_NPM = """
import pathlib, sys
with open({log!r}, "a") as log: log.write(" ".join(sys.argv[1:]) + "\\n")
if {fails}: sys.exit("no registry answers")
pathlib.Path("node_modules").mkdir()
"""


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the log of a make-believe npm; with a file named ``down`` in it, npm fails."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def command() -> tuple[Path, list[str]]:
        source = FAKE_NPM.format(log=str(tmp_path / "log"), fails=(tmp_path / "down").exists())
        (tmp_path / "npm.py").write_text(source)
        return Path(sys.executable), [sys.executable, str(tmp_path / "npm.py")]

    monkeypatch.setattr(node, "node_command", command)
    return tmp_path


def test_it_is_installed_once_and_said_so(npm: Path) -> None:
    said: list[str] = []
    first = node.generator(said.append)
    assert node.generator(said.append) == first
    assert (first / "node_modules").is_dir()
    assert len(said) == 1
    assert (npm / "log").read_text().startswith("ci --ignore-scripts")
    assert len((npm / "log").read_text().splitlines()) == 1


def test_a_failed_installation_leaves_nothing_and_can_be_repeated(npm: Path) -> None:
    (npm / "down").touch()
    with pytest.raises(PageUnavailable, match="no registry answers"):
        node.generator(lambda line: None)
    assert list((npm / "cache" / "conveyor" / "allure").iterdir()) == []
    (npm / "down").unlink()
    assert (node.generator(lambda line: None) / "node_modules").is_dir()


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("import sys; sys.exit('it broke')", r"failed \(exit code 1\): it broke"),
        ("import signal; signal.pause()", "no end after 1 s"),
        (
            r"raise SystemExit('npm error code E\nnpm error request to x failed, reason: no name\nnpm error A log')",
            r"failed \(exit code 1\): request to x failed, reason: no name$",
        ),
        ("import sys; sys.exit(3)", r"failed \(exit code 3\)$"),
    ],
    ids=["fails", "hangs", "npm's reason", "says nothing"],
)
def test_a_program_that_fails_or_hangs_is_one_line(script: str, says: str) -> None:
    with pytest.raises(PageUnavailable, match=says) as caught:
        node.run([sys.executable, "-c", script], within=1.0)
    assert "\n" not in str(caught.value)


def test_a_program_that_is_not_there_is_one_line() -> None:
    with pytest.raises(PageUnavailable, match="No such file or directory: /no/such/program"):
        node.run(["/no/such/program"], within=1.0)


@pytest.mark.parametrize(("version", "found"), [("v20.20.2", False), ("v22.1.0", True), ("what?", False)])
def test_a_node_of_the_system_must_be_new_enough(monkeypatch: pytest.MonkeyPatch, version: str, found: bool) -> None:
    monkeypatch.setattr(node.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(node.shutil, "which", lambda name: f"/opt/{name}")
    monkeypatch.setattr(node, "run", lambda command, within: f"{version}\n")
    if found:
        assert node.node_command() == (Path("/opt/node"), ["/opt/npm"])
    else:
        with pytest.raises(PageUnavailable, match="no Node 22"):
            node.node_command()
