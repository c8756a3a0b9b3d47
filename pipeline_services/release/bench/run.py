"""``make bench-pipeline``: how many readings a second the processor takes with one CPU to itself, and what it loses.

A pod beside the pipeline fills a topic of its own and then runs the processor's code on it, with the processor's own
settings, image and CPU limit of 1, into the pipeline's InfluxDB. What must be stored is known, so the ledger judges
what is. Everything that was made for it is deleted at the end, its points included.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.apps.load import TOPIC_PREFIX, Load
from pipeline_services.audit.ledger import History, LedgerVerdict, judge
from pipeline_services.audit.records import Records, TopicLog
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.model import roles
from pipeline_services.model.arguments import Parser, counted
from pipeline_services.model.errors import NoData, PipelineError, UnexpectedAnswer
from pipeline_services.model.exit_codes import FOUND, NOT_KNOWN, PASSED
from pipeline_services.model.k8s import name_of, phase_of
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.cluster.access import ClusterAccess, access_to
from pipeline_services.platform.deploy.rollout import log_end
from pipeline_services.release.bench.manifests import NAME, network_policies, pod
from pipeline_services.release.bench.store import bench_store

READINGS: Final = 200_000
TARGET_PER_SECOND: Final = 10_000
FINISHED_WITHIN: Final = 900.0
BACK_DATED: Final = 3_600  # seconds: the readings' time, so that nobody takes them for the pipeline's newest
LOG_LINES: Final = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the benchmark saw. Times in seconds."""

    loaded: Mapping[str, Any]
    drained: Mapping[str, Any]
    verdict: LedgerVerdict

    @property
    def good(self) -> bool:
        """Fast enough, and nothing lost."""
        return self.drained["per_second"] >= TARGET_PER_SECOND and self.verdict.holds

    def __str__(self) -> str:
        loaded, drained = self.loaded, self.drained
        per_cpu = round(drained["written"] / drained["cpu_seconds"]) if drained["cpu_seconds"] else 0
        return (
            f"loaded   {loaded['acknowledged']} readings in {loaded['seconds']:g} s\n"
            f"drained  {drained['written']} readings in {drained['seconds']:g} s:"
            f" {drained['per_second']} readings/s (target {TARGET_PER_SECOND}),"
            f" {per_cpu} per second of CPU\n"
            f"ledger   {self.verdict}"
        )


def main() -> int:
    """0: fast enough and nothing lost; 1: not so; 2: could not be measured."""
    parser = Parser(
        prog="python -m pipeline_services.release.bench",
        description="Measure what the processor sustains with one CPU.",
    )
    parser.add_argument(
        "--readings", type=counted, default=READINGS, metavar="N", help="to be drained (default: %(default)s)"
    )
    options = parser.parse_args()
    access = access_to(Cache(cache_root()))
    try:
        outcome = measure(access, options.readings)
    except PipelineError as error:
        sys.stderr.write(f"{error}\n")
        return NOT_KNOWN
    sys.stdout.write(f"{outcome}\n")
    return PASSED if outcome.good else FOUND


def measure(access: ClusterAccess, readings: int) -> Outcome:
    """Run the benchmark in a cluster that has the pipeline.

    Raises:
        PipelineError: the pod failed, or the cluster does not answer.
    """
    with closing(WritableCluster.connect(access.target)) as api:
        return _measured(api, access.pipeline, readings)


def _measured(api: WritableCluster, pipeline: Pipeline, readings: int) -> Outcome:
    load = Load(f"{TOPIC_PREFIX}{int(time.time())}", readings, (int(time.time()) - BACK_DATED) * 10**9)
    with _running(api, load, pipeline):
        wait_until(lambda: finished(api), within=FINISHED_WITHIN, what="the benchmark's pod", every=1.0)
        results = {name: last_object(api, name) for name in ("load", "drain")}
    with bench_store(api, pipeline) as store:
        try:
            history = history_of(load, results["load"]["acknowledged"], store.stored(load))
        finally:
            store.delete(load)
    verdict = judge(history, at_least=readings)
    return Outcome(results["load"], results["drain"], verdict)


@contextmanager
def _running(api: WritableCluster, load: Load, pipeline: Pipeline) -> Iterator[None]:
    """The benchmark's pod and the ways it needs; both are gone afterwards."""
    workload = pipeline[roles.PROCESSOR].workload
    processor = api.get("Deployment", workload)
    if processor is None:
        raise NoData(f"there is no Deployment {workload}: is the pipeline deployed?")
    made = [*network_policies(pipeline), pod(processor, load)]
    try:
        for manifest in made:
            _remove(api, manifest)
            api.apply(manifest)
        yield
    finally:
        for manifest in reversed(made):
            _remove(api, manifest)


def _remove(api: WritableCluster, manifest: Mapping[str, Any]) -> None:
    kind, name = manifest["kind"], name_of(manifest)
    api.delete(kind, name, grace=0)
    wait_until(lambda: api.get(kind, name) is None, within=30, what=f"{kind} {name} to be gone")


def finished(api: WritableCluster) -> bool:
    """Whether the benchmark's pod has ended well. Raises UnexpectedAnswer where it failed, or is gone."""
    seen = api.get("Pod", NAME)
    phase = phase_of(seen) if seen else "gone"
    if phase in {"Failed", "gone"}:
        tails = {name: log_end(api, NAME, name, lines=3) for name in ("load", "drain")}
        raise UnexpectedAnswer(f"the benchmark's pod ended as {phase}: {tails}")
    return bool(phase == "Succeeded")


def last_object(api: WritableCluster, container: str) -> dict[str, Any]:
    """What a container of the benchmark's pod printed last.

    Raises:
        UnexpectedAnswer: that is no result, or says that it failed.
    """
    lines = api.logs(NAME, container, lines=LOG_LINES, timestamps=False)
    try:
        result = dict(json.loads(lines[-1]))
    except (IndexError, ValueError, TypeError) as error:
        raise UnexpectedAnswer(f"the benchmark's {container} printed no result: {lines[-1:]}") from error
    if "failed" in result:
        raise UnexpectedAnswer(f"the benchmark's {container} failed: {result['failed']}")
    return result


def history_of(load: Load, acknowledged: int, stored: Records) -> History:
    """The broker is not on trial here: the topic is taken to hold what it acknowledged, all of it committed."""
    attempted, topic = Records(), TopicLog()
    for offset, reading in enumerate(load):
        series = (reading.producer_id, reading.device_id)
        attempted.add(series, reading.sequence, reading.checksum())
        topic.add(0, offset, series, reading.sequence, reading.checksum())
    if acknowledged != load.readings:
        raise NoData(f"only {acknowledged} of {load.readings} readings were acknowledged")
    everything = {series: attempted.sequences(series) for series in attempted}
    return History(attempted, everything, topic, {0: load.readings}, stored)
