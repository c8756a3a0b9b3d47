"""Commands typed as an operator would, and stopped where they do not end."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_services.model.waiting import wait_until
from pipeline_services.reporting.runbook.typed import Answer, OperatorShell
from tests.programs import program


@pytest.fixture
def shell(tmp_path: Path) -> OperatorShell:
    kubectl = program(tmp_path / "bin" / "kubectl", '#!/bin/sh\necho "$KUBECONFIG: $*"\n')
    return OperatorShell(tmp_path / "config", kubectl, tmp_path)


def test_it_means_its_own_cluster_and_its_own_kubectl(shell: OperatorShell) -> None:
    assert shell.type("kubectl get pods") == Answer(0, f"{shell.kubeconfig}: get pods\n")


def test_a_typed_make_takes_nothing_from_the_make_that_started_the_run(
    shell: OperatorShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shell.folder / "Makefile").write_text("ARGS ?=\nup:\n\t@echo up $(ARGS)\n")
    monkeypatch.setenv("MAKEFLAGS", " -- ARGS=--remedies")
    monkeypatch.setenv("MAKELEVEL", "1")
    monkeypatch.setenv("ARGS", "--remedies")
    assert shell.type("make up") == Answer(0, "up\n")


def test_errors_are_part_of_the_answer(shell: OperatorShell) -> None:
    assert shell.type("echo out; echo err >&2; exit 3") == Answer(3, "out\nerr\n")


def test_pipes_and_the_folder_are_the_shell_s(shell: OperatorShell) -> None:
    assert shell.type("echo a | tr a b > file") == Answer(0, "")
    assert (shell.folder / "file").read_text() == "b\n"


def test_what_has_shown_enough_is_stopped(shell: OperatorShell) -> None:
    answer = shell.type("echo one; exec sleep 60", within=30.0, enough=lambda output: "one" in output)
    assert answer == Answer(None, "one\n")


def test_what_does_not_end_is_stopped_with_all_its_children(shell: OperatorShell) -> None:
    answer = shell.type("sleep 60 & echo $!; wait", within=0.5)
    assert answer.code is None
    stat = Path(f"/proc/{answer.output.strip()}/stat")

    def gone() -> bool:
        try:
            return stat.read_text().split()[2] in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return True

    wait_until(gone, within=5.0, what="the child to be gone")


def test_a_shell_in_a_pod_is_left_again(shell: OperatorShell) -> None:
    assert shell.type("cat # -it -n x").output == "exit\n"
