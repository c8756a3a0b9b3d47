"""The index of checks follows the markers of their tests and the order of the runbook's sections."""

from __future__ import annotations

from pathlib import Path

from pipeline_services.checklist import checks
from pipeline_services.reporting.runbook import tables
from pipeline_services.reporting.runbook.runbook import sections

TESTS = """
import pytest

pytestmark = pytest.mark.runbook("storage")

def {shared}(snapshot): ...

@pytest.mark.slow
@pytest.mark.runbook("pod-status")
def {own}(snapshot): ...
"""


def test_a_check_stands_in_the_row_of_its_own_section_or_of_that_of_its_file(tmp_path: Path) -> None:
    named = TESTS.format(shared=checks.VOLUME_BOUND.id, own=checks.PODS_READY.id)
    (tmp_path / "test_some.py").write_text(named)
    known = tables.anchors(tmp_path)
    assert known == {checks.VOLUME_BOUND.id: "storage", checks.PODS_READY.id: "pod-status"}
    table = tables.checks(sections("## Storage\n\n## Pod status\n\n## Empty\n"), tmp_path)
    assert table.splitlines()[2:] == [
        f"| `{checks.VOLUME_BOUND.id}` | [Storage](#storage) |",
        f"| `{checks.PODS_READY.id}` | [Pod status](#pod-status) |",
    ]


def test_a_test_without_a_marker_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(f"def {checks.PODS_READY.id}(snapshot): ...\n")
    assert tables.anchors(tmp_path) == {checks.PODS_READY.id: ""}


def test_what_is_not_of_the_daily_run_says_so(tmp_path: Path) -> None:
    weekly = next(check for check in checks.CHECKS.values() if check.run == "weekly")
    (tmp_path / "test_some.py").write_text(TESTS.format(shared=weekly.id, own="test_unknown"))
    assert f"| `{weekly.id}` (weekly) | [Storage](#storage) |" in tables.checks(sections("## Storage\n"), tmp_path)
