"""The looks at a pipeline that are taken several times a second: pods, the newest stored readings, the group's lag."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import datetime
from types import TracebackType
from typing import Any, Final

from pipeline_services.clients.http import HttpApi, Tls
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.measure.samples import LagSample, PodSeen, PodsSample, StoredSample
from pipeline_services.model import names, roles
from pipeline_services.model.errors import NoData, PipelineError, UnexpectedAnswer
from pipeline_services.snapshot.sources.kubernetes import secret_value

LOOK_WITHIN: Final = 0.5
"""Seconds that one look at the stored readings may take: half of what bounds the recovery clock's error."""
METRICS_PORT: Final = 8000
KAFKA_POD: Final = f"{roles.KAFKA}-0"
INFLUXDB_POD: Final = f"{roles.INFLUXDB}-0"
_NEWEST: Final = f"SELECT LAST(sequence) FROM {names.MEASUREMENT} WHERE time > now() - 2m GROUP BY producer_id"


class Probes(AbstractContextManager["Probes"]):
    """Ways to the pods of the data path that outlive these pods: a StatefulSet's pod comes back under its name.

    Raises:
        PipelineError: on entering, when a part is away.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._open = ExitStack()
        self._kafka: KafkaBroker | None = None

    def __enter__(self) -> Probes:
        secrets = self.cluster.list("secrets")
        self.token = secret_value(secrets, names.READ_SECRET, "token").decode().strip()
        self.ca = secret_value(secrets, names.TLS_SECRET, "ca.crt").decode()
        self.kafka_forward = self._forward(names.KAFKA_SERVICE, KAFKA_POD)
        self.influx_forward = self._forward(names.INFLUXDB_SERVICE, INFLUXDB_POD)
        self.influx = HttpApi(roles.INFLUXDB, self.influx_forward.port, tls=Tls(names.INFLUXDB_SERVICE, self.ca))
        self._open.callback(self.influx.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop_kafka()
        self._open.close()

    def _forward(self, service: str, pod: str) -> PortForward:
        endpoint = Endpoint(service, pod, names.SERVICE_PORTS[service])
        return self._open.enter_context(PortForward(self.cluster, endpoint))

    def pods(self) -> PodsSample:
        """All pods of the namespace."""
        asked = time.time()
        try:
            pods = tuple(pod_seen(pod) for pod in self.cluster.list("pods", timeout=2.0))
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
        """By producer_id the event time of its newest stored reading, epoch seconds.

        Raises:
            PipelineError: InfluxDB does not answer, or not to that.
        """
        query = {"db": names.INFLUXDB_BUCKET, "epoch": "ns", "q": _NEWEST}
        answer = self.influx.ask_json("/query", query, headers=self.authorization, timeout=LOOK_WITHIN)
        try:
            series = answer["results"][0].get("series") or []
            return {str(one["tags"]["producer_id"]): one["values"][0][0] / 1e9 for one in series}
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise UnexpectedAnswer(f"InfluxDB's newest readings cannot be read: {error}") from error

    @property
    def authorization(self) -> Mapping[str, str]:
        """The header that lets InfluxDB's bucket be read."""
        return {"Authorization": f"Token {self.token}"}

    def lag(self) -> LagSample:
        """The consumer group's lag, its offsets and its members."""
        asked = time.time()
        try:
            if self._kafka is None:
                self._kafka = KafkaBroker(self.kafka_forward.port).__enter__()
            offsets = self._kafka.offsets(names.CONSUMER_GROUP, names.TOPIC, list(range(names.TOPIC_PARTITIONS)))
            group = self._kafka.group(names.CONSUMER_GROUP)
        except PipelineError as error:
            self._drop_kafka()
            return LagSample(asked, time.time(), error.message)
        if not any(offsets.committed.values()):  # so says a coordinator that has not read them yet after a restart
            return LagSample(asked, time.time(), f"Kafka knows of no offset that {names.CONSUMER_GROUP} has committed")
        end = sum(offsets.end.values())
        committed = {number: offsets.committed.get(number) or 0 for number in offsets.end}
        held = {str(member["id"]): len(member["partitions"]) for member in group["members"]}
        lag = end - sum(committed.values())
        return LagSample(asked, time.time(), "", lag, end, committed, str(group["state"]), held)

    def _drop_kafka(self) -> None:
        kafka, self._kafka = self._kafka, None
        if kafka is not None:
            with suppress(PipelineError):
                kafka.__exit__(None, None, None)

    def metric(self, pod: str, name: str, labels: Mapping[str, str]) -> float:
        """One metric of an app's pod, asked of the pod itself; 0.0 for a series that it does not have.

        Raises:
            ServiceUnreachable: the pod does not answer.
            UnexpectedAnswer: it answers something else.
        """
        with PortForward(self.cluster, Endpoint(pod, pod, METRICS_PORT)) as forward:
            http = HttpApi(pod, forward.port, cause=lambda: forward.failure)
            try:
                answer = http.ask("/metrics", timeout=2.0)
            finally:
                http.close()
        if answer.status != 200:
            raise UnexpectedAnswer(f"{pod} answers {answer.status} to /metrics")
        return metric_value(answer.text, name, labels)

    def pod(self, name: str) -> dict[str, Any]:
        """One pod as the API gives it.

        Raises:
            NoData: there is none of that name.
        """
        for pod in self.cluster.list("pods"):
            if pod["metadata"]["name"] == name:
                return pod
        raise NoData(f"there is no pod {name}")


def metric_value(text: str, name: str, labels: Mapping[str, str]) -> float:
    """The value of a series in Prometheus' text form; the sum where ``labels`` fit several, 0.0 where none."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    total = 0.0
    for line in text.splitlines():
        series, _, value = line.rpartition(" ")
        if series.partition("{")[0] == name and all(pair in series for pair in wanted):
            total += float(value)
    return total


def pod_seen(pod: Mapping[str, Any]) -> PodSeen:
    """What a sample keeps of a pod."""
    metadata, status = pod["metadata"], pod["status"]
    containers = status.get("containerStatuses") or []
    life = "/".join([str(metadata["uid"]), *(str(one.get("containerID", "")) for one in containers)])
    conditions: list[dict[str, Any]] = status.get("conditions") or []
    ready = next((one for one in conditions if one["type"] == "Ready"), {})
    return PodSeen(
        name=str(metadata["name"]),
        app=str((metadata.get("labels") or {}).get("app", "")),
        life=life,
        ready=ready.get("status") == "True",
        going=bool(metadata.get("deletionTimestamp")),
        status=_status(status, containers),
        restarts=sum(int(one.get("restartCount", 0)) for one in containers),
        ready_since=_epoch(ready.get("lastTransitionTime")) if ready.get("status") == "True" else None,
    )


def _status(status: Mapping[str, Any], containers: list[dict[str, Any]]) -> str:
    """As ``kubectl get pods`` says it."""
    for container in containers:
        state = container.get("state") or {}
        reason = (state.get("waiting") or state.get("terminated") or {}).get("reason")
        if reason:
            return str(reason)
    return str(status.get("phase", "Unknown"))


def _epoch(text: str | None) -> float | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else None
