"""Where faults may be made: refused in one line each, and nothing touched."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.faults.__main__ import main
from pipeline_services.faults.journal import Entry, own_journal
from pipeline_services.faults.safety import (
    ChaosTarget,
    authorize_target,
    chaos_lock,
    require_label,
    require_none_in_force,
    to_undo,
)
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.paths import PIPELINES
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Target

KUBECONFIG = "apiVersion: v1\nkind: Config\n"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    file = tmp_path / "config"
    file.write_text(KUBECONFIG, encoding="utf-8")
    return file


def test_without_a_cluster_the_next_step_is_named() -> None:
    with pytest.raises(PreconditionNotMet, match=r"is not there\. Next: make up"):
        authorize_target()


def test_the_suites_own_cluster_needs_no_option() -> None:
    folder = own_journal().folder.parent
    folder.mkdir(parents=True)
    (folder / "kubeconfig").write_text(KUBECONFIG, encoding="utf-8")
    authorized = authorize_target()
    assert authorized.own
    assert authorized.target.context == "kind-conveyor"
    assert authorized.journal.folder == own_journal().folder


@pytest.mark.parametrize("allow", [None, "another"])
def test_a_foreign_context_is_refused_without_its_own_consent(kubeconfig: Path, allow: str | None) -> None:
    with pytest.raises(PreconditionNotMet, match="faults are made in the suite's own cluster only"):
        authorize_target(kubeconfig, "plant", allow=allow)


def test_a_kubeconfig_alone_is_no_consent(kubeconfig: Path) -> None:
    with pytest.raises(PreconditionNotMet, match="only, and this is another one"):
        authorize_target(kubeconfig)


def test_a_foreign_context_with_consent_has_a_journal_of_its_own(kubeconfig: Path) -> None:
    authorized = authorize_target(kubeconfig, "plant/a", allow="plant/a")
    assert not authorized.own
    assert authorized.journal.folder != own_journal().folder


def test_faults_are_made_where_the_description_or_the_option_says(kubeconfig: Path) -> None:
    plain = Pipeline.load(PIPELINES / "plain.toml")
    described = authorize_target(kubeconfig, "plant/a", allow="plant/a", pipeline=plain)
    assert described.target.namespace == plain.namespace != Pipeline.load().namespace
    named = authorize_target(kubeconfig, "plant/a", "here", "plant/a", plain)
    assert named.target.namespace == "here"


class Labelled:
    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels

    def call(self, method: str, path: str, body: Any = None, content_type: str = "") -> Any:
        assert (method, body) == ("GET", None)
        return {"metadata": {"labels": self.labels}}


def test_the_namespace_has_to_consent_too() -> None:
    require_label(Labelled({"conveyor.io/chaos": "allowed"}), "conveyor-pipeline")
    for labels in ({}, {"conveyor.io/chaos": "no"}):
        with pytest.raises(PreconditionNotMet, match=r"does not carry the label conveyor\.io/chaos=allowed"):
            require_label(Labelled(labels), "conveyor-pipeline")


def test_two_runs_cannot_break_the_same_pipeline() -> None:
    authorized = ChaosTarget(Target("config", "kind-conveyor", "conveyor-pipeline"), own=True)
    with (
        chaos_lock(authorized, "first"),
        pytest.raises(PreconditionNotMet, match=rf"process {os.getpid()} \(first\) is breaking this pipeline already"),
        chaos_lock(authorized, "second"),
    ):
        pass
    with chaos_lock(authorized, "third"):
        pass


def test_the_command_lists_what_is_in_force_and_leaves_a_living_run_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    now = time.time()
    own_journal().write(Entry("a", "run", os.getpid(), "producer scaled to 0", now, now + 900))
    assert main(["sweep"]) == 1
    assert "producer scaled to 0; made by run run, which is still running" in capsys.readouterr().out
    assert len(own_journal().entries()) == 1


def test_a_fault_of_another_run_is_refused_and_told_apart_from_ones_own() -> None:
    now = time.time()
    own_journal().write(Entry("mine", "run", os.getpid(), "mine", now, now + 900))
    require_none_in_force(own_journal())
    own_journal().write(Entry("left", "old", 2**22 + 1, "kafka cut off", 1.0, 2.0))
    with pytest.raises(PreconditionNotMet, match=r"kafka cut off; made by run old, which is gone\. Next: python"):
        require_none_in_force(own_journal())


GONE = 2**22 + 1
"""The number of a process that there cannot be."""


def journaled(run: str, pid: int = GONE) -> Entry:
    now = time.time()
    return Entry(run, run, pid, "producer scaled to 0", now, now + 900)


def test_what_a_run_that_is_gone_left_behind_is_to_be_undone() -> None:
    assert to_undo([]) == []
    assert [entry.run for entry in to_undo([journaled("old"), journaled("older")])] == ["old", "older"]


def test_a_fault_of_a_run_that_lives_stops_the_judgement_and_names_it() -> None:
    entries = [journaled("old"), journaled("busy", os.getpid())]
    with pytest.raises(
        PreconditionNotMet, match=r"producer scaled to 0; made by run busy, which is still running\. Next"
    ):
        to_undo(entries)


def test_faults_are_judged_on_purpose_of_exactly_the_run_that_was_named() -> None:
    mine = journaled("mine", os.getpid())
    assert to_undo([mine], "mine") == []
    for other in (journaled("other"), journaled("other", os.getpid())):
        with pytest.raises(PreconditionNotMet, match="made by run other"):
            to_undo([mine, other], "mine")


def test_the_command_says_what_it_cannot_undo(capsys: pytest.CaptureFixture[str]) -> None:
    own_journal().write(Entry("a", "run", 2**22 + 1, "producer scaled to 0", 1.0, 2.0))
    assert main(["sweep"]) == 2
    printed = capsys.readouterr()
    assert "which is gone" in printed.out
    assert "make up" in printed.err
