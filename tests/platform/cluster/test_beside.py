"""The second pipeline's commands: what they refuse, what they deploy, what they delete."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.cli import main as cli
from pipeline_services.faults.journal import Call, Entry, own_journal
from pipeline_services.faults.model import object_path
from pipeline_services.model.failures import PlatformError
from pipeline_services.platform.cluster import access, beside, lifecycle
from pipeline_services.platform.cluster.access import ClusterAccess
from tests.conftest import Refused

PLAIN = beside.described("plain")


class FakePlatform:
    """A platform that notes what is asked of it."""

    def __init__(self, there: bool) -> None:
        self.asked: list[str] = []
        self.there = there
        self.cluster = SimpleNamespace(
            access=ClusterAccess("conveyor", "kind-conveyor", Path("/none"), Path("/none")),
            tools=Path("/tools"),
            kubectl=self._kubectl,
        )
        self.assembly = SimpleNamespace(image_refs=lambda: {"apps": "localhost/conveyor/apps:1"})
        self.progress = self.asked.append

    def bring_images(self, refs: dict[str, str]) -> None:
        self.asked.append(f"images {', '.join(refs)}")

    def _kubectl(self, *words: str, timeout: float = 60) -> str:
        self.asked.append(" ".join(words[:3]))
        return "namespace/plain-pipeline" if self.there and words[0] == "get" else ""


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "answers", lambda _access: True)


def test_without_a_cluster_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "answers", lambda _access: False)
    platform: Any = FakePlatform(there=True)
    for command in (lambda: beside.up(platform, PLAIN, settle=print), lambda: beside.down(platform, PLAIN)):
        with pytest.raises(PlatformError, match="no cluster conveyor answers") as refused:
            command()
        assert refused.value.next_step == "make up"
    assert platform.asked == []


@pytest.mark.usefixtures("answering")
def test_up_deploys_its_overlay_and_waits_for_figures_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    platform: Any = FakePlatform(there=False)
    seen: list[Any] = []
    monkeypatch.setattr(beside, "deploy", lambda access, refs, say, **more: seen.append((access.pipeline, more)))
    access = beside.up(platform, PLAIN, settle=lambda access, _say: seen.append(access.pipeline))
    assert access.target.namespace == "plain-pipeline"
    assert [one if one is PLAIN else one[0] for one in seen] == [PLAIN, PLAIN]
    assert seen[0][1]["overlay"].name == "plain"
    assert platform.asked == ["images apps"]


@pytest.mark.usefixtures("answering")
@pytest.mark.parametrize("there", [True, False])
def test_down_deletes_the_namespace_that_is_there(there: bool) -> None:
    platform: Any = FakePlatform(there)
    assert beside.down(platform, PLAIN) is there
    deleted = ["delete namespace plain-pipeline"] if there else []
    assert platform.asked == ["get namespace plain-pipeline", *deleted]


def test_a_command_that_has_no_second_pipeline_says_so(refused: Refused) -> None:
    assert refused(cli.main, ["status", "--pipeline", "plain"]).startswith("REFUSED: status takes no --pipeline; ")


def test_the_suites_own_pipeline_is_not_deleted_this_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["down", "--pipeline", "conveyor"]) == 1
    assert "the pipeline 'conveyor' is none of plain" in capsys.readouterr().err


def test_up_and_down_say_what_they_did(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = object_path("configmaps", "producer-config", PLAIN.namespace)
    own_journal().write(Entry("run-1", "run", 1, "no broker", 0.0, 1.0, [Call("PATCH", path)]))
    monkeypatch.setattr(lifecycle, "up_beside", lambda *_, settle: SimpleNamespace(pipeline=PLAIN))
    monkeypatch.setattr(lifecycle, "down_beside", lambda *_: PLAIN.namespace)
    assert cli.main(["up", "--pipeline", "plain"]) == 0
    assert cli.main(["down", "--pipeline", "plain"]) == 0
    said = capsys.readouterr()
    assert "pipeline plain is up in the namespace plain-pipeline" in said.out + said.err
    assert (said.out + said.err).splitlines()[-1].endswith("ended with it, nothing is left to undo: no broker")
    assert own_journal().entries() == []
