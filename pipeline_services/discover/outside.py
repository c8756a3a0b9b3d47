"""A Kafka outside the cluster: an address that clients are told and that no Service of the namespace has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from pipeline_services.discover import wording
from pipeline_services.discover.facts import Facts
from pipeline_services.discover.namespace import Namespace, Workload
from pipeline_services.model.foreign import PLAINTEXT, Security
from pipeline_services.model.k8s import Setting

NOBODY: Final = "whoever runs this Kafka"
"""Whom to call, until somebody says who that is."""
_ADDRESSES: Final = re.compile(r"\s*[\w-]+(?:\.[\w-]+)+:\d+(?:\s*,\s*[\w-]+(?:\.[\w-]+)+:\d+)*\s*")
_IN_CLUSTER: Final = re.compile(r"\.svc(?:\.|:)")
_USER: Final = re.compile(r"(?i)(?:kafka|sasl|broker)\w*user")
_PASSWORD: Final = re.compile(r"(?i)(?:kafka|sasl|broker)\w*pass")


def told_outside(namespace: Namespace) -> Iterator[tuple[Workload, Setting]]:
    """The workloads that are told the address of a Kafka outside the cluster, and what tells them."""
    for workload in namespace.workloads:
        for setting in workload.variables:
            value = setting.value
            if wording.BOOTSTRAP.search(setting.name) and _ADDRESSES.fullmatch(value) and not _IN_CLUSTER.search(value):
                yield workload, setting
                break


def port_of(address: str) -> int:
    """The port of the first of some addresses."""
    return int(address.partition(",")[0].rpartition(":")[2])


def facts_of(client: Workload, setting: Setting) -> Facts:
    """What a profile says of that Kafka."""
    facts, table = Facts(), "components/kafka"
    facts.found(table, "address", ",".join(one.strip() for one in setting.value.split(",")), setting.by)
    facts.to_fill_in(table, "contact", "nothing in a cluster says whom to call about what runs outside it", NOBODY)
    security = _security(client)
    if security:
        facts.guessed(table, "security", security, f"the variables of {client}")
    return facts


def _security(client: Workload) -> dict[str, Any]:
    """How clients log in, where their variables say all of it."""
    protocol = wording.first(client.variables, wording.SECURITY_PROTOCOL)
    mechanism = wording.first(client.variables, wording.SASL_MECHANISM)
    if protocol is None or protocol.value == PLAINTEXT:
        return {}
    found: dict[str, Any] = {"protocol": protocol.value}
    if not Security(protocol.value).logs_in:
        return found
    held = {key: _held(client, words) for key, words in (("username", _USER), ("password", _PASSWORD))}
    return {**found, "mechanism": mechanism.value, **held} if mechanism and all(held.values()) else {}


def _held(client: Workload, words: re.Pattern[str]) -> dict[str, str]:
    found = next((one for name, one in client.secrets if words.search(name) and one.key), None)
    return {"secret": found.name, "key": found.key} if found else {}
