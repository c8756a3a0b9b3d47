"""Saved snapshots, for fleets of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.judgements.faults import producer_scaled_to_0
from tests.judgements.world import healthy


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder with a snapshot of a pipeline that is well, and of one without producers."""
    healthy().snapshot().save(tmp_path / "well.json")
    world = healthy()
    producer_scaled_to_0(world)
    world.snapshot().save(tmp_path / "ill.json")
    return tmp_path
