"""Takes the snapshot: every source at once, each with its own time limit, its answer redacted before anyone sees it.

``python -m pipeline_services.snapshot --out FILE`` records one; with ``--deep`` the one that triage wants.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.model import roles
from pipeline_services.model.arguments import Parser, add_target
from pipeline_services.model.cluster_part import declared_here
from pipeline_services.model.component import Component
from pipeline_services.model.errors import NoData, PipelineError, PreconditionNotMet
from pipeline_services.model.exit_codes import NOT_KNOWN, PASSED
from pipeline_services.model.installation import Installation
from pipeline_services.model.kinds import kind_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings, resolve_target
from pipeline_services.snapshot.bounds import bounded
from pipeline_services.snapshot.publication import redactor
from pipeline_services.snapshot.record import Record
from pipeline_services.snapshot.snapshot import INSTALLATION, Failure, Snapshot
from pipeline_services.snapshot.sources.changes import WRITTEN, changes_in
from pipeline_services.snapshot.sources.cluster_parts import (
    DECLARED_PARTS,
    DNS_CONFIG,
    SYSTEM_LISTS,
    declared_parts,
    dns_config,
    listings,
)
from pipeline_services.snapshot.sources.declared import BESIDE, NEWEST, declared
from pipeline_services.snapshot.sources.deep import DEEP_LISTS, QUOTAS, quotas
from pipeline_services.snapshot.sources.kubernetes import LISTS, NEEDED_BY, read_logs, shaped
from pipeline_services.snapshot.sources.neighbours import shapes
from pipeline_services.snapshot.sources.reach import Group, Lists, Moment, Reach
from pipeline_services.snapshot.sources.services import SERVICES

DEADLINE: Final = 15.0
UPKEEP_DEADLINE: Final = 60.0
"""Weeks of series take Prometheus longer than the present."""
LIST_TIMEOUT: Final = 8.0
_THREADS: Final = 10 + len(LISTS) + len(SYSTEM_LISTS) + len(BESIDE) + len(DEEP_LISTS)
HEAD_START: Final = 0.6
FIRST: Final = "endpointslices"


def collect(
    cluster: Cluster,
    settings: Settings | None = None,
    pipeline: Pipeline | None = None,
    *,
    deep: bool = False,
    upkeep: bool = False,
    deadline: float | None = None,
) -> Snapshot:
    """Everything that can be read of the namespace now. What cannot be read is in the snapshot as a failure.

    Args:
        settings: names the components that are absent, whose sources are not collected, as of those not described.
        pipeline: describes what to look at; by default the suite's own.
        deep: what triage needs beside what the checks judge; see sources/deep.py and sources/changes.py.
        upkeep: what the weekly and monthly reviews need beside that; see sources/upkeep.py.
        deadline: seconds after which the sources that are still being read have failed; None: as long as they may take.

    Raises:
        ServiceUnreachable: the API server does not answer.
        PreconditionNotMet: it has no such namespace, or the account may read nothing in it.
    """
    deadline = deadline or (UPKEEP_DEADLINE if upkeep else DEADLINE)
    started, record = time.time(), Record()
    found = cluster.require_namespace()  # and learn what time it is there
    moment = _moment(cluster, started, settings or Settings(), pipeline or Pipeline.load())
    here = Installation.of(cluster.context, cluster.namespace, found)
    record.take(INSTALLATION, here.document)
    moment = replace(moment, deep=deep or upkeep, upkeep=upkeep, since=here.since if here.uid else 0.0)
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="collect")
    lists = _lists(pool, cluster, moment)
    with Reach(cluster, lists, moment.pipeline) as reach:
        tasks = _service_tasks(pool, reach, record, moment) + _cluster_tasks(pool, cluster, lists, record, moment)
        unfinished = wait(tasks, timeout=max(0.0, started + deadline - time.time())).not_done
        answers, failures = record.seal(deadline)
    pool.shutdown(wait=not unfinished, cancel_futures=True)
    for task in tasks:
        if task not in unfinished:
            task.result()  # whatever is no PipelineError is a fault of this suite and must not pass for the pipeline's
    snapshot = Snapshot(moment.at, cluster.context, cluster.namespace, answers, failures, moment.pipeline)
    return _published(snapshot, _secrets(lists))


def _moment(cluster: Cluster, started: float, settings: Settings, pipeline: Pipeline) -> Moment:
    """Now, by the API server's clock, with what the settings declare absent and the pipeline does not have."""
    ahead_s, asked = cluster.server.ahead_s, frozenset((*SERVICES, *NEEDED_BY.values()))
    absent = settings.absent | (asked - pipeline.components.keys())
    return Moment(started - ahead_s, cluster.namespace, pipeline, ahead_s, absent)


def _lists(pool: ThreadPoolExecutor, cluster: Cluster, moment: Moment) -> Lists:
    """All lists; the one that every service waits for is there before the others crowd the line."""
    first = pool.submit(cluster.list, FIRST, timeout_s=LIST_TIMEOUT)
    wait([first])
    wanted = listings(*(kind for kind in LISTS if kind != FIRST and NEEDED_BY.get(kind) not in moment.absent))
    if moment.deep or moment.pipeline.cluster:
        wanted |= SYSTEM_LISTS
    if moment.pipeline.manifests:
        sees_cluster = (
            NEEDED_BY["nodes"] not in moment.absent
        )  # nodes, too, belong to no namespace, so that many may not list them
        wanted |= {name: one for name, one in BESIDE.items() if sees_cluster or kind_of(one.kind).namespaced}
    if moment.deep:
        wanted |= DEEP_LISTS
    kept = shapes(moment.pipeline)
    others = {
        source: pool.submit(
            partial(
                cluster.list, timeout_s=LIST_TIMEOUT, managed=source == "secrets" or (moment.deep and source in WRITTEN)
            ),
            listing.kind,
            namespace=listing.namespace,
            selector=listing.selector,
            shape=kept.get(source),
        )
        for source, listing in wanted.items()
    }
    return {FIRST: first, **others}


