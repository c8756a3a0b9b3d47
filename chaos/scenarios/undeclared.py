"""What nobody declared and what does nothing yet: it will when a pod starts, a node is drained or a change is due."""

from __future__ import annotations

from typing import Final

from chaos.fault_builders import extra_objects, undeclared, workloads
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Scenario, finding
from pipeline_services.model import roles

DIAGNOSIS: Final = (
    Scenario(
        "broker-open-on-nodes",
        extra_objects.open_on_nodes(roles.KAFKA),
        (finding("network", "object-extra"),),
        (checks.SET_AS_DECLARED.of("network"),),
        met=("Yolean/kubernetes-kafka#13",),
    ),
    Scenario(
        "grafana-address-by-hand",
        extra_objects.address_by_hand(roles.GRAFANA),
        (finding("network", "object-extra"),),
        (checks.SET_AS_DECLARED.of("network"),),
        met=("kubernetes/kubernetes#103804", "kubernetes/kubernetes#105987"),
    ),
    Scenario(
        "grafana-open-by-an-ingress",
        extra_objects.open_by_an_ingress(roles.GRAFANA),
        (finding("network", "object-extra"),),
        (checks.SET_AS_DECLARED.of("network"),),
    ),
    Scenario(
        "prometheus-may-see-everything",
        extra_objects.given_rights("prometheus", "view"),
        (finding(roles.PROMETHEUS, "object-extra"),),
        (checks.SET_AS_DECLARED.of("prometheus"),),
    ),
    Scenario(
        "processor-beside-a-copy-of-it",
        extra_objects.second_workload(roles.PROCESSOR),
        (finding(roles.PROCESSOR, "object-extra"),),
        (checks.SET_AS_DECLARED.of("processor"),),
        deadline_s=120.0,
    ),
    Scenario(
        "webhook-refuses-new-pods",
        extra_objects.webhook_without_answer(roles.GRAFANA),
        (finding("config", "object-extra"),),
        (checks.SET_AS_DECLARED.of("config"),),
    ),
    Scenario(
        "webhook-keeps-services-as-they-are",
        extra_objects.webhook_without_answer(roles.GRAFANA, "endpointslices", "discovery.k8s.io", "UPDATE"),
        (finding("config", "object-extra"),),
        (checks.SET_AS_DECLARED.of("config"),),
    ),
    Scenario(
        "kafka-never-drained",
        extra_objects.never_drained(roles.KAFKA),
        (finding(roles.KAFKA, "object-extra"),),
        (checks.SET_AS_DECLARED.of("kafka"),),
        met=("kubernetes/kubernetes#66811",),
    ),
    Scenario(
        "limits-for-small-pods-only",
        extra_objects.limits(memory="32Mi"),
        (finding("config", "object-extra"),),
        (checks.SET_AS_DECLARED.of("config"),),
        met=("kubernetes/kubernetes#77629",),
    ),
    Scenario(
        "quota-just-enough",
        extra_objects.just_enough,
        (finding("config", "object-extra"),),
        (checks.SET_AS_DECLARED.of("config"),),
        further_causes=frozenset({"quota-exceeded"}),  # where an autoscaler wants one more pod just then
    ),
    Scenario(
        "prometheus-rights-gone",
        undeclared.rights_gone("RoleBinding", "prometheus"),
        (finding(roles.PROMETHEUS, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("prometheus"),),
        met=("prometheus/prometheus#2763", "prometheus/prometheus#3918"),
    ),
    Scenario(
        "kafka-script-held-by-a-finalizer",
        undeclared.held("kafka-config"),
        (finding(roles.KAFKA, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("kafka"),),
        met=("kubernetes/kubernetes#60807",),
    ),
    Scenario(
        "prometheus-volume-outlives-its-claim",
        undeclared.volume_kept(roles.PROMETHEUS),
        (finding("storage", "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("storage"),),
    ),
    Scenario(
        "grafana-pod-held-by-a-finalizer",
        undeclared.pod_held(roles.GRAFANA),
        (finding(roles.GRAFANA, "pod-edited"),),
        (checks.SET_AS_DECLARED.of("grafana"),),
        met=("kubernetes/kubernetes#60807",),
    ),
    Scenario(
        "grafana-pod-never-gone",
        undeclared.never_gone(roles.GRAFANA),
        (finding(roles.GRAFANA, "pod-stuck-ending"),),
        (checks.PODS_READY.of("grafana"),),
        deadline_s=150.0,
        min_duration_s=80.0,
        met=("kubernetes/kubernetes#60807",),
    ),
    Scenario(
        "dashboards-never-changed-again",
        undeclared.never_changed_again("grafana-dashboards"),
        (finding(roles.GRAFANA, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("grafana"),),
    ),
    Scenario(
        "kafka-script-with-carriage-returns",
        undeclared.with_carriage_returns("kafka-config", "start.sh"),
        (finding(roles.KAFKA, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("kafka"),),
        met=("moby/moby#20211",),
    ),
    Scenario(
        "grafana-rollouts-paused",
        undeclared.workload_set(roles.GRAFANA, "its rollouts are paused", paused=True),
        (finding(roles.GRAFANA, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("grafana"),),
    ),
    Scenario(
        "producer-of-another-version",
        undeclared.of_another_version(roles.PRODUCER),
        (finding(roles.PRODUCER, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("producer"),),
        deadline_s=90.0,
    ),
    Scenario(
        "grafana-debugged",
        undeclared.debugged(roles.GRAFANA),
        (finding(roles.GRAFANA, "pod-edited"),),
        (checks.SET_AS_DECLARED.of("grafana"),),
    ),
    Scenario(
        "grafana-pod-released",
        undeclared.released(roles.GRAFANA),
        (finding(roles.GRAFANA, "object-extra"),),
        (checks.SET_AS_DECLARED.of("grafana"),),
        deadline_s=120.0,
        min_duration_s=40.0,
    ),
    Scenario(
        "loki-doubled",
        workloads.scaled(roles.LOKI, 2),
        (finding(roles.LOKI, "not-as-declared"),),
        (checks.SET_AS_DECLARED.of("loki"),),
        deadline_s=90.0,
    ),
)
"""Whom triage has to name before anything fails for it."""
