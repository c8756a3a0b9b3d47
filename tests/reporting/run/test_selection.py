"""Which command is an operator's run, and what it collects."""

from __future__ import annotations

import pytest

from pipeline_services.reporting.run.selection import choose_paths, is_partial, run_kind, wants_upkeep
from tests.reporting.samples import write_ini
from tests.runs import run

pytest_plugins = ("pytester",)


def test_a_checkout_behind_an_option_is_not_run_in_place_of_the_one_that_pytest_was_started_in(
    pytester: pytest.Pytester,
) -> None:
    other, _ = pytester.mkdir("other"), pytester.mkdir("chaos")
    for folder in (pytester.path, other):
        write_ini(folder)
    refused = run("pytest", "-m", "release", "--candidate", other, "--collect-only", cwd=pytester.path)
    assert refused.returncode == 4
    [line] = [line for line in refused.stderr.splitlines() if line]
    assert line.startswith(f"ERROR: pytest takes {other} for the checkout. Next: a = between ")
    assert line.endswith(" --candidate=FOLDER")
    assert run("pytest", "-m", "release", f"--candidate={other}", "--collect-only", cwd=pytester.path).returncode != 4


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["-m", "daily"], "daily"),
        (["-m", "weekly or monthly"], "weekly"),
        (["-m", "daily and not slow"], "daily"),
        (["-m", "practice"], "practice"),
        (["-m", "chaos and not slow"], "chaos"),
        (["-m", "release", "--candidate", "x"], "release"),
        (["checks"], "daily"),
        (["chaos"], "chaos"),
        ([], None),
        (["tests"], None),
        (["-m", "not daily"], None),
        (["-m", "live"], None),
        (["checks", "tests"], None),
        (["-m", "daily", "--collect-only"], None),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_only_runs_about_the_pipeline_are_reported_on(
    pytester: pytest.Pytester, arguments: list[str], kind: str | None
) -> None:
    for folder in ("checks", "chaos", "tests"):
        pytester.mkdir(folder)
    (pytester.path / "checks" / "test_made.py").write_text("")
    write_ini(pytester.path)
    config = pytester.parseconfig(*arguments)
    choose_paths(config)
    assert run_kind(config) == kind


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [("weekly", True), ("daily or monthly", True), ("daily", False), ("not weekly", False), ("", False)],
)
def test_only_a_review_looks_back(pytester: pytest.Pytester, expression: str, wanted: bool) -> None:
    assert wants_upkeep(pytester.parseconfig("-m", expression)) is wanted


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
    write_ini(pytester.path)
    done = pytester.runpytest_inprocess("-v")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["tests/test_in_tests.py*"])


@pytest.mark.parametrize(
    ("expression", "run"),
    [("", 1), ("not slow", 1), ("not daily", 1), ("live", 1), ("not live", 1), ("live or not slow", 2)],
)
def test_what_needs_the_cluster_is_run_only_where_it_is_named(
    pytester: pytest.Pytester, expression: str, run: int
) -> None:
    pytester.mkdir("tests")
    (pytester.path / "tests" / "test_both.py").write_text(
        "import pytest\ndef test_alone(): pass\n@pytest.mark.live\ndef test_live(): pass\n"
    )
    write_ini(pytester.path)
    done = pytester.runpytest_inprocess("-v", "-m", expression)
    done.assert_outcomes(passed=run, deselected=2 - run)
    live = any("::test_live" in line for line in done.outlines)
    assert live == ("live" in expression and "not live" not in expression)


@pytest.mark.parametrize(
    "given", [["--snapshot=seen.json"], ["--context=prod", "tests"], ["--pipeline=x", "-m", "live"]]
)
def test_an_option_that_says_what_is_judged_needs_a_run(pytester: pytest.Pytester, given: list[str]) -> None:
    pytester.mkdir("tests")
    write_ini(pytester.path)
    refused = run("pytest", *given, cwd=pytester.path)
    assert refused.returncode == 4
    [line] = [line for line in refused.stderr.splitlines() if line]
    option = given[0].partition("=")[0]
    assert line.startswith(
        f"ERROR: {option} is for a run that judges a pipeline, and no run is named. Next: add -m daily"
    )


@pytest.mark.parametrize(
    ("expression", "folders"),
    [
        ("daily", ["checks"]),
        ("weekly or daily", ["checks"]),
        ("chaos", ["chaos"]),
        ("daily or chaos", ["checks", "chaos"]),
    ],
)
def test_only_the_folders_that_can_match_are_collected(
    pytester: pytest.Pytester, expression: str, folders: list[str]
) -> None:
    for folder in ("checks", "chaos"):
        pytester.mkdir(folder)
    write_ini(pytester.path)
    config = pytester.parseconfig("-m", expression)
    choose_paths(config)
    assert config.args == [str(pytester.path / folder) for folder in folders]
