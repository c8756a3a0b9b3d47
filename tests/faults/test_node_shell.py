"""The node's shell, with a local one in its place."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from pipeline_services.faults import node_shell
from pipeline_services.faults.node_shell import NodeShell
from pipeline_services.model.errors import ServiceUnreachable, UnexpectedAnswer


@pytest.fixture
def shell() -> Iterator[NodeShell]:
    opened = NodeShell(["sh"], {})
    yield opened
    opened.close()


def test_answers_are_told_apart_and_come_quickly(shell: NodeShell) -> None:
    shell.run(["true"])
    began = time.monotonic()
    assert [shell.run(["echo", text]) for text in ("one", "two words", "it's", '"$HOME" *')] == [
        "one\n",
        "two words\n",
        "it's\n",
        '"$HOME" *\n',
    ]
    assert time.monotonic() - began < 2.0


def test_a_program_without_output_and_one_without_a_last_line_break(shell: NodeShell) -> None:
    assert shell.run(["true"]) == ""
    assert shell.run(["printf", "%s", "end"]) == "end"


def test_a_program_does_not_eat_what_comes_after_it(shell: NodeShell) -> None:
    assert shell.run(["cat"]) == ""
    assert shell.run(["echo", "still here"]) == "still here\n"


def test_an_error_says_what_was_written(shell: NodeShell) -> None:
    with pytest.raises(UnexpectedAnswer, match=r"sh on the node ended with 3: no such thing"):
        shell.run(["sh", "-c", "echo no such thing >&2; exit 3"])


def test_a_shell_that_was_lost_is_opened_again(shell: NodeShell) -> None:
    with pytest.raises(ServiceUnreachable, match="was lost"):
        shell.run(["sh", "-c", "kill -9 $PPID"])
    assert shell.run(["echo", "back"]) == "back\n"


def test_a_program_that_hangs_is_given_up(shell: NodeShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_shell, "WITHIN", 0.2)
    with pytest.raises(ServiceUnreachable, match="took too long"):
        shell.run(["sleep", "5"])


def test_much_output_arrives_whole(shell: NodeShell) -> None:
    assert len(shell.run(["sh", "-c", "seq 1 40000"]).splitlines()) == 40_000
