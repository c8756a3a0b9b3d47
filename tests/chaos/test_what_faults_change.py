"""Whatever a fault of the catalogue can change is compared before and after it, by what the faults themselves do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from chaos.mitigations import mitigations
from chaos.scenarios import MATRIX, RECOVERY
from pipeline_services.apps.load import TOPIC_PREFIX
from pipeline_services.experiment import inventory
from pipeline_services.experiment.leftovers import LISTS
from pipeline_services.faults import stores
from pipeline_services.faults.journal import Call, Command, Step
from pipeline_services.faults.model import Fault
from pipeline_services.model.kinds import KINDS, kind_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.release.ground import ground
from pipeline_services.reporting.runbook import commands, runbook
from tests.chaos.stand_in import StandIn

OWN = Pipeline.load()
SCENARIOS = {**{f"recovery-{name}": one for name, one in RECOVERY.items()}, **MATRIX}
CLIENTS: Final = "clients"
BROKERS: Final = "brokers"
OF_KAFKA: Final = frozenset({"topics", CLIENTS, BROKERS})
"""What ``inventory`` asks Kafka for."""
STATUS: Final = {("", "nodes")}
"""Of these the inventory has what somebody else than the cluster adds to the status."""


def faults() -> Iterator[Fault]:
    """Every change that is made and undone: of scenarios, before blocks of the runbook are typed, and of a release."""
    pipeline: Any = StandIn(OWN, {})
    for scenario in (one.filled(OWN) for one in SCENARIOS.values()):
        yield scenario.fault(pipeline)
        if scenario.arranged:
            yield scenario.arranged(pipeline)
    yield from (one.fault(pipeline) for one in mitigations(commands.changes(runbook.RUNBOOK.read_text())))
    yield ground(OWN, f"{TOPIC_PREFIX}1700000000", "token")


@pytest.fixture(scope="module")
def all_steps() -> list[Step]:
    return [step for fault in faults() for step in (*fault.inject, *fault.follow_up, *fault.undo)]


def place_of(path: str) -> tuple[str, str, str]:
    """The namespace (empty: none), the kind's plural and the subresource of an API path."""
    words = urlsplit(path).path.strip("/").split("/")
    words = words[2:] if words[0] == "api" else words[3:]
    if words[0] == "namespaces" and len(words) > 2:
        return words[1], words[2], words[4] if len(words) > 4 else ""
    return "", words[0], words[2] if len(words) > 2 else ""


def list_of(namespace: str, plural: str) -> tuple[str, str]:
    """As ``LISTS`` has it: of the pipeline's own namespace, and of none, it says none."""
    return ("" if namespace == OWN.namespace else namespace, kind_of(plural).name)


def test_every_kind_of_object_that_a_fault_touches_is_compared(all_steps: list[Step]) -> None:
    compared = {(one.namespace, kind_of(one.kind).name) for one in LISTS.values()}
    touched = {list_of(*place_of(step.path)[:2]): step for step in all_steps if isinstance(step, Call)}
    assert {KINDS[kind].name for _, kind in touched} >= {"Ingress", "ValidatingWebhookConfiguration", "RoleBinding"}
    missing = {place: str(touched[place]) for place in touched.keys() - compared}
    assert missing == {}


def test_no_fault_changes_a_status_that_is_not_compared(all_steps: list[Step]) -> None:
    places = {place_of(step.path) for step in all_steps if isinstance(step, Call)}
    assert {(namespace, plural) for namespace, plural, part in places if part == "status"} <= STATUS


def store_subject(words: list[str]) -> str:
    """What a command of ``faults.stores`` is about; raises KeyError for a script that is not known here."""
    script = words[2]
    if script in (stores._INFLUX, stores._REMOVE):
        return f"{words[7]}s"
    if script == stores._CONFIGS:
        [subject] = re.findall(r"--entity-type (\w+)", " ".join(words))
        return str(subject)
    return {stores._TOPIC: "topics", stores._SHARDS: "buckets", stores._TOKEN: "authorizations"}[script]


def is_of_a_store(step: Step) -> bool:
    return isinstance(step, Command) and any(stores._INSIDE in word for word in step.words)


def test_whatever_a_fault_changes_inside_kafka_or_influxdb_is_compared(all_steps: list[Step]) -> None:
    commands: list[Any] = [step for step in all_steps if is_of_a_store(step)]
    subjects = {store_subject(step.words) for step in commands}
    assert subjects >= {"topics", "clients", "brokers", "buckets", "tasks", "authorizations", "orgs"}
    assert subjects <= OF_KAFKA | inventory._IN_INFLUXDB.keys()


def test_a_path_is_told_by_its_parts() -> None:
    assert place_of("/api/v1/namespaces/ns/pods/p/resize") == ("ns", "pods", "resize")
    assert place_of("/apis/apps/v1/namespaces/ns/deployments?labelSelector=a%2Fb") == ("ns", "deployments", "")
    assert place_of("/api/v1/namespaces/ns") == ("", "namespaces", "")
    assert place_of("/api/v1/nodes/one/status") == ("", "nodes", "status")
