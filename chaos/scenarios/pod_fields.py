"""Pod templates with a field that nobody declared: pods that wait, go by other rules, or keep others out."""

from __future__ import annotations

from typing import Final

from chaos.fault_builders import priorities, workloads
from chaos.fault_builders.common import each_ready
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Scenario, finding
from pipeline_services.faults import templates
from pipeline_services.model import roles

DIAGNOSIS: Final = (
    Scenario(
        "producer-waits-for-a-condition",
        workloads.edited(
            roles.PRODUCER,
            templates.pod_fields(readinessGates=[{"conditionType": "example.com/registered"}]),
            "not ready until somebody says so",
        ),
        (finding(roles.PRODUCER, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("producer"),),
        deadline_s=90.0,
        min_duration_s=70.0,
    ),
    Scenario(
        "grafana-for-another-scheduler",
        workloads.edited(
            roles.GRAFANA,
            templates.pod_fields(schedulerName="batch-scheduler"),
            "placed by a scheduler that is not there",
            workloads.NOT_SCHEDULED,
        ),
        (finding(roles.GRAFANA, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("grafana"), checks.PODS_READY.of("grafana")),
        deadline_s=90.0,
        min_duration_s=70.0,
    ),
    Scenario(
        "producer-killed-by-its-probe",
        workloads.edited(
            roles.PRODUCER,
            templates.probe("livenessProbe", {"httpGet": {"path": "/alive", "port": "http"}}),
            "asked whether it is alive for what it does not have",
        ),
        (finding(roles.PRODUCER, "probe-wrong", "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("producer"),),
        deadline_s=150.0,
        min_duration_s=60.0,
        met=("SREGym/liveness_probe_misconfiguration",),
    ),
    Scenario(
        "grafana-pushed-away",
        priorities.pushed_away(roles.GRAFANA),
        (finding("node", "node-full"),),
        (checks.PODS_READY.of("grafana"),),
        may_blame=frozenset({roles.GRAFANA}),
        arranged=each_ready(roles.GRAFANA, workloads.restarted(roles.GRAFANA)),  # so that its pod was started last
        deadline_s=120.0,
        min_duration_s=45.0,
    ),
    Scenario(
        "grafana-on-a-port-of-the-node",
        each_ready(
            roles.GRAFANA, workloads.edited(roles.GRAFANA, templates.port_of_the_node(3000), "a port of the node")
        ),
        (finding(roles.GRAFANA, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("grafana"),),
        deadline_s=90.0,
        met=("SREGym/service_port_conflict",),
    ),
)
"""Whom triage has to name."""
