"""What the tests of chaos share."""

from __future__ import annotations

import allure
import pytest


@pytest.fixture
def attached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is attached to the page."""
    names: list[str] = []
    monkeypatch.setattr(allure, "attach", lambda _body, name, *_kind: names.append(name))
    return names
