from __future__ import annotations

import pytest

from pipeline_services.model.present import present


def test_only_none_is_missing() -> None:
    assert present(0, "number") == 0
    with pytest.raises(RuntimeError, match="no number"):
        present(None, "number")
