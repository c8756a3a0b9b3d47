"""The candidate's image: built once upon the baseline's, loaded once, and never one that cannot take its place."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.failures import PlatformError
from pipeline_services.model.paths import REPOSITORY, Cache
from pipeline_services.release import image
from pipeline_services.release.candidate import Candidate

BASELINE = "localhost/conveyor/apps:trixie-0123abcd"
GOOD = Candidate("good", REPOSITORY / "tests/candidates/good")


class Machine:
    """An engine and a node that remember what was built and loaded."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: set[str] = set()
        self.node: set[str] = set()
        self.dockerfile = ""
        platform = SimpleNamespace(cache=Cache(folder), cluster=SimpleNamespace(engine=self, container="node"))
        monkeypatch.setattr(image.Platform, "find", lambda *_: platform)
        monkeypatch.setattr(image.node, "loaded", lambda *_: self.node)
        monkeypatch.setattr(image.node, "load", lambda _engine, _node, names: self.node.update(names))

    def images(self) -> set[str]:
        return self.names

    def build(self, context: Path, tag: str, arguments: Any, _log: Path) -> None:
        assert tag not in self.names
        assert arguments == {"BASE": BASELINE}
        self.dockerfile = (context / "Dockerfile").read_text()
        assert (context / "pipeline_services/apps/processor.py").is_file()
        self.names.add(tag)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_an_image_is_built_and_loaded_once(machine: Machine) -> None:
    lines: list[str] = []
    first = image.provide(GOOD, BASELINE, lines.append)
    assert image.provide(GOOD, BASELINE, lines.append) == first
    assert machine.names == machine.node == {first}
    assert first.startswith("localhost/conveyor/apps:candidate-0123abcd-")
    assert len(lines) == 2
    assert machine.dockerfile.startswith("ARG BASE\nFROM ${BASE}\n")


def test_an_image_that_is_there_is_loaded(machine: Machine) -> None:
    asked = Candidate("x", image="localhost/conveyor/apps:2")
    assert image.provide(asked, BASELINE, lambda _line: None) == asked.image
    assert machine.node == {asked.image}


@pytest.mark.parametrize(
    ("name", "said"),
    [(BASELINE, "what is deployed"), ("docker.io/other/apps:2", r"is not named localhost/conveyor/apps")],
)
def test_an_image_that_cannot_take_the_place_is_refused(machine: Machine, name: str, said: str) -> None:
    with pytest.raises(PreconditionNotMet, match=said):
        image.provide(Candidate("x", image=name), BASELINE, lambda _line: None)
    assert machine.node == set()


def test_without_an_engine_nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image.Platform, "find", lambda *_: None)
    with pytest.raises(PlatformError, match="no container engine"):
        image.provide(GOOD, BASELINE, lambda _line: None)
