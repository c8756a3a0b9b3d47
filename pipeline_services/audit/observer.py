"""Looks at the topic, the group and the store of a pipeline whose messages carry no numbers. It only reads.

The ways to Kafka and InfluxDB are kept from look to look; after one that failed they are opened anew, since the pod at
their end may have been replaced.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any, Final

from pipeline_services.audit.observed import LogLine, Message, Observation, reconcile
from pipeline_services.clients.influxdb import NANO, Bucket, identifier
from pipeline_services.clients.kafka_access import foreign_link
from pipeline_services.clients.kafka_broker import KafkaBroker, Link
from pipeline_services.clients.kafka_records import offsets_since, read_records
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import PortForward, ready_endpoint
from pipeline_services.clients.store_access import open_bucket
from pipeline_services.measure.samples import AUDIT_PREFIX
from pipeline_services.model import roles
from pipeline_services.model.component import Component
from pipeline_services.model.errors import NoData, PipelineError, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.k8s import K8sObject, name_of, restarts_of, stamped
from pipeline_services.model.offsets import Offsets
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.present import present
from pipeline_services.model.reading_identity import Identity, MessageFields, Unidentified
from pipeline_services.model.waiting import WaitExpired, wait_until

IN_FLIGHT_S: Final = 15.0
"""Seconds that a reading may take from Kafka into the store: a write waits 5 s for its answer, and so may others."""
SETTLED_WITHIN_S: Final = 60.0
"""Seconds within which a group that works has come to all that Kafka had."""
LOG_LINES: Final = 50_000
STORE_TIMEOUT_S: Final = 30.0


class Observer(AbstractContextManager["Observer"]):
    """Looks at one pipeline; use it as a context manager.

    Raises:
        PreconditionNotMet: the profile does not say what tells its messages apart.
    """

    def __init__(self, cluster: Cluster, pipeline: Pipeline) -> None:
        self.cluster, self.pipeline = cluster, pipeline
        self.fields = fields_of(pipeline)
        self._ways = ExitStack()
        self._kafka: PortForward | None = None
        self._bucket: Bucket | None = None

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the ways; the next look opens them anew."""
        self._kafka = self._bucket = None
        self._ways.close()

    def newest(self) -> float:
        """The time of the newest stored reading of the pipeline's own, epoch seconds; 0.0 for none in ten minutes.

        Raises:
            PipelineError: InfluxDB does not answer, or not to that.
        """
        with self._looking():
            value, tag = identifier(self.pipeline.store.value), self.fields.stored_as[0]
            found = self._store().select(f"LAST({value})", "time > now() - 10m", by=identifier(tag))
        own = [series for series in found if not series.tags.get(tag, "").startswith(AUDIT_PREFIX)]
        return max((series.rows[0][0] / NANO for series in own), default=0.0)

    def kafka(self) -> Link:
        """Where Kafka is: a local port that leads there, or its own address where it is outside the cluster.

        Raises:
            ServiceUnreachable: there is no ready pod behind its service.
            NoData: a Secret is not there, or lacks what clients log in with.
        """
        part = self.pipeline[roles.KAFKA]
        if part.address:
            return foreign_link(part, self.cluster.list("secrets"))
        if self._kafka is None:
            self._kafka = self._way(roles.KAFKA)
        return self._kafka.port

    def offsets(self) -> Offsets:
        """What the group has committed of the topic, and where the topic ends.

        Raises:
            PipelineError: Kafka does not say so.
        """
        topic = self.pipeline.topics
        with self._looking(), KafkaBroker(self.kafka()) as broker:
            known = broker.topics().get(topic.readings, [])
            return broker.offsets(topic.group, topic.readings, [one["partition"] for one in known])

    def observe(self, seconds: float, end: Mapping[int, int] | None = None) -> Observation:
        """What topic, group, store and the processor's log say of the last so many seconds.

        Args:
            end: leave out what each partition got from this offset on; by default what it has got by now counts.

        Raises:
            PipelineError: one of them cannot be read.
        """
        now, offsets = time.time(), self.offsets()
        with self._looking():
            messages, lacking, first, start = self._messages(now - seconds, end or offsets.end)
            stored = stored_in(self._store(), self.fields, messages)
        return Observation(
            messages=messages,
            unidentified=len(lacking),
            lacks=lacking[0] if lacking else "",
            first=first,
            start=start,
            committed=offsets.committed,
            stored=stored,
            settled_ns=int((now - IN_FLIGHT_S) * NANO),
            errors=self.errors_of(roles.PROCESSOR, int(seconds)),
        )

    def settled(self, since: float, end: Mapping[int, int]) -> Observation:
        """What is seen once none of the messages before ``end`` is on its way or waits in Kafka, or at the latest after
        a minute; the verdict says then what still waits.

        Args:
            since: epoch seconds from which on messages count.

        Raises:
            PipelineError: topic, store or log cannot be read even then.
        """

        def look() -> Observation | None:
            seen = self.observe(time.time() - since, end)
            verdict = reconcile(seen)
            return None if verdict.pending or verdict.waiting else seen

        try:
            found = wait_until(
                look,
                within=SETTLED_WITHIN_S,
                what="what is on its way to be stored",
                every=1.0,
                retry_on=(PipelineError,),
            )
        except WaitExpired:
            return self.observe(time.time() - since, end)
        return present(found, "observation")

    def errors_of(self, component: str, seconds: int) -> list[LogLine]:
        """The error lines of a component and its parts, oldest first; of a pod that has ended nobody has the log."""
        pods = self.cluster.list("pods")
        found = [line for part in self.pipeline.parts_of(component) for line in self._errors_in(part, pods, seconds)]
        return sorted(found, key=lambda line: line.at)

    def _errors_in(self, part: Component, pods: Sequence[K8sObject], seconds: int) -> list[LogLine]:
        own = [pod for pod in pods if part.owns(pod)]
        lives = [
            (name_of(pod), previous) for pod in own for previous in ([False, True] if restarts_of(pod) else [False])
        ]
        lines = []
        for pod, previous in lives:
            try:
                lines += self.cluster.logs(pod, part.container, lines=LOG_LINES, since=seconds, previous=previous)
            except NoData:
                continue  # it was replaced while this looked
        known = filter(None, map(stamped, lines))
        return [LogLine(at, text) for at, text in known if part.logs_an_error(text)]

    @contextmanager
    def _looking(self) -> Iterator[None]:
        try:
            yield
        except PipelineError:
            self.close()
            raise

    def _store(self) -> Bucket:
        if self._bucket is None:
            way = self._way(roles.INFLUXDB)
            self._bucket = open_bucket(self.pipeline, self.cluster.list("secrets"), way, self._ways)
        return self._bucket

    def _way(self, component: str) -> PortForward:
        part, service = self.pipeline[component], self.pipeline.service(component)
        slices = self.cluster.list("endpointslices", namespace=part.namespace)
        endpoint = ready_endpoint(service, part.label_selector, slices, part.namespace or self.cluster.namespace)
        return self._ways.enter_context(PortForward(self.cluster, replace(endpoint, namespace=part.namespace)))

    def _messages(
        self, since: float, end: Mapping[int, int]
    ) -> tuple[list[Message], list[str], Mapping[int, int], Mapping[int, int]]:
        topic = self.pipeline.topics.readings
        first, start = offsets_since(self.kafka(), topic, list(end), since)
        messages: list[Message] = []
        lacking: list[str] = []

        def enter(record: Any) -> None:
            try:
                messages.append(Message(record.partition, record.offset, self.fields.identity_of(record.value)))
            except Unidentified as error:
                lacking.append(str(error))

        read_records(self.kafka(), topic, start, end, enter)
        return messages, lacking, first, start


