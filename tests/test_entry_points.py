"""Every ``python -m`` command refuses a command line that it does not know, and does nothing."""

from __future__ import annotations

import runpy
import sys
from functools import cache
from pathlib import Path

import pytest

from pipeline_services.model.arguments import Parser
from pipeline_services.model.exit_codes import REFUSED

ROOT = Path(__file__).parent.parent
IN_PODS = "pipeline_services.apps."
"""What runs there is started by its manifest, and imports nothing of the project that has a parser."""
GUARD = '\nif __name__ == "__main__":\n'


@cache
def entry_points() -> dict[str, Path]:
    """The files that ``python -m`` runs, by the names that it takes."""
    files = [
        file
        for top in ("pipeline_services", "chaos", "tests/scale", "tests/acceptance")
        for file in (ROOT / top).rglob("*.py")
    ]
    started = [file for file in files if file.name == "__main__.py" or GUARD in file.read_text(encoding="utf-8")]
    named = {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__"): file for file in started}
    return {name: file for name, file in sorted(named.items()) if not name.startswith(IN_PODS)}


@pytest.mark.parametrize("module", entry_points())
def test_an_unknown_option_is_refused(
    module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # one that takes it for nothing finds no cluster to change
    monkeypatch.setattr(sys, "argv", [module, "--no-such-option"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(entry_points()[module]), run_name="__main__")
    assert ended.value.code == REFUSED
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("REFUSED: ")
    assert line.endswith(f"; help: python -m {module} --help")


@pytest.mark.parametrize("module", entry_points())
def test_help_says_what_the_command_and_each_option_is_for(
    module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parsers: list[Parser] = []
    monkeypatch.setattr(Parser, "print_help", lambda parser, *_: parsers.append(parser))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(entry_points()[module]), run_name="__main__")
    [parser] = parsers
    assert parser.description
    assert "``" not in parser.description
    assert not parser.description.startswith("Python -m")
    assert not [action.dest for action in parser._actions if not action.help]


def test_nothing_else_reads_a_command_line() -> None:
    bare = [file for file in (ROOT / "pipeline_services").rglob("*.py") if "ArgumentParser(" in file.read_text("utf-8")]
    assert not bare
