"""What the broker was told by hand: settings of its own, of topics, and limits on clients (section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pipeline_services.checklist import checks
from pipeline_services.judgements import brokers
from pipeline_services.judgements.kafka import limited, meaning_of, other_settings
from pipeline_services.model import roles
from pipeline_services.model.commands import DESCRIBE_TOPIC
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.causes.log_lines import logged
from pipeline_services.triage.causes.refusals import refused_for
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding

_SET_BROKER: Final = (
    "kubectl exec -n {namespace} {pod:kafka} -- kafka-configs.sh --bootstrap-server localhost:{port:kafka}"
)

CAUSES: Final = (
    Cause(
        "topic-set-otherwise",
        "a topic's settings are not as declared",
        Escalation.L2,
        "kafka-statefulset-failure",
        steps=(
            f"{_SET_BROKER} --describe --all --entity-type topics --entity-name {{name}}",
            f"{_SET_BROKER} --alter --entity-type topics --entity-name {{name}} {{change}}",
        ),
        undo=f"{_SET_BROKER} --alter --entity-type topics --entity-name {{name}} {{back}}",
        afterwards="the checks of the topic's settings are green",
    ),
    Cause(
        "broker-set-otherwise",
        "a setting of the brokers was changed at run time",
        Escalation.L2,
        "kafka-statefulset-failure",
        steps=(
            f"{_SET_BROKER} --describe --entity-type brokers",
            f"{_SET_BROKER} --alter --entity-type brokers {{whom}} --delete-config {{limits}}",
        ),
        undo=f"{_SET_BROKER} --alter --entity-type brokers {{whom}} --add-config {{values}}",
        afterwards="nothing is set at run time",
    ),
    Cause(
        "clients-limited",
        "a quota of the broker throttles clients",
        Escalation.L2,
        "kafka-statefulset-failure",
        steps=(f"{_SET_BROKER} --describe {{whom}}", f"{_SET_BROKER} --alter {{whom}} --delete-config {{limits}}"),
        undo=f"{_SET_BROKER} --alter {{whom}} --add-config {{values}}",
        afterwards="no quota is left, the backlog falls",
    ),
)

_ENTITIES: Final[Mapping[str, str]] = {"client-id": "clients", "user": "users", "ip": "ips"}
"""A quota's types of clients, and what kafka-configs.sh calls them."""


_OF_A_TOPIC: Final = frozenset({"retention.ms", "retention.bytes", "cleanup.policy"})
_DELETES: Final = frozenset(
    {*_OF_A_TOPIC, *(f"log.{one}" for one in _OF_A_TOPIC), "log.retention.minutes", "log.retention.hours"}
)
"""Settings that are not set back by an undo: Kafka would delete readings, or committed offsets, at once."""
_NOT_SHOWN: Final = "None"
"""The value of a password: brokers do not tell it."""


def findings(evidence: Evidence) -> Iterator[Finding]:
    """What the broker was told."""
    yield from _brokers(evidence)
    yield from _offsets(evidence)
    yield from _topics(evidence)
    yield from _quotas(evidence)


