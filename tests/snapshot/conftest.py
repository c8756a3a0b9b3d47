"""The pipeline of small local servers, for each test one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.snapshot.fake_pipeline import FakePipeline, fake_pipeline


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[FakePipeline]:
    with fake_pipeline(tmp_path) as running:
        yield running
