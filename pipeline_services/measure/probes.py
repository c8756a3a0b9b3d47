"""The looks at a pipeline that are taken several times a second: pods, the newest stored readings, the group's lag."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from types import MappingProxyType
from typing import Any, Final

from pipeline_services.clients.http import READ_TIMEOUT, HttpApi, Tls
from pipeline_services.clients.influxdb import NANO, Bucket, identifier
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.clients.store_access import store_tls
from pipeline_services.measure.samples import LagSample, PodSeen, PodsSample, StoredSample
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PipelineError, UnexpectedAnswer
from pipeline_services.model.k8s import (
    K8sObject,
    container_statuses,
    is_ready,
    is_terminating,
    name_of,
    phase_of,
    restarts_of,
    secret_text,
    state_of,
    uid_of,
)
from pipeline_services.model.pipeline import Pipeline

LOOK_TIMEOUT_S: Final = 0.5
"""Seconds that one look at the stored readings may take: half of what bounds the recovery clock's error."""


class Probes:
    """Connections to the pods of the data path that outlive these pods: a StatefulSet's pod keeps its name."""

    def __init__(self, cluster: Cluster, pipeline: Pipeline, ways: ExitStack) -> None:
        self.cluster = cluster
        self.pipeline = pipeline
        self._kafka: KafkaBroker | None = None
        self._ways = ways
        ways.callback(self._drop_kafka)
        secrets = cluster.list("secrets")
        tls, token = store_tls(pipeline, secrets), secret_text(secrets, pipeline.config.read_token)
        self.kafka_forward = ways.enter_context(self._forward(roles.KAFKA))
        self.influx_forward = ways.enter_context(self._forward(roles.INFLUXDB))
        self.use(token, tls.ca if tls else "")

    def use(self, token: str, ca: str) -> None:
        """Ask InfluxDB from now on with this token, and trust this CA (PEM; empty: plain HTTP)."""
        self.ca = ca
        server = Tls(self.pipeline.service(roles.INFLUXDB).name, ca) if ca else None
        self.influx = self._ways.enter_context(closing(HttpApi(roles.INFLUXDB, self.influx_forward.port, tls=server)))
        self.bucket = Bucket(self.influx, self.pipeline.store, token)

    @classmethod
    @contextmanager
    def open(cls, cluster: Cluster, pipeline: Pipeline) -> Iterator[Probes]:
        """Keep the ways open while the block runs. Raises PipelineError where a part is away."""
        with ExitStack() as ways:
            yield cls(cluster, pipeline, ways)

    def _forward(self, component: str) -> PortForward:
        service = self.pipeline.service(component)
        return PortForward(self.cluster, Endpoint(service.name, self.pipeline[component].first_pod, service.port))

    def pods(self) -> PodsSample:
        """All pods of the namespace."""
        asked = time.time()
        try:
            pods = tuple(pod_seen(pod, self.pipeline) for pod in self.cluster.list("pods", timeout_s=2.0))
        except PipelineError as error:
            return PodsSample(asked, time.time(), error.message)
        return PodsSample(asked, time.time(), pods=pods)

    def stored(self) -> StoredSample:
        """The newest stored reading of each producer's life."""
        asked = time.time()
        try:
            newest = self.newest()
        except PipelineError as error:
            return StoredSample(asked, time.time(), error.message)
        return StoredSample(asked, time.time(), newest=newest)

    def newest(self) -> dict[str, float]:
        """By producer_id the event time of its newest stored reading, epoch seconds; of readings without one, by "".

        Raises:
            PipelineError: InfluxDB does not answer, or not to that.
        """
        when, by = "time > now() - 2m", "producer_id"
        if self.pipeline.message:
            last = f"LAST({identifier(self.pipeline.store.value)})"
            found = self.bucket.select(last, when, timeout_s=LOOK_TIMEOUT_S)
            return {"": max(one.rows[0][0] for one in found) / NANO} if found else {}
        series = self.bucket.select("LAST(sequence)", when, by=by, timeout_s=LOOK_TIMEOUT_S)
        return {one.tags[by]: one.rows[0][0] / NANO for one in series}

    def lag(self) -> LagSample:
        """The consumer group's lag, its offsets and its members."""
        asked, topics = time.time(), self.pipeline.topics
        try:
            if self._kafka is None:
                self._kafka = KafkaBroker(self.kafka_forward.port).__enter__()
            offsets = self._kafka.offsets(topics.group, topics.readings, topics.partition_numbers)
            group = self._kafka.group(topics.group)
        except PipelineError as error:
            self._drop_kafka()
            return LagSample(asked, time.time(), error.message)
        if not any(offsets.committed.values()):  # so says a coordinator that has not read them yet after a restart
            return LagSample(asked, time.time(), f"Kafka knows of no offset that {topics.group} has committed")
        end = sum(offsets.end.values())
        committed = {number: offsets.committed.get(number) or 0 for number in offsets.end}
        held = {str(member["id"]): len(member["partitions"]) for member in group["members"]}
        return LagSample(asked, time.time(), "", offsets.lag, end, committed, str(group["state"]), held)

    def _drop_kafka(self) -> None:
        kafka, self._kafka = self._kafka, None
        if kafka is not None:
            with suppress(PipelineError):
                kafka.__exit__(None, None, None)

    def metric(self, component: str, pod: str, name: str, labels: Mapping[str, str]) -> float:
        """One metric of a component's pod, asked of the pod itself; 0.0 for a series that it does not have.

        Raises:
            ServiceUnreachable: the pod does not answer.
            UnexpectedAnswer: it answers something else.
        """
        return series_in(self.metrics(component, pod, timeout_s=2.0), labels).get(name, 0.0)

    def metrics(self, component: str, pod: str, timeout_s: float = READ_TIMEOUT) -> str:
        """All metrics of a component's pod, in Prometheus' text form. Raises as ``metric``."""
        endpoint = Endpoint(pod, pod, self.pipeline[component].metrics_port)
        with (
            PortForward(self.cluster, endpoint) as forward,
            closing(HttpApi(pod, forward.port, cause=lambda: forward.failure)) as http,
        ):
            answer = http.ask("/metrics", timeout=timeout_s)
        if answer.status != 200:
            raise UnexpectedAnswer(f"{pod} answers {answer.status} to /metrics")
        return answer.text

    def pod(self, name: str) -> dict[str, Any]:
        """One pod as the API gives it. Raises NoData where there is none of that name."""
        for pod in self.cluster.list("pods"):
            if name_of(pod) == name:
                return pod
        raise NoData(f"there is no pod {name}")


