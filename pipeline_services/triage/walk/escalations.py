"""Section 3's conditions of escalation as data: when a scenario is no longer the operator's, what to look at, who acts.

A condition names the causes that meet it, so that a finding can say why it goes further than the runbook's own steps.
Section 9's known issues, the other half of "when not to worry", are in judgements/known_issues.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pipeline_services.model import roles
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.model import Finding

L1, L2, L3 = Escalation.L1, Escalation.L2, Escalation.L3

DUTIES: Final[Mapping[Escalation, str]] = MappingProxyType(
    {
        L1: "routine restarts, the dashboards, this runbook, incident records",
        L2: "what the runbook does not solve; configuration, scaling, TLS and Secrets",
        L3: "the cluster, storage, network policies, performance",
    }
)
"""Section 6: what each level is there for."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of one scenario.

    Attributes:
        scenario: the anchor in RUNBOOK.md.
        when: what has to be so.
        look_at: what the called level looks at first.
        causes: the ids of causes that mean that it is so.
        components: where they count; empty for every component.
    """

    scenario: str
    when: str
    look_at: str
    level: Escalation
    causes: frozenset[str]
    components: frozenset[str] = frozenset()

    def met_by(self, finding: Finding) -> bool:
        """Whether the finding fulfils the condition."""
        return finding.cause.id in self.causes and (not self.components or finding.component in self.components)


def _when(
    scenario: str, when: str, look_at: str, level: Escalation, causes: tuple[str, ...], *components: str
) -> Condition:
    return Condition(scenario, when, look_at, level, frozenset(causes), frozenset(components))


_APPS: Final = (roles.PRODUCER, roles.PROCESSOR)
_WATCHERS: Final = (roles.PROMETHEUS, roles.GRAFANA, roles.LOKI)
_RESTARTS: Final = ("crash-loop", "restarted-often")
_CERTIFICATES: Final = ("certificate-expiring", "certificate-expired", "certificate-wrong", "certificate-not-loaded")
_UNSTARTED: Final = ("image-unavailable", "container-cannot-start", "reference-missing")

CONDITIONS: Final = (
    _when("producer-pod-failure", "a producer pod fails again and again, five restarts or more",
          "the image, the secrets, the resource limits", L2, _RESTARTS, roles.PRODUCER),
    _when("processor-pod-failure", "a processor pod fails again and again, five restarts or more",
          "the connection to InfluxDB, the TLS settings, the secrets", L2, _RESTARTS, roles.PROCESSOR),
    _when("processor-pod-failure", "InfluxDB refuses the processor's writes, or its token",
          "whether InfluxDB knows the token in the Secret, then the TLS settings", L2,
          ("token-refused", "writes-fail", "bucket-missing"), roles.PROCESSOR, roles.INFLUXDB, "config"),
    _when("producer-pod-failure", "a pod cannot even start", "what changed last: image, command, references", L2,
          _UNSTARTED, *_APPS, "config"),
    _when("kafka-statefulset-failure", "the StatefulSet cannot recreate its pod because its volume is missing",
          "the claim, whether it is bound, the storage class", L3, ("volume-unbound", "volume-missing")),
    _when("kafka-statefulset-failure", "the broker does not serve, although its pod runs",
          "the broker's log, its volume, its node", L3, ("partition-leaderless", "broker-unresponsive"), roles.KAFKA),
    _when("kafka-statefulset-failure", "Kafka's or InfluxDB's pod keeps restarting",
          "the log of the container before, the volume, the limits", L2, _RESTARTS, roles.KAFKA, roles.INFLUXDB),
    _when("influxdb-statefulset-failure", "the certificate is invalid, or soon will be",
          "its expiry, its names, its issuer, and which one is served", L2, _CERTIFICATES),
    _when("influxdb-statefulset-failure", "a volume has no space left", "what fills it, the retention, the node's disk",
          L3, ("volume-full",)),
    _when("influxdb-statefulset-failure", "InfluxDB does not serve, although its pod runs",
          "its log, its volume, its node", L3, ("store-unresponsive",), roles.INFLUXDB),
    _when("high-resource-usage", "a container needs more than its limits allow",
          "requests and limits against actual usage", L2,
          ("out-of-memory", "cpu-throttled", "quota-exceeded", "request-too-large")),
    _when("high-resource-usage", "the autoscaler is at its maximum, or has no metrics",
          "more nodes, other limits, metrics-server", L2,
          ("autoscaler-at-limit", "usage-unknown", "processing-too-slow")),
    _when("high-resource-usage", "the nodes have no room or are unhealthy",
          "the nodes, and whether there are enough", L3,
          ("node-full", "node-pressure", "node-not-ready", "node-cordoned")),
    _when("network-policy-issues", "pods run but cannot reach each other",
          "the NetworkPolicies against the manifests, the services, the cluster's DNS", L3,
          ("policy-blocks", "policy-too-loose", "connection-fails", "service-missing", "service-selects-nothing",
           "service-port-wrong", "dns-down", "names-unresolvable")),
    _when("observability", "monitoring does not come back",
          "its log, its configuration, its volume", L2,
          (*_RESTARTS, "not-ready", "scrape-failing", "datasource-broken", "logs-not-shipped"), *_WATCHERS),
)  # fmt: skip
"""All of them; a test holds the levels to those of the causes."""


def met_by(finding: Finding) -> list[Condition]:
    """The conditions that a finding fulfils; they are about what is in the cluster."""
    return [] if finding.contact else [condition for condition in CONDITIONS if condition.met_by(finding)]
