"""``python -m tests.scale.bench``: a daily run and triage with a crowd beside the pipeline, timed, and with nobody.

A server of this machine stands for the API server; what lies behind it (Kafka, Prometheus and so on) does not answer,
so the verdict is inconclusive or worse, and the same in both cases. The second measurement judges a saved snapshot.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pipeline_services.model.arguments import Parser
from pipeline_services.model.kinds import kind_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.text import rfc3339
from pipeline_services.snapshot.sources.cluster_parts import SYSTEM_LISTS
from pipeline_services.snapshot.sources.kubernetes import LISTS
from tests.clients.fake_servers import FakeServer, kubeconfig, running
from tests.judgements.world import healthy
from tests.scale.crowd import Crowd, events, pods, policies, usage
from tests.scale.fake_lists import paged

ROOT = Path(__file__).parents[2]
FULL = Crowd(pods=5_000, policies=200, events=2_000, log_bytes=100 << 20)


@dataclass(frozen=True)
class Cost:
    """What one run of a command took; ``said`` is its verdict: of each check, or of each finding."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    code: int
    said: Any

    def __str__(self) -> str:
        return f"{self.wall_s:5.1f} s wall, {self.cpu_s:5.1f} s CPU, {self.peak_mb:4.0f} MB, exit code {self.code}"


def measured(command: list[str], reports: Path) -> Cost:
    """Run a command of the suite that writes its answer to ``reports``."""
    began = time.monotonic()
    with subprocess.Popen([sys.executable, "-m", *command, "--reports", str(reports)], cwd=ROOT, stdout=-3) as run:
        _, status, usage_ = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    answer = json.loads((reports / ("daily.json" if "pytest" in command else "triage.json")).read_text())
    said = [(one["id"], one["outcome"]) for one in answer.get("checks", ())]
    said = said or [(one["cause"], one["component"]) for one in answer["findings"]]
    peak, cpu = usage_.ru_maxrss / 1024, usage_.ru_utime + usage_.ru_stime
    return Cost(time.monotonic() - began, cpu, peak, run.returncode, said)


def routes_of(crowd: Crowd, space: str) -> dict[str, Any]:
    """What an API server answers of a namespace with a healthy pipeline and a crowd in it."""
    world, now = healthy(), time.time()
    lists = {source: world.answers[source] for source in LISTS if source != "secrets"}
    lists["secrets"] = []
    lists["pods"] = [*lists["pods"], *pods(crowd.pods, space, now)]
    lists["pod_metrics"] = [*lists["pod_metrics"], *usage(crowd.pods, space, now)]
    lists["networkpolicies"] = [*lists["networkpolicies"], *policies(crowd.policies, space)]
    lists["events"] = [*lists["events"], *events(crowd.events, space, now)]
    routes: dict[str, Any] = {kind_of(source).path(space): paged(items) for source, items in lists.items()}
    for source, listing in SYSTEM_LISTS.items():
        routes[kind_of(listing.kind).path(listing.namespace)] = paged(world.answers[source])
    made = {"name": space, "creationTimestamp": rfc3339(now - 86_400)}
    routes[f"/api/v1/namespaces/{space}"] = (200, {"kind": "Namespace", "metadata": made})
    line = f"{rfc3339(now - 60)} all is well {'x' * 400}\n".encode()
    log = line * min(200, crowd.log_bytes // len(line) + 1)
    return routes | {
        f"{kind_of('pods').path(space, one['metadata']['name'])}/log": (200, log) for one in lists["pods"][:40]
    }


def _serve(crowd: Crowd, spaces: Sequence[str], ready: Any) -> None:
    """The API server, in a process of its own so that its work is not counted."""
    routes = {path: reply for space in spaces for path, reply in routes_of(crowd, space).items()}
    with running(FakeServer(routes)) as server:
        ready.send(server.port)
        ready.recv()


@contextmanager
def api_server(crowd: Crowd, *spaces: str) -> Iterator[int]:
    """The port of an API server with healthy namespaces, by default the pipeline's own, and a crowd in each."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(
        target=_serve, args=(crowd, spaces or (Pipeline.load().namespace,), theirs), daemon=True
    )
    process.start()
    try:
        yield int(ours.recv())
    finally:
        ours.send("stop")
        process.join(10)


def main() -> None:
    parser = Parser(prog="python -m tests.scale.bench", description=__doc__)
    parser.add_argument("--pods", type=int, default=FULL.pods, help="beside the pipeline's own (default: %(default)s)")
    options = parser.parse_args()
    namespace = Pipeline.load().namespace
    crowds = {"nobody": Crowd(), "pods": Crowd(pods=options.pods), "all": Crowd(options.pods, 200, 2_000, 100 << 20)}
    alone: dict[str, Cost] = {}
    for name, crowd in crowds.items():
        with tempfile.TemporaryDirectory() as folder, api_server(crowd) as port:
            there = Path(folder)
            target = ["--kubeconfig", str(kubeconfig(there / "config", port)), "--namespace", namespace]
            saved = there / "saved.json"
            made = ["--pods", crowd.pods, "--policies", crowd.policies, "--events", crowd.events]
            made += ["--log-mb", crowd.log_bytes >> 20, saved]  # by another process: a child's peak is never below ours
            subprocess.run([sys.executable, "-m", "tests.scale", *map(str, made)], cwd=ROOT, check=True)
            commands = {
                "daily, cluster": ["pytest", "-q", "-m", "daily", *target],
                "triage, cluster": ["pipeline_services.triage", *target],
                "daily, snapshot": ["pytest", "-q", "-m", "daily", "--snapshot", str(saved)],
                "triage, snapshot": ["pipeline_services.triage", "--snapshot", str(saved)],
            }
            for what, command in commands.items():
                cost = measured(command, there / "reports")
                same = alone.setdefault(what, cost).said == cost.said
                print(f"{name:7} {what:17} {cost}, {'the same' if same else 'ANOTHER'} verdict", flush=True)


if __name__ == "__main__":
    main()
