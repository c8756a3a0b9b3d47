"""Which command is an operator's run, and what it collects."""

from __future__ import annotations

import pytest

from pipeline_services.reporting.selection import choose_paths, is_operator_run, is_partial
from tests.reporting.samples import ROOT

pytest_plugins = ("pytester",)


@pytest.mark.parametrize(
    ("arguments", "operator"),
    [
        (["-m", "daily"], True),
        (["-m", "weekly or monthly"], True),
        (["-m", "daily and not slow"], True),
        (["checks"], True),
        (["checks/test_made.py", "chaos"], True),
        ([], False),
        (["tests"], False),
        (["-m", "not daily"], False),
        (["-m", "live"], False),
        (["checks", "tests"], False),
        (["-m", "daily", "--collect-only"], False),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_only_runs_about_the_pipeline_are_reported_on(
    pytester: pytest.Pytester, arguments: list[str], operator: bool
) -> None:
    for folder in ("checks", "chaos", "tests"):
        pytester.mkdir(folder)
    (pytester.path / "checks" / "test_made.py").write_text("")
    ini = (ROOT / "pytest.ini").read_text()
    pytester.makefile(".ini", pytest=ini.replace("pythonpath = .", f"pythonpath = {ROOT}"))
    config = pytester.parseconfig(*arguments)
    choose_paths(config)
    assert is_operator_run(config) is operator


@pytest.mark.parametrize(
    ("arguments", "partial"),
    [(["checks"], False), (["checks", "-k", "kafka"], True), (["checks/test_made.py::test_a"], True), (["--lf"], True)],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_picked_cases_are_no_whole_run(pytester: pytest.Pytester, arguments: list[str], partial: bool) -> None:
    (pytester.mkdir("checks") / "test_made.py").write_text("")
    assert is_partial(pytester.parseconfig(*arguments)) is partial


def test_a_bare_pytest_collects_the_suites_own_tests_only(pytester: pytest.Pytester) -> None:
    for folder in ("checks", "chaos", "tests"):
        (pytester.mkdir(folder) / f"test_in_{folder}.py").write_text("def test_it(): pass\n")
    ini = (ROOT / "pytest.ini").read_text()
    pytester.makefile(".ini", pytest=ini.replace("pythonpath = .", f"pythonpath = {ROOT}"))
    run = pytester.runpytest_inprocess("-v")
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["tests/test_in_tests.py*"])
