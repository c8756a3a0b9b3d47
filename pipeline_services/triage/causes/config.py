"""Settings, secrets and tokens that are missing, wrong or refused (sections 3.1 and 3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from pipeline_services.checklist import checks
from pipeline_services.judgements import config
from pipeline_services.judgements.influxdb import AT_WORK
from pipeline_services.model import roles
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import K8sObject, containers_of, created_at, name_of, port_of, template_of
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import OF_ALL, About, earliest, make_finding
from pipeline_services.triage.causes.log_lines import logged
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import READY, RESTORE

_DESCRIBE: Final = "kubectl describe secret -n {namespace} {secret}"

CAUSES: Final = (
    Cause(
        "setting-wrong",
        "a setting in the ConfigMap is wrong",
        Escalation.L2,
        "configuration",
        steps=("kubectl get configmap -n {namespace} {config_map} -o yaml", RESTORE),
        afterwards="the setting's check is green, restarted pods are ready",
    ),
    Cause(
        "reference-missing",
        "a ConfigMap, a Secret or a key in one is missing",
        Escalation.L2,
        "configuration",
        steps=("kubectl get configmaps,secrets -n {namespace}", RESTORE),
        afterwards=READY,
    ),
    Cause(
        "token-refused",
        "InfluxDB refuses the token",
        Escalation.L2,
        "configuration",
        steps=(_DESCRIBE, RESTORE),
        afterwards="the token checks are green",
    ),
    Cause(
        "token-may-not-write",
        "the token for writing can only read",
        Escalation.L2,
        "configuration",
        steps=(_DESCRIBE, RESTORE),
        afterwards="the token checks are green, readings are stored",
    ),
    Cause(
        "pod-holds-old-secret",
        "a Secret was replaced, and pods still use its old value",
        Escalation.L2,
        "configuration",
        steps=("kubectl delete pods -n {namespace} -l {selector}",),
        afterwards=READY,
    ),
    Cause(
        "load-setting-wrong",
        "the producer's load setting is zero or invalid",
        Escalation.L2,
        "configuration",
        steps=("kubectl get configmap -n {namespace} {config_map} -o yaml", RESTORE),
        afterwards="the producer's rate is above 0.5 readings/s",
    ),
)

READERS: Final = (roles.PRODUCER, roles.PROCESSOR)
"""The apps that read the ConfigMap at their start."""


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Each kind of setting in turn."""
    yield from _settings(evidence)
    yield from _own_environment(evidence)
    yield from _references(evidence)
    yield from _tokens(evidence)


class _Wrong(NamedTuple):
    """A setting that is not what the ConfigMap has to say."""

    key: str
    config_map: str
    shown: str
    expected: str
    since: float | None


def _settings(evidence: Evidence) -> Iterator[Finding]:
    described = evidence.pipeline.config.by_config_map
    there = {name: found for name in described if (found := evidence.object("configmaps", name))}
    if not there:
        return  # a missing ConfigMap is a reference that is missing
    red = evidence.failed(checks.SETTINGS_LEAD_TO)
    if wrong := [*_wrong_settings(evidence, there)] if red else []:
        yield _setting_wrong(evidence, wrong)
    elif red and _services_there(evidence):
        yield make_finding(_config_maps(evidence, *there), "setting-wrong", red[0].why, red[0].why)
    name, load = evidence.pipeline.config.config_map, evidence.failed(checks.PRODUCER_LOAD_SET)
    if load and name in there:
        affects = evidence.pipeline.affected_by(roles.PRODUCER)
        yield make_finding(
            About(evidence, "config", subject=f"configmap/{name}", affects=affects),
            "load-setting-wrong",
            load[0].why,
            f"configmap/{name}: {load[0].why}",
            since=evidence.changed("configmaps", name),
        )


def _wrong_settings(evidence: Evidence, there: Mapping[str, K8sObject]) -> Iterator[_Wrong]:
    for name, found in there.items():
        data = found.get("data") or {}
        for key, value in _wanted(evidence, name).items():
            if data.get(key) != value:
                since = evidence.changed("configmaps", name, f"data.{key}") or evidence.changed("configmaps", name)
                yield _Wrong(key, name, repr(data[key]) if key in data else "not there", repr(value), since)


