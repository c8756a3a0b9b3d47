"""Which steps a night has, and how long each will take."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from pipeline_services.cli.nightly.plan import Cluster, Step, expected_s, steps

MONDAY, SUNDAY, FIRST = date(2026, 11, 23), date(2026, 11, 29), date(2026, 12, 1)
OWN, OTHER = Cluster(), Cluster({"context": "prod"})
REPORTS = Path("/r")


def names(today: date, cluster: Cluster) -> list[str]:
    return [step.name for step in steps(today, cluster, REPORTS)]


@pytest.mark.parametrize(
    ("today", "cluster", "expected"),
    [
        (MONDAY, OWN, ["repair", "daily", "chaos", "matrix"]),
        (SUNDAY, OWN, ["repair", "daily", "chaos", "matrix", "weekly"]),
        (FIRST, OWN, ["repair", "daily", "chaos", "matrix", "load-test", "rotate-token", "rotate-tls", "monthly"]),
        (date(2026, 11, 1), OTHER, ["daily", "weekly", "monthly"]),
        (MONDAY, Cluster({"settings": "s.toml"}), ["repair", "daily", "chaos", "matrix"]),
        (MONDAY, Cluster({"context": "test"}, "test"), ["daily", "chaos", "matrix"]),
    ],
    ids=["weekday", "sunday", "first", "other-cluster", "own-with-settings", "other-cluster-with-consent"],
)
def test_the_day_and_the_cluster_say_which_steps(today: date, cluster: Cluster, expected: list[str]) -> None:
    assert names(today, cluster) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [("rotate-tls", ["rotate-tls"]), ("load-test", ["load-test"]), ("weekly", ["weekly"]), ("chaos", [])],
)
def test_what_its_day_did_not_bring_to_its_end_is_due_the_next(left: str, expected: list[str]) -> None:
    planned = [step.name for step in steps(MONDAY, OWN, REPORTS, {left})]
    assert planned == ["repair", "daily", "chaos", "matrix", *expected]


def test_another_cluster_is_named_in_each_command_and_broken_only_with_consent() -> None:
    commands = {step.name: step.command for step in steps(SUNDAY, Cluster({"context": "test"}, "test"), REPORTS)}
    assert all("--context=test" in command for command in commands.values())
    assert [name for name, command in commands.items() if "--allow-chaos=test" in command] == ["chaos", "matrix"]


def test_every_run_selects_its_cases_and_says_whose_report_is_its_own() -> None:
    planned = [*steps(SUNDAY, OWN, REPORTS), *steps(FIRST, OWN, REPORTS)]
    runs = {step.name: (step.kind, step.command[4]) for step in planned if "pytest" in step.command}
    assert runs == {
        "daily": ("daily", "daily"),
        "chaos": ("chaos", "chaos and not slow and not mitigation"),
        "matrix": ("matrix", "matrix and sample"),
        "weekly": ("weekly", "weekly"),
        "load-test": ("chaos", "chaos and slow"),
        "monthly": ("monthly", "monthly"),
    }
    assert [step.name for step in planned if "chaos/test_resources.py" in step.command] == ["load-test"]


def test_every_run_has_a_folder_of_its_own() -> None:
    commands = {step.name: step.command for step in steps(SUNDAY, OTHER, REPORTS)}
    assert "--reports=/r/daily" in commands["daily"]
    assert "--reports=/r" in commands["weekly"]


def test_no_value_of_an_option_stands_alone_since_pytest_would_take_a_file_for_a_test() -> None:
    named = Cluster({"context": "prod", "kubeconfig": "/etc/nightly/kubeconfig"}, "prod")
    for step in steps(SUNDAY, named, REPORTS):
        assert not [word for word in step.command if word.startswith("/") and word != sys.executable]


def test_only_what_changes_something_needs_a_repaired_cluster() -> None:
    changing = ["chaos", "matrix", "load-test", "rotate-token", "rotate-tls"]
    assert [step.name for step in steps(FIRST, OWN, REPORTS) if step.needs_repaired] == changing


def test_a_step_takes_as_long_as_it_took_lately() -> None:
    step = Step("chaos", "", ("true",), 1200)
    assert expected_s(step, {}) == 1200
    assert expected_s(step, {"chaos": [9000, 9000, 900, 1000, 1100, 5000, 1000]}) == 1000