def _brokers(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each broker, or for all, with all that was set there."""
    if not evidence.failed(checks.BROKERS_SET_AS_DECLARED):
        return
    found = brokers.set_at_run_time(evidence.snapshot)
    for broker in dict.fromkeys(one["broker"] for one in found):
        told = [one for one in found if one["broker"] == broker]
        own, lines = {one["key"]: one["value"] for one in told}, list(map(brokers.said, told))
        more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
        back = {key: value for key, value in own.items() if key not in _DELETES and value != _NOT_SHOWN}
        refused = refused_for(evidence, own)
        finding = make_finding(
            About(
                evidence,
                roles.KAFKA,
                subject=f"broker/{broker or 'all'}",
                affects=None if refused else (),
                details={
                    "whom": f"--entity-name {broker}" if broker else "--entity-default",
                    "limits": ",".join(own),
                    "values": " ".join(_values(back)),
                },
            ),
            "broker-set-otherwise",
            f"{lines[0]}{more}: all topics and clients go by that, whatever the brokers' file says",
            *lines,
            *logged(refused),
        )
        yield finding if back else replace(finding, undo="")


def _offsets(evidence: Evidence) -> Iterator[Finding]:
    """The topic in which the brokers keep the committed offsets."""
    found = brokers.offsets_set_otherwise(evidence.snapshot) if evidence.failed(checks.BROKERS_SET_AS_DECLARED) else {}
    if not found:
        return
    key, kept = brokers.COMPACTED
    taken_away = ",".join(one for one in found if one != key)
    change = [*_add({key: kept} if key in found else {}), *([f"--delete-config {taken_away}"] if taken_away else [])]
    lines = [f"{one} of topic {brokers.OFFSETS} is {value}" for one, value in found.items()]
    back = _add({one: value for one, value in found.items() if one not in _DELETES})
    told = make_finding(
        About(
            evidence,
            roles.KAFKA,
            subject=f"topic/{brokers.OFFSETS}",
            affects=(),
            details={"name": brokers.OFFSETS, "change": " ".join(change), "back": " ".join(back)},
        ),
        "topic-set-otherwise",
        f"{lines[0]}: committed offsets may be deleted, and readings are then stored again, or passed over",
        *lines,
    )
    yield told if back else replace(told, undo="")


def _topics(evidence: Evidence) -> Iterator[Finding]:
    by_brokers = bool(evidence.failed(checks.BROKERS_SET_AS_DECLARED))
    for one in evidence.failed(checks.TOPIC_SET_AS_DECLARED):
        (topic,) = one.parameters
        own = {key for key, known in evidence.snapshot.data("kafka_settings")[topic].items() if known["own"]}
        differing = list(other_settings(evidence.snapshot, topic))
        other = [row for row in differing if row[0] in own or not by_brokers]
        if not other:
            if not differing:
                yield _more_partitions(evidence, topic, one.why)
            continue  # else it only follows its broker
        put_right = _add({key: declared for key, _, declared in other if declared})
        taken_away = ",".join(key for key, _, declared in other if not declared)
        back = _add({key: value for key, value, _ in other if key not in _DELETES})
        of_readings = topic == evidence.pipeline.topics.readings
        refused = refused_for(evidence, (key for key, _, _ in other)) if of_readings else []
        told = make_finding(
            About(
                evidence,
                roles.KAFKA,
                subject=f"topic/{topic}",
                affects=None if refused else (),
                details={
                    "name": topic,
                    "change": " ".join([*put_right, *([f"--delete-config {taken_away}"] if taken_away else [])]),
                    "back": " ".join(back),
                },
            ),
            "topic-set-otherwise",
            f"{one.why}{f', and {len(other) - 1} more' if len(other) > 1 else ''}: {meaning_of(other[0][0])}",
            *(f"{key}={value}, declared: {declared or 'nothing'}" for key, value, declared in other),
            *logged(refused),
        )
        yield told if back else replace(told, undo="")


def _more_partitions(evidence: Evidence, topic: str, why: str) -> Finding:
    """No command takes partitions away from a topic: either they are declared, or it is made anew once it is empty."""
    told = make_finding(
        About(
            evidence,
            roles.KAFKA,
            subject=f"topic/{topic}",
            affects=(),
            details={"name": topic, "topic": topic, "change": "", "back": ""},
        ),
        "topic-set-otherwise",
        f"{why}: readings of a device go to another partition than before, and no partition can be taken away",
        why,
        steps=(DESCRIBE_TOPIC,),
    )
    return replace(told, undo="")


def _add(values: Mapping[str, str]) -> list[str]:
    """The words that set these."""
    return [f"--add-config {one}" for one in _values(values)]


def _values(values: Mapping[str, str]) -> list[str]:
    """Them as one word, where there are any; a list of values stands in brackets."""
    words = [f"{key}=[{value}]" if "," in value else f"{key}={value}" for key, value in values.items()]
    return [f"'{','.join(words)}'"] if words else []


def _quotas(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.failed(checks.CLIENTS_NOT_LIMITED):
        return
    for quota in evidence.data("kafka_quotas") or []:
        values = ",".join(f"{key}={value:.0f}" for key, value in sorted(quota["limits"].items()))
        yield make_finding(
            About(
                evidence,
                roles.KAFKA,
                subject=f"quota/{limited(quota)}",
                details={"whom": _whom(quota), "limits": ",".join(sorted(quota["limits"])), "values": values},
            ),
            "clients-limited",
            f"the broker limits {limited(quota)} to {values}",
            f"quota for {limited(quota)}: {values}",
        )


def _whom(quota: Mapping[str, Any]) -> str:
    """The words with which kafka-configs.sh is told whom a quota is about."""
    return " ".join(
        f"--entity-type {_ENTITIES.get(kind, kind)} {f'--entity-name {name}' if name else '--entity-default'}"
        for kind, name in sorted(quota["for"].items())
    )