def _setting_wrong(evidence: Evidence, wrong: Sequence[_Wrong]) -> Finding:
    """One finding, since one deploy puts all settings right; it is about the first of them, wherever that stands."""
    first, since = wrong[0], earliest(*(one.since for one in wrong))
    where = " and ".join(one.config_map for one in wrong if (one.key, one.shown) == (first.key, first.shown))
    return make_finding(
        _config_maps(evidence, *dict.fromkeys(one.config_map for one in wrong)),
        "setting-wrong",
        f"{first.key} in {where} is {first.shown}; expected {first.expected}",
        *(f"configmap/{one.config_map}: {one.key} is {one.shown}" for one in wrong),
        *_restarted_since(evidence, since),
        since=since,
    )


def _config_maps(evidence: Evidence, *names: str) -> About:
    affects, details = evidence.pipeline.affected_by(*READERS), {"config_map": " ".join(names)}
    return About(evidence, "config", subject=f"configmap/{names[0]}", affects=affects, details=details)


def _wanted(evidence: Evidence, config_map: str) -> dict[str, str]:
    """What a ConfigMap has to say."""
    settings = evidence.pipeline.config.by_config_map[config_map].values()
    return {key: value for part in settings for key, value in part.items()}


def _services_there(evidence: Evidence) -> bool:
    """Whether the pipeline's own services exist, so that the setting is at fault."""
    parts = filter(None, map(evidence.pipeline.workloads.get, (roles.KAFKA, roles.INFLUXDB)))
    for wanted in (part.service for part in parts if part.service):
        found = evidence.object("services", wanted.name)
        if found is None or port_of(found, wanted.port) is None:
            return False
    return True


def _restarted_since(evidence: Evidence, since: float | None) -> list[str]:
    if since is None:
        return []
    young = [
        name_of(pod)
        for app in READERS
        for pod in evidence.pods(app)
        if created_at(pod) >= since  # whole seconds: in the same one is after it, mostly
    ]
    return [f"pods started since: {', '.join(young)}" if young else "no pod has started since; the next goes by it"]


def _own_environment(evidence: Evidence) -> Iterator[Finding]:
    """A value in the workload itself that overrides the one that all share."""
    described = evidence.pipeline.config
    owners = {key: name for name in described.by_config_map for key in _wanted(evidence, name)}
    shared = {key: value for name in described.by_config_map for key, value in _wanted(evidence, name).items()}
    for part in (evidence.pipeline[app] for app in READERS if app in evidence.pipeline.components):
        workload = evidence.workload(part.id)
        for container in containers_of(template_of(workload)) if workload else ():
            for variable in container.get("env") or ():
                key, value = variable["name"], variable.get("value")
                wrong_load = key in described.positive and value is not None and not _positive(value)
                if (key in shared and value is not None and value != shared[key]) or wrong_load:
                    config_map = owners.get(key, described.config_map)
                    yield make_finding(
                        About(evidence, part, details={"config_map": config_map}),
                        "load-setting-wrong" if wrong_load else "setting-wrong",
                        f"{part.id} overrides {key} with {value!r}, unlike the ConfigMap",
                        f"{part.kubectl_name} sets {key}={value}, overriding configmap/{config_map}",
                        since=evidence.changed(part.kind, part.workload, "spec.template"),
                    )


def _positive(value: str) -> bool:
    try:
        return float(value) > 0
    except ValueError:
        return False


