"""A cluster with one pod of a version in it, as far as a trial looks at it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipeline_services.apps.load import Load
from pipeline_services.audit.records import Records
from pipeline_services.clients.kafka_broker import Offsets
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline

LOAD = Load("bench-1790000000", 100, 10**18)
ALL = dict.fromkeys(range(5), 20)
STAT = "cpu  1000 0 0 9000 0 0 0 0 0 0\n"


@dataclass
class Version:
    """How a version behaves: it is ready at look ``ready_at``, and its container ends by itself at look ``ends_at``."""

    ready_at: int = 2
    ends_at: int = 10**9
    reason: str = "Error"
    drains: bool = True
    stops: bool = True
    log: Sequence[str] = ('{"level": "INFO", "message": "began"}',)


@dataclass
class FakeCluster:
    """The API server, the node and the broker together. ``version`` is how the next pod behaves."""

    version: Version = field(default_factory=Version)
    namespace: str = "ns"
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks: int = 0
    applied: list[dict[str, Any]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        assert kind == "Pod"
        pod = self.pods.get(name)
        if pod is None:
            return None
        self.looks += 1
        ended = int(self.looks >= self.version.ends_at)
        ready = self.looks >= self.version.ready_at and not ended
        status: dict[str, Any] = {
            "name": "processor",
            "restartCount": ended,
            "containerID": "containerd://abcdef012345",
        }
        status["state"] = {"running": {"startedAt": pod["started"]}}
        if ended:
            status["lastState"] = {"terminated": {"reason": self.version.reason, "exitCode": 1}}
        conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
        state = {"phase": "Running", "containerStatuses": [status], "conditions": conditions}
        return {**pod, "status": state}

    def list(self, kind: str) -> list[dict[str, Any]]:
        assert kind == "pods"
        return list(self.pods.values())

    def apply(self, manifest: dict[str, Any]) -> None:
        self.applied.append(manifest)
        self.looks = 0
        started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.pods[manifest["metadata"]["name"]] = {**manifest, "started": started}

    def delete(self, _kind: str, name: str) -> None:
        self.steps.append("SIGTERM")
        if self.version.stops:
            del self.pods[name]

    def call(self, method: str, path: str, _body: Any = None, _content_type: str = "") -> dict[str, Any]:
        assert method == "DELETE"
        beginning, _, name = path.partition("&fieldSelector=metadata.name%3D")
        assert beginning.endswith("pods?labelSelector=app%3Dbench-pipeline")
        self.pods.pop(name, None)
        return {}

    def logs(self, _pod: str, _container: str, *, previous: bool = False, **_options: Any) -> list[str]:
        return ["before it was started again"] if previous else list(self.version.log)

    def on_node(self, words: Sequence[str]) -> str:
        script = words[2]
        if "setsid" in script or "kill -0" in script:
            self.steps.append("turns begin" if "setsid" in script else "turns end")
            return "77\n"
        if "NSpid" in script:
            return "4242 1 S\n"
        if "/proc/uptime" in script:
            return "10000 105.0\n"  # began at 100 s of the 105 s that the machine runs
        return f"cpu-ns 650000000\nVmHWM: 65536 kB\n{STAT}" if "cpuacct" in script else STAT


class FakeBroker:
    """The broker: the group has committed everything, or nothing."""

    cluster: FakeCluster
    end = ALL
    away = False

    def __init__(self, _port: int) -> None: ...

    def __enter__(self) -> FakeBroker:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def offsets(self, _group: str, _topic: str, _partitions: list[int]) -> Offsets:
        if self.away:
            raise ServiceUnreachable("kafka cannot be reached")
        return Offsets(time.time(), self.end if self.cluster.version.drains else {}, self.end)


@dataclass
class FakeStore:
    """InfluxDB: stores what it was given, without the readings whose numbers are ``lost``."""

    lost: set[int] = field(default_factory=set)
    made: list[str] = field(default_factory=list)

    def make(self, bucket: str) -> None:
        self.made.append(bucket)

    def points(self, _bucket: str, load: Load) -> Records:
        readings = [reading for number, reading in enumerate(load) if number not in self.lost]
        return Records(((one.producer_id, one.device_id), one.sequence, one.checksum()) for one in readings)

    def count(self, _bucket: str) -> int:
        return LOAD.readings - len(self.lost)

    def types(self, _bucket: str) -> dict[str, str]:
        return {"sequence": "integer"}


class Ways:
    """The probes, as far as they are asked."""

    pipeline = Pipeline.load()

    class kafka_forward:  # noqa: N801 - an attribute of the probes
        port = 1