def _service_tasks(pool: ThreadPoolExecutor, reach: Reach, record: Record, moment: Moment) -> list[Future[None]]:
    """One for each service that is there; the others wait a moment for Kafka's first sample."""
    tasks: list[Future[None]] = []
    for component, group in SERVICES.items():
        if component in moment.absent:
            continue
        record.expect(group.sources(moment))
        tasks.append(pool.submit(_read_group, group, reach, record, moment))
        if component == roles.KAFKA:
            tasks[-1].add_done_callback(lambda _: moment.sampled.set())
            moment.sampled.wait(HEAD_START)
    return tasks


def _read_group(group: Group, reach: Reach, record: Record, moment: Moment) -> None:
    try:
        group.read(reach, record, moment)
    except PipelineError as error:
        record.fail(group.sources(moment), error)


def _cluster_tasks(
    pool: ThreadPoolExecutor, cluster: Cluster, lists: Lists, record: Record, moment: Moment
) -> list[Future[None]]:
    pipeline, deep = moment.pipeline, moment.deep
    reads: dict[str, Callable[[], Any]] = {
        source: partial(_shaped, source, items) for source, items in lists.items() if source not in QUOTAS
    }
    logged = [part for part in pipeline.workloads.values() if deep or part.id in pipeline.data_path]
    reads |= {
        f"logs/{part.id}": partial(_logs, cluster, lists["pods"], part)
        for part in logged
        if part.reports_to not in moment.absent
    }
    if pipeline.manifests:
        reads |= {"declared": partial(declared, pipeline, cluster), "namespaces": partial(_namespace, cluster)}
    if declared_here(pipeline.cluster):
        reads[DECLARED_PARTS] = partial(declared_parts, pipeline)
    if pipeline.name_servers:
        reads[DNS_CONFIG] = partial(dns_config, cluster, pipeline)
    if deep or pipeline.manifests:
        reads["quotas"] = partial(quotas, lists)
    if deep:
        reads["changes"] = partial(changes_in, lists)
    record.expect(reads)
    return [pool.submit(record.take, source, read) for source, read in reads.items()]


def _shaped(kind: str, items: Future[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The list as the snapshot has it; a kind that an older API server does not know has no objects there."""
    try:
        return shaped(kind, items.result())
    except NoData:
        if kind in NEWEST:
            return []
        raise


def _namespace(cluster: Cluster) -> list[dict[str, Any]]:
    """The pipeline's own namespace, as a list of one."""
    found = cluster.get("Namespace", cluster.namespace)
    return shaped("namespaces", [found] if found else [])


def _logs(cluster: Cluster, pods: Future[list[dict[str, Any]]], component: Component) -> list[dict[str, Any]]:
    return read_logs(cluster, pods.result(), component)


def _secrets(lists: Lists) -> list[dict[str, Any]]:
    done = lists["secrets"].done() and not lists["secrets"].exception()
    return lists["secrets"].result() if done else []


def _published(snapshot: Snapshot, secrets: Sequence[Mapping[str, Any]]) -> Snapshot:
    """The snapshot without secrets and in bounds: the only form that leaves this module."""
    redact = redactor(snapshot.pipeline, snapshot.context, snapshot.namespace, secrets)
    failures = {source: Failure(**redact(failure.to_dict())) for source, failure in snapshot.failures.items()}
    return replace(snapshot, answers=bounded(redact(snapshot.answers)), failures=failures)


def main(arguments: Sequence[str] | None = None) -> int:
    """Record a snapshot to a file; returns the exit code: 0, 2 when the cluster cannot be read, 4 refused."""
    parser = Parser(prog="python -m pipeline_services.snapshot", description="Record a snapshot.")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the snapshot goes")
    add_target(parser)
    parser.add_argument("--settings", type=Path, metavar="FILE", help="this environment's absent components")
    parser.add_argument("--deep", action="store_true", help="with what triage needs beside what the checks judge")
    parser.add_argument("--upkeep", action="store_true", help="with what the weekly and monthly reviews need, too")
    options = parser.parse_args(arguments)
    try:
        pipeline = Pipeline.load(options.pipeline)
        settings = Settings.load(options.settings, pipeline=pipeline)
        cluster = Cluster.connect(resolve_target(options.kubeconfig, options.context, options.namespace, pipeline))
        snapshot = collect(cluster, settings, pipeline, deep=options.deep, upkeep=options.upkeep)
        snapshot.save(options.out)
    except PreconditionNotMet as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"cannot write {options.out}: {error.strerror}")
    except PipelineError as error:
        sys.stderr.write(f"INCONCLUSIVE: {error}\n")
        return NOT_KNOWN
    for source, failure in sorted(snapshot.failures.items()):
        sys.stderr.write(f"{source}: {failure.kind}: {failure.message}\n")
    sys.stdout.write(f"{options.out}: {len(snapshot.answers)} sources read, {len(snapshot.failures)} failed\n")
    return PASSED