def _references(evidence: Evidence) -> Iterator[Finding]:
    """What a workload needs and the namespace does not have: seen before a pod fails for it."""
    if not evidence.known("configmaps") or not evidence.known("secrets"):
        return
    there = config.keys_of(evidence.objects("configmaps"), evidence.objects("secrets"))
    missing: dict[config.Missing, list[Component]] = {}
    for part in evidence.pipeline.workloads.values():
        workload = evidence.workload(part.id)
        for what in config.missing_references(workload, there) if workload else ():
            missing.setdefault(what, []).append(part)
    for what, parts in missing.items():
        whose = ", ".join(part.id for part in parts)
        yield make_finding(
            About(
                evidence,
                "config",
                subject=f"{what.kind.lower()}/{what.name}",
                affects=evidence.pipeline.affected_by(*(part.reports_to for part in parts)),
                details={"app": whose},
            ),
            "reference-missing",
            f"{what} is missing; {whose} cannot start without it",
            f"{what.kind} {what.name} has the keys {', '.join(there[what.kind, what.name])}" if what.key else "",
            *(f"{part.kubectl_name} refers to it" for part in parts),
            steps=(f"kubectl describe {what.kind.lower()} -n {{namespace}} {what.name}", RESTORE) if what.key else None,
        )
    incomplete = evidence.failed(checks.SECRETS_COMPLETE)
    if incomplete and not missing:
        yield make_finding(
            About(evidence, "config", affects=evidence.pipeline.affected_by(roles.PROCESSOR), details=OF_ALL),
            "reference-missing",
            incomplete[0].why,
            incomplete[0].why,
        )


def _secret(evidence: Evidence, name: str) -> About:
    """A Secret with a token, which one of two apps sends."""
    reader = roles.PROCESSOR if name == evidence.pipeline.config.write_token.secret else roles.GRAFANA
    suffer = evidence.pipeline.affected_by(reader)
    return About(evidence, "config", subject=f"secret/{name}", affects=suffer, details={"secret": name})


def _tokens(evidence: Evidence) -> Iterator[Finding]:
    refused, keys = evidence.failed(checks.TOKEN_ACCEPTED), evidence.pipeline.config
    lines = evidence.said(roles.PROCESSOR, config.REFUSAL)
    for one in refused:
        secret = keys.tokens[one.parameters[0]].secret
        seen, since = (one.why, *logged(lines[-1:])), evidence.changed("secrets", secret)
        yield make_finding(_secret(evidence, secret), "token-refused", one.why, *seen, since=since)
    if config.store_refuses(evidence.snapshot, AT_WORK):
        yield from _administrators(evidence)
    forbidden, secret = evidence.failed(checks.TOKEN_MAY_WRITE), keys.write_token.secret
    for one in forbidden:
        seen, since = tuple(logged(lines[-2:])), evidence.changed("secrets", secret)
        yield make_finding(_secret(evidence, secret), "token-may-not-write", one.why, *seen, since=since)
    old = list(_old_token(evidence, lines))
    yield from old
    if not (refused or forbidden or old) and lines and evidence.ready(roles.INFLUXDB):
        yield make_finding(
            _secret(evidence, secret),
            "token-refused",
            "InfluxDB refuses the token that the processor started with",
            *logged(lines[-2:]),
            confidence=Confidence.MEDIUM,
            against=("InfluxDB accepts the token in the Secret: restart the processor",),
        )


def _administrators(evidence: Evidence) -> Iterator[Finding]:
    """No app uses this token, and make up needs it itself."""
    secret = evidence.pipeline.config.admin
    about = About(evidence, "config", subject=f"secret/{secret}", affects={roles.INFLUXDB}, details={"secret": secret})
    for one in evidence.failed(checks.STORE_LEFT_ALONE):
        summary = f"{one.why}: write back the value that InfluxDB knows"
        since = evidence.changed("secrets", secret)
        yield make_finding(about, "token-refused", summary, one.why, since=since, steps=(_DESCRIBE,))


def _old_token(evidence: Evidence, lines: list[str]) -> Iterator[Finding]:
    """Pods that were not restarted when the token was replaced."""
    for one in evidence.failed(checks.PODS_HOLD_THE_TOKEN):
        stale = config.pods_with_old_token(evidence.snapshot)
        yield make_finding(
            About(
                evidence,
                evidence.pipeline[roles.PROCESSOR],
                subject=f"pod/{name_of(stale[0])}" if len(stale) == 1 else "",
            ),
            "pod-holds-old-secret",
            one.why,
            *logged(lines[-2:]),
            since=config.token_written(evidence.snapshot),
        )
