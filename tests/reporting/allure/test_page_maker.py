"""The process that makes the page: started early or late, ended in any case; what goes wrong is one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pipeline_services.reporting.allure import node, page_maker
from pipeline_services.reporting.allure.node import PageUnavailable
from pipeline_services.reporting.allure.page_maker import PageMaker, loading
from tests.programs import program

FAKE_NODE = """#!{python}
import json, pathlib, sys, time
asked = sys.stdin.read()
{does}
"""


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An installed generator, with a make-believe Node."""
    monkeypatch.setattr(node, "node_command", lambda: (tmp_path / "node", []))
    monkeypatch.setattr(node, "generator", lambda say: tmp_path)
    monkeypatch.setattr(node, "is_installed", lambda: True)
    return tmp_path


def maker(folder: Path, does: str) -> PageMaker:
    program(folder / "node", FAKE_NODE.format(python=sys.executable, does=does))
    return PageMaker(lambda line: None)


def test_it_is_asked_after_it_was_started(installed: Path) -> None:
    made = maker(installed, 'made = json.loads(asked); pathlib.Path(made["config"]["output"], "index.html").touch()')
    made.make({"output": str(installed)}, {"1-result.json": "{}"}, installed / "results")
    assert (installed / "index.html").is_file()


@pytest.mark.parametrize(
    ("does", "says"),
    [("sys.exit('it broke')", "ended with 1 and made no page: it broke"), ("pass", "ended with 0 and made no page")],
    ids=["fails", "makes nothing"],
)
def test_a_page_that_is_not_made_is_one_line(installed: Path, does: str, says: str) -> None:
    with pytest.raises(PageUnavailable, match=says) as caught:
        maker(installed, does).make({"output": str(installed)}, {}, installed / "results")
    assert "\n" not in str(caught.value)


def test_one_that_hangs_is_ended(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_maker, "MADE_WITHIN", 0.5)
    made = maker(installed, "while True: time.sleep(1)")
    with pytest.raises(PageUnavailable, match=r"took longer than 0\.5 s"):
        made.make({"output": str(installed)}, {}, installed / "results")
    assert made._process.returncode is not None


def test_one_that_nobody_asks_is_ended(installed: Path) -> None:
    made = maker(installed, "pass")
    made.close()
    assert made._process.returncode is not None


def test_it_is_started_early_where_that_takes_a_moment_alone(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maker(installed, "pass").close()
    early = loading()
    assert early
    early.close()
    monkeypatch.setattr(node, "is_installed", lambda: False)
    assert loading() is None


def test_a_node_that_cannot_be_started_is_one_line_and_nothing_early(installed: Path) -> None:
    with pytest.raises(PageUnavailable, match="node cannot be started: No such file"):
        PageMaker(lambda line: None)
    assert loading() is None
