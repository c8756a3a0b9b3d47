"""Which workload plays which role: by its image, its ports, its name, and by whom it is told to connect to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline_services.discover.connections import Connections
from pipeline_services.discover.namespace import Namespace, Workload
from pipeline_services.model import roles
from pipeline_services.model.k8s import volumes_of
from pipeline_services.model.pipeline import DAEMON_SET

IMAGE, PORT, NAME, READS_LOGS, TOLD, TOKEN = 4, 3, 2, 4, 2, 3
"""What each clue is worth."""
SURE: Final = 5
LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class Signs:
    """What a server is known by: a word in its image or name, and its port."""

    words: str
    port: int = 0


SERVERS: Final[Mapping[str, Signs]] = {
    roles.KAFKA: Signs(r"kafka|redpanda", 9092),
    roles.INFLUXDB: Signs(r"influx", 8086),
    roles.PROMETHEUS: Signs(r"prometheus|victoria-?metrics", 9090),
    roles.GRAFANA: Signs(r"grafana", 3000),
    roles.LOKI: Signs(r"loki", 3100),
    roles.LOG_SHIPPER: Signs(r"promtail|fluent-?bit|fluentd|vector|alloy|filebeat|otel|log-?shipper|logs?-?agent"),
}
_PRODUCER: Final = re.compile(r"producer|publisher|gateway|sensor|simulator|generator|source|ingest")
_PROCESSOR: Final = re.compile(r"processor|consumer|etl|sink|writer|transform|stream|worker")
_GROUP: Final = re.compile(r"(?i)group")
_TOKEN: Final = re.compile(r"(?i)token|password|api_?key")
_TOLD_OF_KAFKA: Final = "is given Kafka's address"
_LOGS: Final = "/var/log"


@dataclass(frozen=True, slots=True)
class Claim:
    """A role and the workload that plays it.

    Attributes:
        score: what the clues are worth together. clues: them, in words.
        part_of: the role of another workload that it plays as well; ``role`` is then the name of its own component.
    """

    role: str
    workload: Workload
    score: int
    clues: tuple[str, ...]
    part_of: str = ""

    @property
    def is_sure(self) -> bool:
        return self.score >= SURE

    @property
    def by(self) -> str:
        return f"{self.workload}: {', '.join(self.clues)}"


def claims(namespace: Namespace, known: Mapping[str, tuple[str, str]]) -> dict[str, Claim]:
    """The workload of each role that one can play; each plays one at most. Servers first: clients are known by them.

    Args:
        known: kind and name of the workload that is known to play a role, by that.
    """
    there = {(one.kind, one.name): one for one in namespace.workloads}
    said = {role: Claim(role, there[one], SURE, ("its profile",)) for role, one in known.items() if one in there}
    servers = _assigned([one for workload in namespace.workloads for one in _server_claims(workload)], said)
    connections = Connections.between(namespace, {role: one.workload for role, one in servers.items()})
    clients = [one for workload in namespace.workloads for one in _client_claims(workload, connections)]
    found = _assigned(clients, servers)
    return found | _further(clients, found)


def _further(wanted: Iterable[Claim], found: Mapping[str, Claim]) -> dict[str, Claim]:
    """Workloads that surely play a role which another one plays already: each a component of its own, part of that."""
    taken = {one.workload for one in found.values()}
    more: dict[str, Claim] = {}
    for claim in sorted(wanted, key=lambda one: -one.score):
        name = claim.workload.name
        travels = any(clue.startswith(_TOLD_OF_KAFKA) for clue in claim.clues)
        if travels and claim.is_sure and claim.workload not in taken and name not in (*found, *more):
            more[name] = Claim(name, claim.workload, claim.score, claim.clues, part_of=claim.role)
    return more


def _assigned(wanted: Iterable[Claim], before: Mapping[str, Claim]) -> dict[str, Claim]:
    found = dict(before)
    for claim in sorted(wanted, key=lambda one: (-one.score, one.workload.name, one.role)):
        if claim.role not in found and claim.workload not in {one.workload for one in found.values()}:
            found[claim.role] = claim
    return found


def _server_claims(workload: Workload) -> Iterable[Claim]:
    for role, signs in SERVERS.items():
        clues = dict(_server_clues(workload, signs))
        if role == roles.LOG_SHIPPER:
            clues |= _reads_logs(workload) if workload.kind == DAEMON_SET else {}
        if sum(clues.values()) >= LEAST and (role != roles.LOG_SHIPPER or workload.kind == DAEMON_SET):
            yield Claim(role, workload, sum(clues.values()), tuple(clues))


def _server_clues(workload: Workload, signs: Signs) -> Iterable[tuple[str, int]]:
    for container in workload.containers:
        image = str(container.get("image") or "")
        if re.search(signs.words, program_of(image)):
            yield f"image {image}", IMAGE
            break
    if signs.port in workload.ports:
        yield f"port {signs.port}", PORT
    if re.search(signs.words, workload.name):
        yield "its name", NAME


def _reads_logs(workload: Workload) -> dict[str, int]:
    paths = [str((one.get("hostPath") or {}).get("path") or "") for one in volumes_of(workload.template)]
    return {f"mounts {_LOGS} of the node": READS_LOGS} if any(path.startswith(_LOGS) for path in paths) else {}


def _client_claims(workload: Workload, connections: Connections) -> Iterable[Claim]:
    """Only by its name where nothing is said of Kafka: what told it so may be missing."""
    targets = connections.of(workload)
    told = {f"{_TOLD_OF_KAFKA} by {targets[roles.KAFKA].by}": TOLD} if roles.KAFKA in targets else {}
    token = {f"token in {name}": TOKEN for name, _ in workload.secrets[:1] if _TOKEN.search(name)}
    stores = {f"is given InfluxDB's address by {targets[roles.INFLUXDB].by}": TOLD} if roles.INFLUXDB in targets else {}
    group = {f"group by {one.by}": 1 for one in workload.variables if _GROUP.search(one.name)}
    name = f"{workload.name} {' '.join(program_of(str(one.get('image') or '')) for one in workload.containers)}"
    named = {"its name": NAME + 1}
    as_processor = told | stores | token | dict([*group.items()][:1]) | (named if _PROCESSOR.search(name) else {})
    only = {"and nothing else": TOLD} if told and not token and not stores else {}
    as_producer = told | only | (named if _PRODUCER.search(name) else {})
    for role, clues in ((roles.PROCESSOR, as_processor), (roles.PRODUCER, as_producer)):
        if told or named.keys() <= clues.keys():
            yield Claim(role, workload, sum(clues.values()), tuple(clues))


def program_of(image: str) -> str:
    """The last part of an image's name, without tag and digest: ``kafka`` of ``docker.io/bitnami/kafka:3.7``."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]
