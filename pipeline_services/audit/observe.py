"""``python -m pipeline_services.audit.observe``: hold the topic against the store, of the last minutes.

For pipelines whose messages carry no numbers (``[message]`` of the description). It only reads: nothing is sent.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pipeline_services.audit.observed import LogLine, Message, Observation, ObservedVerdict, reconcile
from pipeline_services.clients.influxdb import Bucket, identifier
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.clients.kafka_records import offsets_since, read_records
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import PortForward, ready_endpoint
from pipeline_services.clients.store_access import open_bucket
from pipeline_services.model import roles
from pipeline_services.model.arguments import Parser
from pipeline_services.model.atomic import write_whole
from pipeline_services.model.errors import NoData, PipelineError, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.exit_codes import FOUND, NOT_KNOWN, PASSED
from pipeline_services.model.k8s import labels_of, name_of, restarts_of, stamped
from pipeline_services.model.offsets import Offsets
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.reading_identity import Identity, MessageFields, Unidentified
from pipeline_services.model.settings import resolve_target

MINUTES: Final = 10.0
IN_FLIGHT_S: Final = 15.0
"""Seconds that a reading may take from Kafka into the store: a write waits 5 s for its answer, and so may others."""
LOG_LINES: Final = 50_000
STORE_TIMEOUT_S: Final = 30.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0: nothing is lost, 1: something is, 2: that is not known, 4: refused."""
    parser = Parser(prog="python -m pipeline_services.audit.observe", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, metavar="N", help="to look back (%(default)g)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write all that is lost to FILE, as JSON")
    parser.add_argument("--pipeline", type=Path, metavar="FILE", help="the description of the pipeline")
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE")
    parser.add_argument("--context", metavar="NAME")
    parser.add_argument("--namespace", metavar="NS")
    options = parser.parse_args(arguments)
    try:
        pipeline = Pipeline.load(options.pipeline)
        fields = fields_of(pipeline)
        target = resolve_target(options.kubeconfig, options.context, options.namespace, pipeline)
    except PreconditionNotMet as error:
        parser.error(str(error))
    try:
        with closing(Cluster.connect(target)) as cluster:
            verdict = reconcile(observe(cluster, pipeline, fields, options.minutes * 60))
    except PipelineError as error:
        print(f"NOT KNOWN: {error}", file=sys.stderr)
        return NOT_KNOWN
    print(verdict)
    if options.out:
        write_whole(options.out, json.dumps(_document(verdict), indent=1).encode())
    return FOUND if verdict.lost else PASSED if verdict.certain else NOT_KNOWN


def observe(cluster: Cluster, pipeline: Pipeline, fields: MessageFields, seconds: float) -> Observation:
    """What topic, group, store and the processor's log say of the last so many seconds.

    Raises:
        PipelineError: one of them cannot be read.
    """
    now = time.time()
    with ExitStack() as ways:
        broker = way_to(cluster, pipeline, roles.KAFKA, ways)
        messages, unidentified, first, start, offsets = _messages(broker.port, pipeline, fields, now - seconds)
        store = way_to(cluster, pipeline, roles.INFLUXDB, ways)
        bucket = open_bucket(pipeline, cluster.list("secrets"), store, ways)
        stored = _stored(bucket, fields, messages)
    return Observation(
        messages=messages,
        unidentified=unidentified,
        first=first,
        start=start,
        committed=offsets.committed,
        stored=stored,
        settled_ns=int((now - IN_FLIGHT_S) * 1e9),
        errors=errors_of(cluster, pipeline, roles.PROCESSOR, int(seconds)),
    )


def fields_of(pipeline: Pipeline) -> MessageFields:
    if pipeline.message is None:
        raise PreconditionNotMet(
            f"the description of {pipeline.name} has no [message]: nothing tells its messages apart but their numbers",
            next_step="the audit of a scenario reconciles those: make chaos",
        )
    return pipeline.message


def way_to(cluster: Cluster, pipeline: Pipeline, component: str, ways: ExitStack) -> PortForward:
    slices = cluster.list("endpointslices")
    endpoint = ready_endpoint(
        pipeline.service(component), pipeline[component].label_selector, slices, cluster.namespace
    )
    return ways.enter_context(PortForward(cluster, endpoint))


def _messages(
    port: int, pipeline: Pipeline, fields: MessageFields, since: float
) -> tuple[list[Message], int, Mapping[int, int], Mapping[int, int], Offsets]:
    topic = pipeline.topics
    with KafkaBroker(port) as broker:
        known = broker.topics().get(topic.readings, [])
        partitions = [one["partition"] for one in known]
        offsets = broker.offsets(topic.group, topic.readings, partitions)
    first, start = offsets_since(port, topic.readings, partitions, since)
    messages: list[Message] = []
    unidentified = Counter[int]()

    def enter(record: Any) -> None:
        try:
            messages.append(Message(record.partition, record.offset, fields.identity_of(record.value)))
        except Unidentified:
            unidentified[record.partition] += 1

    read_records(port, topic.readings, start, offsets.end, enter)
    return messages, unidentified.total(), first, start, offsets


def _stored(bucket: Bucket, fields: MessageFields, messages: Sequence[Message]) -> Counter[Identity]:
    """How many points the store has of each identity within the time of the messages."""
    if not messages:
        return Counter()
    times = [message.identity.time_ns for message in messages]
    when = f"time >= {min(times)} AND time <= {max(times)}"
    by = ", ".join(map(identifier, fields.stored_as))
    found = bucket.select(identifier(bucket.store.value), when, by=by, timeout_s=STORE_TIMEOUT_S)
    try:
        return Counter(
            Identity(tuple(series.tags[tag] for tag in fields.stored_as), int(row[0]))
            for series in found
            for row in series.rows
        )
    except KeyError as error:
        raise UnexpectedAnswer(f"what is stored in {bucket.store.measurement} has no tag {error}") from error


def errors_of(cluster: Cluster, pipeline: Pipeline, component: str, seconds: int) -> list[LogLine]:
    """The error lines of a component's pods; of one that has ended nobody has the log any more."""
    part = pipeline[component]
    pods = [pod for pod in cluster.list("pods") if part.owns(labels_of(pod))]
    lives = [(name_of(pod), previous) for pod in pods for previous in ([False, True] if restarts_of(pod) else [False])]
    lines = []
    for pod, previous in lives:
        try:
            lines += cluster.logs(pod, part.container, lines=LOG_LINES, since=seconds, previous=previous)
        except NoData:
            continue  # it was replaced while this looked
    known = filter(None, map(stamped, lines))
    return [LogLine(at, text) for at, text in sorted(known) if part.logs_an_error(text)]


def _document(verdict: ObservedVerdict) -> dict[str, Any]:
    lost = [
        {**asdict(one.message), "why": one.why, "said": asdict(one.said) if one.said else None} for one in verdict.lost
    ]
    return {"summary": verdict.summary, "lost": lost}


if __name__ == "__main__":
    sys.exit(main())
