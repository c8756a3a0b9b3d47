"""``python -m pipeline_services.cli.nightly.metrics``: the last run's figures for Prometheus, read anew at each scrape.

Before the first run, and before the first one that passed, their times are that of the installation: an alert on their
age fires for a run that never comes, too, where an absent series would never be old.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pipeline_services.cli.nightly import history, outbox, report
from pipeline_services.cli.nightly.history import Past
from pipeline_services.cli.nightly.notices import Mailbox
from pipeline_services.cli.nightly.results import FAILED, INCONCLUSIVE, PASSED, State
from pipeline_services.model.arguments import Parser
from pipeline_services.model.atomic import write_whole
from pipeline_services.model.signals import unwinding

INSTALLED: Final = "installed"
PREFIX: Final = "conveyor_nightly"
_OUTCOMES: Final = (PASSED, FAILED, INCONCLUSIVE)
_HOUR_S: Final = 3600.0


class Figures(Collector):
    """The metrics of a folder with reports. ``interval_s``: how often a run is due."""

    def __init__(self, reports: Path, interval_s: float) -> None:
        self.reports = reports
        self.interval_s = interval_s
        self.installed = installed(reports)

    def collect(self) -> Iterable[Metric]:
        """Read what is there now."""
        past, last = history.read(self.reports), _last(self.reports)
        yield _gauge("interval_seconds", "How often a run is due.", self.interval_s)
        yield from _times(past, self.installed)
        yield _gauge(
            "undelivered_messages",
            "Notifications that no receiver has accepted yet.",
            _waiting(outbox.read(self.reports)),
        )
        yield from _states(last)


def installed(reports: Path) -> float:
    """When this was first asked of the folder, in seconds since the epoch; noted there."""
    file = reports / INSTALLED
    if not file.is_file():
        write_whole(file, f"{time.time():.1f}\n".encode())
    return float(file.read_text(encoding="utf-8"))


def _times(past: Past, since: float) -> Iterator[Metric]:
    """When a run last came to its end, and when one last passed."""
    ended = max([since, *(float(night["ended"]) for night in past)])
    passed = max([since, *(float(night["ended"]) for night in past if night["verdict"] == PASSED)])
    yield _gauge("last_run_timestamp_seconds", "When a run last ended, or when this was installed.", ended)
    yield _gauge("last_success_timestamp_seconds", "When a run last passed, or this was installed.", passed)


def _states(last: Mapping[str, Any]) -> Iterator[Metric]:
    """The verdict, the steps and the checks of the last run; nothing before there was one."""
    if not last:
        return
    verdict = GaugeMetricFamily(f"{PREFIX}_verdict", "1 for the verdict of the last run.", labels=["verdict"])
    for outcome in _OUTCOMES:
        verdict.add_metric([outcome], float(last["verdict"] == outcome))
    yield verdict
    ended = {name: float(step["state"] == State.RAN and step["code"] == 0) for name, step in last["steps"].items()}
    seconds = {name: float(step["seconds"]) for name, step in last["steps"].items()}
    yield _labelled("step_passed", "Whether the step finished and passed.", "step", ended)
    yield _labelled("step_duration_seconds", "How long the step took.", "step", seconds)
    passed = {name: float(check["outcome"] == PASSED) for name, check in last["checks"].items()}
    failed = {name: float(check["outcome"] == FAILED) for name, check in last["checks"].items()}
    took = {name: float(check["seconds"]) for name, check in last["checks"].items()}
    yield _labelled(
        "check_passed", "Whether the check passed; one that neither passed nor failed is inconclusive.", "check", passed
    )
    yield _labelled("check_failed", "Whether the check failed.", "check", failed)
    yield _labelled("check_duration_seconds", "How long the check took.", "check", took)


def _last(reports: Path) -> Mapping[str, Any]:
    file = reports / report.VERDICT
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def _waiting(boxes: Mapping[str, Mailbox]) -> float:
    return float(sum(len(box.queue) for box in boxes.values()))


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value=value)


def _labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the figures until a signal ends it."""
    parser = Parser(prog="python -m pipeline_services.cli.nightly.metrics", description=__doc__)
    parser.add_argument("--reports", type=Path, required=True, metavar="DIR", help="the folder of the nightly run")
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="to serve them on (default: %(default)s)")
    parser.add_argument("--every-hours", type=float, default=24.0, metavar="N", help="how often a run is due")
    options = parser.parse_args(arguments)
    registry = CollectorRegistry()
    registry.register(Figures(options.reports, options.every_hours * _HOUR_S))
    try:
        with unwinding():
            server, thread = start_http_server(options.port, registry=registry)
            thread.join()
    except KeyboardInterrupt:
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
