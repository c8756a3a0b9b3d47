"""Numbers of a command line, and a command that another Python was started with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_services.model import environment
from pipeline_services.model.arguments import LOOKED_AT, Parser, counted, positive
from tests.conftest import Refused


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "0", "", "many"])
@pytest.mark.parametrize("kind", [positive, counted])
def test_what_is_no_number_above_0_is_refused(kind: type, text: str, refused: Refused) -> None:
    parser = Parser(prog="made")
    parser.add_argument("--minutes", type=kind)
    assert f"{text!r} is not a" in refused(parser.parse_args, [f"--minutes={text}"])


@pytest.mark.parametrize("name", LOOKED_AT)
@pytest.mark.parametrize("given", [["--{}="], ["--{}", ""]], ids=["=", "''"])
def test_an_option_that_says_what_is_looked_at_is_never_empty(name: str, given: list[str], refused: Refused) -> None:
    parser = Parser(prog="made")
    parser.add_argument(f"--{name}", type=Path)
    said = refused(parser.parse_args, [word.format(name) for word in given])
    assert said.startswith(f"REFUSED: --{name} is empty: give it a value, or leave it out; ")


def test_another_option_may_be_empty() -> None:
    parser = Parser(prog="made")
    parser.add_argument("--consent")
    assert parser.parse_args(["--consent", ""]).consent == ""


def test_numbers_above_0_are_taken() -> None:
    assert (positive("0.5"), counted("7")) == (0.5, 7)


def test_a_half_is_no_count() -> None:
    with pytest.raises(Exception, match="whole number"):
        counted("1.5")


def test_another_python_is_refused_where_the_checkout_has_no_environment(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from pipeline_services.model import environment as e; "
        f"e.OWN = Path({str(tmp_path / 'none')!r}); e.use_own('pipeline_services.triage', [], needs='no_such_package')"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 4
    assert run.stderr.startswith("REFUSED: ")
    assert run.stderr.endswith("Next: make test, then .venv/bin/python -m pipeline_services.triage\n")


def test_an_environment_that_lacks_the_package_itself_is_not_started_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "OWN", Path(sys.prefix) / "bin" / "python")
    monkeypatch.setattr(environment.os, "_exit", lambda code: (_ for _ in ()).throw(SystemExit(code)))
    with pytest.raises(SystemExit) as ended:
        environment.use_own("pytest", [], needs="no_such_package")
    assert ended.value.code == 4
