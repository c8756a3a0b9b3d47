"""What Prometheus reads of the nightly run, from the installation on; and what the alerts make of it."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline_services.cli.nightly import history, metrics, outbox, report
from pipeline_services.cli.nightly.notices import Mailbox, Message
from pipeline_services.cli.nightly.results import FAILED, INCONCLUSIVE, PASSED
from pipeline_services.model.paths import REPOSITORY
from tests.cli.nightly.made import DAY_S, LEFT_OUT, night, ran

RULES = REPOSITORY / "manifests" / "nightly" / "files" / "nightly.rules.yml"


def scraped(reports: Path) -> dict[str, float]:
    """What a scrape gives: each series, written as in PromQL."""
    registry = CollectorRegistry()
    registry.register(metrics.Figures(reports, DAY_S))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        re.sub(r"\{\}$", "", f"{one.name}{{{','.join(f'{k}={v}' for k, v in one.labels.items())}}}"): one.value
        for family in families
        for one in family.samples
    }


def test_before_the_first_run_the_times_are_those_of_the_installation(tmp_path: Path) -> None:
    (tmp_path / metrics.INSTALLED).write_text("5.0\n")
    assert scraped(tmp_path) == {
        "conveyor_nightly_interval_seconds": DAY_S,
        "conveyor_nightly_last_run_timestamp_seconds": 5.0,
        "conveyor_nightly_last_success_timestamp_seconds": 5.0,
        "conveyor_nightly_undelivered_messages": 0.0,
    }


def test_the_installation_is_dated_once(tmp_path: Path) -> None:
    first = metrics.installed(tmp_path / "new")
    assert metrics.installed(tmp_path / "new") == first > 0


def test_a_run_that_does_not_pass_leaves_the_last_success_old(tmp_path: Path) -> None:
    (tmp_path / metrics.INSTALLED).write_text("0.0\n")
    whole = [
        night(ran("daily", 0, a=PASSED), at=DAY_S),
        night(ran("daily", 1, a=FAILED, b=INCONCLUSIVE), LEFT_OUT, at=2 * DAY_S),
    ]
    for number, one in enumerate(whole):
        report.write(tmp_path, tmp_path / str(number), history.read(tmp_path), one, ["PASSED"])
    found = scraped(tmp_path)
    assert found["conveyor_nightly_last_success_timestamp_seconds"] == DAY_S + 60
    assert found["conveyor_nightly_last_run_timestamp_seconds"] == 2 * DAY_S + 60
    assert [found[f"conveyor_nightly_verdict{{verdict={word}}}"] for word in (PASSED, FAILED, INCONCLUSIVE)] == [
        0,
        1,
        0,
    ]
    assert [found[f"conveyor_nightly_step_passed{{step={name}}}"] for name in ("daily", "chaos")] == [0, 0]
    assert found["conveyor_nightly_step_duration_seconds{step=daily}"] == 5.0
    assert [found[f"conveyor_nightly_check_failed{{check={name}}}"] for name in "ab"] == [1, 0]
    assert [found[f"conveyor_nightly_check_passed{{check={name}}}"] for name in "ab"] == [0, 0]
    assert "conveyor_nightly_check_duration_seconds{check=a}" in found


def test_what_nobody_took_is_counted(tmp_path: Path) -> None:
    message = Message("t", "b", {"a": 0.0})
    outbox.write(tmp_path, {"x": Mailbox({}, (message, message)), "y": Mailbox({}, (message,)), "z": Mailbox()})
    assert scraped(tmp_path)["conveyor_nightly_undelivered_messages"] == 3


def test_every_series_of_an_alert_is_served(tmp_path: Path) -> None:
    report.write(tmp_path, tmp_path / "n", [], night(ran("daily", 1, a=FAILED)), ["PASSED"])
    served = {name.partition("{")[0] for name in scraped(tmp_path)}
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    used = {name for rule in rules for name in re.findall(r"conveyor_nightly_\w+", rule["expr"])}
    assert used <= served
    assert {rule["alert"] for rule in rules} >= {"ConveyorNightlyFailing", "ConveyorNightlyMissing"}
    assert all(rule["annotations"].keys() == {"summary", "next"} for rule in rules)


def test_the_figures_are_served_until_a_signal_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started, asked = metrics.start_http_server, []

    class Asked:
        def __init__(self, port: int) -> None:
            self.port = port

        def join(self) -> None:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                asked.append(answer.read().decode())
            raise KeyboardInterrupt("SIGTERM")

    def start(_port: int, registry: CollectorRegistry) -> tuple[object, Asked]:
        server, _ = started(0, addr="127.0.0.1", registry=registry)
        return server, Asked(server.server_port)

    monkeypatch.setattr(metrics, "start_http_server", start)
    assert metrics.main(["--reports", str(tmp_path), "--every-hours", "2"]) == 0
    assert "conveyor_nightly_interval_seconds 7200.0" in asked[0]
    assert json.loads((tmp_path / metrics.INSTALLED).read_text()) > 0
