"""The tables of the components: what each workload is called, how it is reached, where its data are, who scales it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.discover.configuration import config_maps_of
from pipeline_services.discover.connections import Connections
from pipeline_services.discover.facts import Facts
from pipeline_services.discover.namespace import Namespace, Workload, first_port
from pipeline_services.discover.outside import facts_of, told_outside
from pipeline_services.discover.roles import SERVERS, Claim
from pipeline_services.discover.scraping import Scraping
from pipeline_services.discover.shared import told_shared
from pipeline_services.model import roles
from pipeline_services.model.k8s import (
    K8sObject,
    claim_templates_of,
    mount_of,
    name_of,
    scale_target_of,
    spec_of,
    volumes_of,
)
from pipeline_services.model.pipeline import STATEFUL_SET, Pipeline

WEB: Final = (roles.INFLUXDB, roles.PROMETHEUS, roles.GRAFANA, roles.LOKI)
_PROMISES: Final = {"impact": (roles.INFLUXDB, roles.PROCESSOR)}
"""What the pattern says of a role and is true of its own apps alone."""
_WRITTEN: Final = ("affects", "impact", "next_command", "runbook", "escalation")
_AIMS: Final = ("recovery_limit_s", "recovery_aim_s")
_AUTOSCALERS: Final = "hpa"
_SHARED_MAP: Final = "{config_map}"
AS_OUR_OWN: Final = "as in the suite's own pipeline"


class Components:
    """Writes the facts about components.

    Args:
        pattern: a profile whose roles mean the same: what no cluster says is taken from it.
    """

    def __init__(self, namespace: Namespace, claims: Mapping[str, Claim], pattern: Pipeline) -> None:
        self._namespace = namespace
        self._shares_a_map = len(config_maps_of({role: one.workload for role, one in claims.items()})) == 1
        self._claims = claims
        self._pattern = pattern
        workloads = {role: one.workload for role, one in claims.items()}
        self._connections = Connections.between(namespace, workloads)
        self._scraping = Scraping.of(namespace, workloads)
        self._elsewhere = {one.role: one.facts() for one in told_shared(namespace) if one.role not in claims}
        outside = next(told_outside(namespace), None) if roles.KAFKA not in claims else None
        if outside:
            self._elsewhere[roles.KAFKA] = facts_of(*outside)
        scales = any(self._scaler(one) for one in workloads.values())
        self.present = [
            name
            for name, part in pattern.components.items()
            if name in claims or name in self._elsewhere or (not part.workload and (scales or name != _AUTOSCALERS))
        ]

    def facts(self) -> Facts:
        """A table for each role that is played, and for what every cluster has, in the order of findings."""
        facts = Facts()
        for name in self.present:
            if name in self._claims:
                self._workload(facts, self._claims[name])
            elif name in self._elsewhere:
                facts.extend(self._elsewhere[name])
            else:
                self._of_the_cluster(facts, name)
            self._as_the_pattern(facts, name)
        for claim in self._claims.values():
            if claim.part_of:
                self._workload(facts, claim)
                facts.guessed(
                    f"components/{claim.role}", "part_of", claim.part_of, f"it plays that role, too: {claim.by}"
                )
        return facts

    def _workload(self, facts: Facts, claim: Claim) -> None:
        table, workload = f"components/{claim.role}", claim.workload
        facts.add(table, "workload", workload.name, claim.by, sure=claim.is_sure)
        facts.found(table, "kind", workload.kind, str(workload))
        facts.found(table, "selector", dict(workload.selector), f"the selector of {workload}")
        self._container(facts, table, claim)
        self._service(facts, table, claim)
        self._scraped(facts, table, claim)
        self._volume(facts, table, workload)
        self._autoscaler(facts, table, workload)

    def _container(self, facts: Facts, table: str, claim: Claim) -> None:
        names = [str(one["name"]) for one in claim.workload.containers]
        if len(names) == 1:
            facts.found(table, "container", names[0], f"the only one of {claim.workload}")
            return
        best = next((name for name in names if name in (claim.role, claim.workload.name)), names[0])
        facts.guessed(table, "container", best, f"{claim.workload} has {', '.join(names)}")

    def _service(self, facts: Facts, table: str, claim: Claim) -> None:
        usual = (SERVERS[claim.role].port,) if claim.role in SERVERS else ()
        for service in self._namespace.services_of(claim.workload, headless=False)[:1]:
            port = first_port(service, usual)
            if port and claim.role in SERVERS:
                value = {"name": name_of(service), "port": int(port["port"])}
                scheme, by = self._scheme(claim)
                if scheme:
                    value["scheme"] = scheme
                facts.found(table, "service", value, f"Service {name_of(service)}{by}")
        for service in self._namespace.services_of(claim.workload, headless=True)[:1]:
            facts.found(table, "headless", name_of(service), f"Service {name_of(service)} has no address")

    def _scheme(self, claim: Claim) -> tuple[str, str]:
        """How its clients speak to it, and by what; nothing for a role that speaks no HTTP."""
        if claim.role not in WEB:
            return "", ""
        for _, address in self._connections.to(claim.role):
            if address.scheme:
                return address.scheme, f"; {address.text} in {address.by}"
        probed = {_probe_scheme(one) for one in claim.workload.containers} - {""}
        return ("https", "; its probes") if "HTTPS" in probed else ("http", "; nothing says https")

    def _scraped(self, facts: Facts, table: str, claim: Claim) -> None:
        port = self._scraping.port(claim.role)
        if port:
            facts.add(table, "metrics_port", port.number, port.by, sure=not port.guessed)

    def _volume(self, facts: Facts, table: str, workload: Workload) -> None:
        for volume, claim_name, by in _claims_of(workload):
            mount = next(filter(None, (mount_of(one, volume) for one in workload.containers)), "")
            if mount:
                facts.found(table, "volume", claim_name, by)
                facts.found(table, "mount", mount, f"volumeMounts of {workload}")
                return

    def _autoscaler(self, facts: Facts, table: str, workload: Workload) -> None:
        hpa = self._scaler(workload)
        if hpa:
            for key, value in _autoscaler(hpa).items():
                facts.found(f"{table}/autoscaler", key, value, f"HorizontalPodAutoscaler {name_of(hpa)}")

    def _scaler(self, workload: Workload) -> K8sObject | None:
        hpas = self._namespace.listed("hpas")
        return next((one for one in hpas if scale_target_of(one) == (workload.kind, workload.name)), None)

    def _of_the_cluster(self, facts: Facts, name: str) -> None:
        part = self._pattern[name]
        for key, value in (("namespace", part.namespace), ("selector", dict(part.selector))):
            if value:
                facts.guessed(f"components/{name}", key, value, AS_OUR_OWN)

    def _as_the_pattern(self, facts: Facts, name: str) -> None:
        """What no cluster says; of what is a part of another only that, since findings name the other."""
        part = self._pattern[name]
        if part.part_of in self.present:
            facts.guessed(f"components/{name}", "part_of", part.part_of, AS_OUR_OWN)
            return
        for key in (*_WRITTEN, *(_AIMS if name in self._claims else ())):
            value = getattr(part, key)
            if key == "affects":
                value = [one for one in value if one in self.present]
            if key == "next_command" and _SHARED_MAP in value and not self._shares_a_map:
                value = "kubectl get configmaps -n {namespace} -o yaml"
            if value and name not in _PROMISES.get(key, ()):
                by = "section 3's limit" if key in _AIMS else AS_OUR_OWN
                facts.guessed(f"components/{name}", key, value, by)


def _claims_of(workload: Workload) -> list[tuple[str, str, str]]:
    """Volume, claim of the first pod, and by what, of each volume that outlives the pods."""
    if workload.kind == STATEFUL_SET:
        made = [
            (one, f"{one}-{workload.name}-0", f"volumeClaimTemplates of {workload}")
            for one in claim_templates_of(workload.item)
        ]
        if made:
            return made
    return [
        (str(one["name"]), str(one["persistentVolumeClaim"]["claimName"]), f"volumes of {workload}")
        for one in volumes_of(workload.template)
        if one.get("persistentVolumeClaim")
    ]


def _autoscaler(hpa: K8sObject) -> dict[str, Any]:
    """What Kubernetes takes where the object does not say, too: 1 pod, windows of 0 and 300 s."""
    spec = spec_of(hpa)
    behavior = spec.get("behavior") or {}
    cpu = [
        one["resource"]["target"].get("averageUtilization")
        for one in spec.get("metrics") or ()
        if (one.get("resource") or {}).get("name") == "cpu"
    ]
    return {
        "name": name_of(hpa),
        "min_replicas": int(spec.get("minReplicas") or 1),
        "max_replicas": int(spec["maxReplicas"]),
        "cpu_percent": int(next(filter(None, cpu), 0)),
        "scale_up_window_s": _window(behavior.get("scaleUp"), 0),
        "scale_down_window_s": _window(behavior.get("scaleDown"), 300),
    }


def _window(rules: K8sObject | None, usual: int) -> int:
    said = (rules or {}).get("stabilizationWindowSeconds")
    return usual if said is None else int(said)


def _probe_scheme(container: K8sObject) -> str:
    probes = (container.get(one) or {} for one in ("readinessProbe", "livenessProbe", "startupProbe"))
    return next(filter(None, (str((one.get("httpGet") or {}).get("scheme") or "") for one in probes)), "")
