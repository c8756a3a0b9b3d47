"""What an operator is told with a finding: what it means, what to type next, where to read on, who to call.

The escalation levels are those of section 6, the runbook anchors the headings of RUNBOOK.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Final

from pipeline_services.model import roles


class Escalation(Enum):
    """Who acts when the next command and the runbook section do not help (section 6)."""

    L1 = "L1 - Operator"
    L2 = "L2 - DevOps Engineer"
    L3 = "L3 - Platform Team"


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about a finding. ``next_command`` may hold the placeholders of model/commands.py; ``runbook`` is an
    anchor."""

    impact: str
    next_command: str
    runbook: str
    escalation: Escalation

    def but(self, *, next_command: str = "", runbook: str = "", impact: str = "", level: str = "") -> Advice:
        """The same advice with the given parts replaced; ``level`` is L1, L2 or L3."""
        return replace(
            self,
            next_command=next_command or self.next_command,
            runbook=runbook or self.runbook,
            impact=impact or self.impact,
            escalation=Escalation[level] if level else self.escalation,
        )


def five_lines(observed: str, threshold: str, advice: Advice, command: str) -> str:
    """The five lines that every failing check prints: what, impact, next command, runbook section, whom to call.

    Args:
        command: the advice's next command, filled in for the pipeline and its cluster.
    """
    return (
        f"{observed}; expected {threshold}\n"
        f"impact: {advice.impact}\n"
        f"next: {command}\n"
        f"runbook: RUNBOOK.md#{advice.runbook}\n"
        f"escalate to: {advice.escalation.value}"
    )


def _pods_of(component: str, impact: str, runbook: str, level: Escalation) -> Advice:
    return Advice(impact, f"kubectl describe pods -n {{namespace}} -l {{selector:{component}}}", runbook, level)


COMPONENT_ADVICE: Final[Mapping[str, Advice]] = MappingProxyType(
    {
        roles.PRODUCER: _pods_of(
            roles.PRODUCER,
            "sensor readings are missing, unless other producer pods do the work",
            "producer-pod-failure",
            Escalation.L2,
        ),
        roles.PROCESSOR: _pods_of(
            roles.PROCESSOR,
            "readings pile up in Kafka and are stored late, unless other processor pods do the work",
            "processor-pod-failure",
            Escalation.L2,
        ),
        roles.KAFKA: _pods_of(
            roles.KAFKA,
            "producers cannot hand over readings, processors get none",
            "kafka-statefulset-failure",
            Escalation.L3,
        ),
        roles.INFLUXDB: _pods_of(
            roles.INFLUXDB,
            "readings cannot be stored or read; they wait in Kafka",
            "influxdb-statefulset-failure",
            Escalation.L3,
        ),
        roles.PROMETHEUS: _pods_of(
            roles.PROMETHEUS,
            "rates, lag and usage cannot be seen; the pipeline itself runs on",
            "observability",
            Escalation.L2,
        ),
        roles.GRAFANA: _pods_of(
            roles.GRAFANA,
            "operators have no dashboards; the pipeline itself runs on",
            "grafana-dashboards",
            Escalation.L2,
        ),
        roles.LOKI: _pods_of(
            roles.LOKI, "logs cannot be searched; the pipeline itself runs on", "loki-log-search", Escalation.L2
        ),
        "network": Advice(
            "pods that run cannot reach each other",
            "kubectl get networkpolicies -n {namespace}",
            "network-policy-issues",
            Escalation.L3,
        ),
        "dns": Advice(
            "pods cannot find the services by name",
            "kubectl get pods -n kube-system -l k8s-app=kube-dns",
            "network-policy-issues",
            Escalation.L3,
        ),
        "hpa": Advice(
            "the pipeline does not scale with its load",
            "kubectl describe hpa -n {namespace}",
            "high-resource-usage",
            Escalation.L2,
        ),
        "storage": Advice(
            "Kafka or InfluxDB cannot keep data, or soon cannot",
            "kubectl describe pvc -n {namespace}",
            "storage",
            Escalation.L3,
        ),
        "node": Advice(
            "every pod on the node is slowed down, evicted or not scheduled",
            "kubectl describe nodes",
            "high-resource-usage",
            Escalation.L3,
        ),
        "config": Advice(
            "a pod that starts from now on comes up with wrong settings or not at all",
            "kubectl get configmap -n {namespace} {config_map} -o yaml",
            "configuration",
            Escalation.L2,
        ),
    }
)
"""What a finding about each component means; a judgement refines it with ``but``."""