def fields_of(pipeline: Pipeline) -> MessageFields:
    """What tells the pipeline's messages apart. Raises PreconditionNotMet where its profile does not say so."""
    if pipeline.message is None:
        raise PreconditionNotMet(
            f"the profile of {pipeline.name} has no [message]: its messages are told apart by their numbers",
            next_step="make chaos, which compares what was sent, in the topic and stored by number",
        )
    return pipeline.message


def stored_in(bucket: Bucket, fields: MessageFields, messages: Sequence[Message]) -> Counter[Identity]:
    """How many points the store has of each identity within the time of the messages.

    Raises:
        PipelineError: InfluxDB does not answer, or what it stores has other tags than the profile says.
    """
    if not messages:
        return Counter()
    times = [message.identity.time_ns for message in messages]
    when = f"time >= {min(times)} AND time <= {max(times)}"
    by = ", ".join(map(identifier, fields.stored_as))
    found = bucket.select(identifier(bucket.store.value), when, by=by, timeout_s=STORE_TIMEOUT_S)
    for tag in fields.stored_as:
        if any(not series.tags.get(tag) for series in found):  # InfluxQL groups by what there is not, too
            raise UnexpectedAnswer(
                f"what is stored in {bucket.store.measurement} has no tag {tag!r}: [message] names it"
            )
    if not found:
        _require_any(bucket)
    return Counter(
        Identity(tuple(series.tags[tag] for tag in fields.stored_as), int(row[0]))
        for series in found
        for row in series.rows
    )


def _require_any(bucket: Bucket) -> None:
    """Raise ``NoData`` where nothing was ever stored in the place that the profile names."""
    store = bucket.store
    if not bucket.select(f"LAST({identifier(store.value)})", "time > 0", timeout_s=STORE_TIMEOUT_S):
        raise NoData(
            f"the bucket {store.bucket} has never had a field {store.value} of {store.measurement}: [store] names"
            " another place than readings are stored in, or none ever was"
        )
