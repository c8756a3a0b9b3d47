"""Which earlier nights are this cluster's own past, and which folders go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline_services.cli.nightly.history import NIGHTS, of_installation, prune
from pipeline_services.model.installation import Installation
from tests.cli.nightly.made import DAY_S, past

HERE = Installation("kind-a", "pipeline", "new", since=1.5 * DAY_S)
OTHER = Installation("kind-a", "pipeline", "old", since=0.0)


def nights(*of: Installation | None) -> list[dict[str, Any]]:
    """A night a day, each of its installation, or of one that it could not know."""
    rows = past({"a": "." * len(of)})
    return [{**night, **(known.document() if known else {})} for night, known in zip(rows, of, strict=True)]


@pytest.mark.parametrize(
    ("of", "here", "own"),
    [
        ((OTHER, HERE, HERE), HERE, (1, 2)),
        ((OTHER, HERE, None), None, (1, 2)),
        ((HERE, OTHER), None, (1,)),
        ((None, None), None, (0, 1)),
        ((None, None, None), HERE, (2,)),
        ((), None, ()),
    ],
)
def test_only_nights_of_the_same_namespace_are_its_past(
    of: tuple[Installation | None, ...], here: Installation | None, own: tuple[int, ...]
) -> None:
    assert [night["started"] / DAY_S for night in of_installation(nights(*of), here)] == [*own]


def test_what_only_looks_like_the_folder_of_a_night_is_not_deleted(tmp_path: Path) -> None:
    folder = tmp_path / NIGHTS
    for name in ("20261121T000000Z", "20261122T000000Z", "notes"):
        (folder / name).mkdir(parents=True)
    (folder / "20261120T000000Z").write_text("a file")
    assert prune(tmp_path, 0) == ["20261121T000000Z"]
    assert sorted(one.name for one in folder.iterdir()) == ["20261120T000000Z", "20261122T000000Z", "notes"]
