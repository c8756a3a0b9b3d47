"""A cache folder that cannot be written is one line, and not a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_services.cli.main import main
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.paths import Cache
from pipeline_services.model.run_lock import sole_holder

NEXT = "or set XDG_CACHE_HOME to another folder"


def held_by(holder: str) -> PipelineError:
    raise AssertionError(holder)


@pytest.fixture(params=["taken", "/proc"])
def unwritable(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "taken").write_text("")
    return Path(tmp_path / request.param, "conveyor")


def test_a_folder_of_the_cache(unwritable: Path) -> None:
    with pytest.raises(PreconditionNotMet, match=f"cannot write to {unwritable}/engine: ") as refused:
        _ = Cache(unwritable).engine
    assert NEXT in refused.value.next_step


def test_a_lock(unwritable: Path) -> None:
    refused = pytest.raises(PreconditionNotMet, match=f"cannot write to {unwritable}/lock: ")
    with refused, sole_holder(unwritable / "lock", "a test", held_by):
        raise AssertionError


@pytest.mark.parametrize("command", ["up", "status"])
def test_a_command_for_the_cluster(
    unwritable: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(unwritable.parent))
    monkeypatch.setenv("IMAGES", "packages")
    assert main([command]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"cannot write to {unwritable}/")
    assert NEXT in line
