"""The small project in which the plugin runs for real."""

from __future__ import annotations

import pytest

from tests.reporting.samples import Project


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(pytester, monkeypatch)