def series_in(text: str, labels: Mapping[str, str] = MappingProxyType({})) -> dict[str, float]:
    """By name the sum over a metric's series that have the labels, from Prometheus' text form."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    found: dict[str, float] = {}
    for line in text.splitlines():
        series, _, value = line.rpartition(" ")
        if series and not line.startswith("#") and all(pair in series for pair in wanted):
            name = series.partition("{")[0]
            found[name] = found.get(name, 0.0) + float(value)
    return found


def pod_seen(pod: K8sObject, pipeline: Pipeline) -> PodSeen:
    """What a sample keeps of a pod."""
    component, containers = pipeline.component_of(pod), container_statuses(pod)
    return PodSeen(
        name=name_of(pod),
        app=component.id if component else "",
        incarnation="/".join([uid_of(pod), *(str(one.get("containerID", "")) for one in containers)]),
        ready=is_ready(pod),
        terminating=is_terminating(pod),
        status=_status(pod, containers),
        restarts=restarts_of(pod),
    )


def _status(pod: K8sObject, containers: Sequence[K8sObject]) -> str:
    """As ``kubectl get pods`` says it."""
    for container in containers:
        reason = (state_of(container, "waiting") or state_of(container, "terminated")).get("reason")
        if reason:
            return str(reason)
    return phase_of(pod) or "Unknown"
