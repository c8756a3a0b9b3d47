"""Settings, secrets and tokens that are missing, wrong or refused (sections 3.1 and 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.judgements import config
from pipeline_services.model import names, roles
from pipeline_services.model.k8s import containers_of, created_at, name_of, port_of, template_of
from pipeline_services.model.kinds import WORKLOADS
from pipeline_services.triage.evidence import COMPONENT_OF, Evidence
from pipeline_services.triage.graph import affected
from pipeline_services.triage.model import Confidence, Finding
from pipeline_services.triage.rules.finding import of_app, tell

READERS: Final = (roles.PRODUCER, roles.PROCESSOR)
"""The apps that read the ConfigMap at their start."""
_CONFIG: Final = f"configmap/{names.CONFIG_MAP}"


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Each kind of setting in turn."""
    yield from _settings(evidence)
    yield from _own_environment(evidence)
    yield from _references(evidence)
    yield from _tokens(evidence)


def _settings(evidence: Evidence) -> Iterator[Finding]:
    found = evidence.object("configmaps", names.CONFIG_MAP)
    if found is None:
        return  # a missing ConfigMap is a reference that is missing
    data = found.get("data") or {}
    wanted = {key: value for part in evidence.snapshot.pipeline.config.settings.values() for key, value in part.items()}
    for key, value in wanted.items():
        if data.get(key) != value and evidence.failed(checks.SETTINGS_LEAD_TO):
            since = evidence.changed("configmaps", names.CONFIG_MAP, f"data.{key}") or evidence.changed(
                "configmaps", names.CONFIG_MAP
            )
            shown = repr(data[key]) if key in data else "not there"
            yield tell(
                evidence,
                "setting-wrong",
                "config",
                f"{key} in {names.CONFIG_MAP} is {shown}, it should be {value!r}",
                f"{_CONFIG}: {key} is {shown}",
                *_restarted_since(evidence, since),
                subject=_CONFIG,
                since=since,
                affects=affected(*READERS),
            )
    red = evidence.failed(checks.PRODUCER_LOAD_SET)
    if red:
        yield tell(
            evidence,
            "load-setting-wrong",
            "config",
            red[0].why,
            f"{_CONFIG}: {red[0].why}",
            subject=_CONFIG,
            since=evidence.changed("configmaps", names.CONFIG_MAP),
            affects=affected(roles.PRODUCER),
        )
    settings = evidence.failed(checks.SETTINGS_LEAD_TO)
    if settings and all(data.get(key) == value for key, value in wanted.items()) and _services_there(evidence):
        yield tell(
            evidence,
            "setting-wrong",
            "config",
            settings[0].why,
            settings[0].why,
            subject=_CONFIG,
            affects=affected(*READERS),
        )


def _services_there(evidence: Evidence) -> bool:
    """Whether a setting that leads nowhere is the setting's fault and not that of a service which is gone."""
    for service in (names.KAFKA_SERVICE, names.INFLUXDB_SERVICE):
        found = evidence.object("services", service)
        if found is None or port_of(found, names.SERVICE_PORTS[service]) is None:
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
    said = (
        f"pods that have read it since: {', '.join(young)}"
        if young
        else "no pod has been started since, so none has read it yet"
    )
    return [said]


def _own_environment(evidence: Evidence) -> Iterator[Finding]:
    """A value in the workload itself that overrides the one that all share."""
    shared = {key: value for part in evidence.snapshot.pipeline.config.settings.values() for key, value in part.items()}
    for app in READERS:
        workload = evidence.workload(app)
        for container in containers_of(template_of(workload)) if workload else ():
            for variable in container.get("env") or ():
                key, value = variable["name"], variable.get("value")
                wrong_load = key in config.LOADS and value is not None and not _positive(value)
                if (key in shared and value is not None and value != shared[key]) or wrong_load:
                    since = evidence.changed("deployments", app, "spec.template")
                    cause = "load-setting-wrong" if wrong_load else "setting-wrong"
                    yield tell(
                        evidence,
                        cause,
                        COMPONENT_OF[app],
                        f"{app} has a {key} of its own, {value!r}, which is not what the ConfigMap says",
                        f"deployment/{app} sets {key}={value} beside {_CONFIG}",
                        subject=f"deployment/{app}",
                        since=since,
                        details=of_app(app),
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
    missing: dict[str, list[str]] = {}
    for app in names.WORKLOADS:
        workload = evidence.workload(app)
        for what in config.missing_references(workload, there) if workload else ():
            missing.setdefault(what, []).append(app)
    for what, apps in missing.items():
        yield tell(
            evidence,
            "reference-missing",
            "config",
            f"there is no {what}, which {', '.join(apps)} cannot start without",
            *(f"{WORKLOADS[app].singular}/{app} refers to {what}" for app in apps),
            subject=what,
            affects=affected(*(COMPONENT_OF[app] for app in apps)),
        )
    incomplete = evidence.failed(checks.SECRETS_COMPLETE)
    if incomplete and not missing:
        yield tell(
            evidence,
            "reference-missing",
            "config",
            incomplete[0].why,
            incomplete[0].why,
            affects=affected(roles.PROCESSOR),
        )


def _tokens(evidence: Evidence) -> Iterator[Finding]:
    refused = evidence.failed(checks.TOKEN_ACCEPTED)
    lines = evidence.said(roles.PROCESSOR, r"(?i)unauthorized|(HTTP|status)\W{0,3}40[13]\b")
    for one in refused:
        secret = evidence.snapshot.pipeline.config.tokens[one.parameters[0]].secret
        since = evidence.changed("secrets", secret)
        readers = roles.PROCESSOR if secret == names.PIPELINE_SECRET else roles.GRAFANA
        yield tell(
            evidence,
            "token-refused",
            "config",
            one.why,
            one.why,
            *(f"log: {line}" for line in lines[-1:]),
            subject=f"secret/{secret}",
            since=since,
            affects=affected(readers),
        )
    if not refused and lines and evidence.ready(roles.INFLUXDB):
        yield tell(
            evidence,
            "token-refused",
            "config",
            "InfluxDB refuses the token that the processor was started with",
            *(f"log: {line}" for line in lines[-2:]),
            subject=f"secret/{names.PIPELINE_SECRET}",
            affects=affected(roles.PROCESSOR),
            confidence=Confidence.MEDIUM,
            against=("the token in the Secret is accepted now: a restart of the processor may do",),
        )
