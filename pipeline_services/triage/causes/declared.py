"""What is live and was not declared so: named before anything fails for it, with what it will do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pipeline_services.checklist import checks
from pipeline_services.judgements import brokers, declared
from pipeline_services.judgements.drift import HELD, Drift
from pipeline_services.judgements.kafka import limited, other_settings
from pipeline_services.model import roles
from pipeline_services.model.commands import DESCRIBE_TOPIC
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import MOST_EVIDENCE, About, make_finding
from pipeline_services.triage.causes.network import DNS
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding
from pipeline_services.triage.steps import RESTORE

_SET_BROKER: Final = (
    "kubectl exec -n {namespace} {pod:kafka} -- kafka-configs.sh --bootstrap-server localhost:{port:kafka}"
)
_SAVED: Final = "{name}.saved.yaml"
_TAKEN_AWAY: Final = (
    f"kubectl get {{kind}} -n {{namespace}} {{name}} -o yaml > {_SAVED}",
    "kubectl delete {kind} -n {namespace} {name}",
)
_RELEASED: Final = (
    "kubectl get pod -n {namespace} {name} -o yaml",
    'kubectl patch pod -n {namespace} {name} --type=merge --patch \'{"metadata":{"finalizers":null}}\'',
)
"""A pod that is held and deleted stays for ever, and nothing takes its place."""
_PUT_BACK: Final = f"kubectl replace -n {{namespace}} --force -f {_SAVED}"

CAUSES: Final = (
    Cause(
        "not-as-declared",
        "an object is not as the manifests declare it",
        Escalation.L2,
        "configuration",
        steps=("kubectl get {kind} -n {namespace} {shown}", RESTORE),
        afterwards="the check of the declared state is green",
    ),
    Cause(
        "autoscaler-extra",
        "there is an HPA that the manifests do not declare",
        Escalation.L2,
        "high-resource-usage",
        steps=_TAKEN_AWAY,
        undo=_PUT_BACK,
        afterwards="kubectl get hpa: no <unknown> within a minute",
    ),
    Cause(
        "object-extra",
        "an object that the manifests do not declare acts on the pipeline",
        Escalation.L2,
        "configuration",
        steps=_TAKEN_AWAY,
        undo=_PUT_BACK,
        afterwards="the check of the declared state is green",
    ),
    Cause(
        "pod-edited",
        "a running pod is not what its workload's template says",
        Escalation.L2,
        "configuration",
        steps=("kubectl describe pod -n {namespace} {name}", "kubectl delete pod -n {namespace} {name}"),
        afterwards="the check of the declared state is green",
    ),
    Cause(
        "topic-set-otherwise",
        "a topic's settings are not those that were declared",
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
        "something of the brokers was set at run time",
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


def findings(evidence: Evidence) -> Iterator[Finding]:
    """What the broker was told."""
    yield from _brokers(evidence)
    yield from _topics(evidence)
    yield from _quotas(evidence)


def with_drifts(evidence: Evidence, found: Sequence[Finding]) -> list[Finding]:
    """The findings, and every object that is not as it was declared: as evidence of a finding that says what is wrong
    with its component already, else as a finding of its own."""
    findings = list(found)
    for drift in _drifts(evidence):
        told = next((one for one in findings if _says_why(one, drift)), None)
        if told is None:
            findings.append(_drifted(evidence, drift))
        else:
            line = f"{drift.observed}: {drift.does}"
            findings[findings.index(told)] = replace(told, evidence=(*told.evidence[: MOST_EVIDENCE - 1], line))
    return findings


def _drifts(evidence: Evidence) -> Iterator[Drift]:
    for one in evidence.failed(checks.SET_AS_DECLARED):
        yield from declared.drifts(evidence.snapshot, one.component)


def _says_why(finding: Finding, drift: Drift) -> bool:
    """Whether a finding about the object's component is more than what is seen of the difference."""
    if finding.component != drift.component or finding.self_healing:
        return False
    return not finding.cause.symptomatic or not drift.stops


def _drifted(evidence: Evidence, drift: Drift) -> Finding:
    since = evidence.changed(drift.kind, drift.name)
    named = {"kind": drift.kind.lower(), "name": drift.name, "shown": drift.shown}
    if drift.extra:
        is_autoscaler = drift.kind == "HorizontalPodAutoscaler"
        return make_finding(
            About(
                evidence, drift.component, subject=drift.subject, affects=None if is_autoscaler else (), details=named
            ),
            "autoscaler-extra" if is_autoscaler else "object-extra",
            f"{drift.name} is an HPA that nobody declared: {drift.extra}"
            if is_autoscaler
            else f"{drift.observed}: {drift.extra}",
            drift.observed,
            since=since,
        )
    asks_elsewhere = {DNS for one in drift.differences if one.path.startswith("dns")}
    return make_finding(
        About(
            evidence,
            drift.component,
            subject=drift.subject,
            affects={*evidence.pipeline.affected_by(drift.component), *asks_elsewhere} if drift.stops else (),
            details=named,
        ),
        "pod-edited" if drift.kind == "Pod" else "not-as-declared",
        f"{drift.observed}: {drift.does}",
        *(f"{drift.subject}: {one}" for one in drift.differences),
        since=since,
        steps=_RELEASED if drift.kind == "Pod" and drift.differences[0].path == HELD else None,
    )


def _brokers(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each broker, or for all, with all that was set there."""
    if not evidence.failed(checks.BROKERS_SET_AS_DECLARED):
        return
    found = brokers.set_at_run_time(evidence.snapshot)
    for broker in dict.fromkeys(one["broker"] for one in found):
        own = {one["key"]: one["value"] for one in found if one["broker"] == broker}
        lines = [brokers.said(one) for one in found if one["broker"] == broker]
        more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
        yield make_finding(
            About(
                evidence,
                roles.KAFKA,
                subject=f"broker/{broker or 'all'}",
                affects=(),
                details={
                    "whom": f"--entity-name {broker}" if broker else "--entity-default",
                    "limits": ",".join(own),
                    "values": " ".join(_values(own)),
                },
            ),
            "broker-set-otherwise",
            f"{lines[0]}{more}: all topics and clients go by that, whatever the brokers' file says",
            *lines,
        )


def _topics(evidence: Evidence) -> Iterator[Finding]:
    by_brokers = bool(evidence.failed(checks.BROKERS_SET_AS_DECLARED))
    for one in evidence.failed(checks.TOPIC_SET_AS_DECLARED):
        (topic,) = one.parameters
        own = {key for key, known in evidence.snapshot.data("kafka_settings")[topic].items() if known["own"]}
        other = [row for row in other_settings(evidence.snapshot, topic) if row[0] in own or not by_brokers]
        if not other:
            if not any(other_settings(evidence.snapshot, topic)):
                yield _more_partitions(evidence, topic, one.why)
            continue  # else it only follows its broker
        put_right = _add({key: declared for key, _, declared in other if declared})
        taken_away = ",".join(key for key, _, declared in other if not declared)
        yield make_finding(
            About(
                evidence,
                roles.KAFKA,
                subject=f"topic/{topic}",
                affects=(),
                details={
                    "name": topic,
                    "change": " ".join([*put_right, *([f"--delete-config {taken_away}"] if taken_away else [])]),
                    "back": " ".join(_add({key: value for key, value, _ in other})),
                },
            ),
            "topic-set-otherwise",
            f"{one.why}{f', and {len(other) - 1} more' if len(other) > 1 else ''}",
            *(f"{key}={value}, declared: {declared or 'nothing'}" for key, value, declared in other),
        )


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
