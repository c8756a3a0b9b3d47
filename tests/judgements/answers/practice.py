"""What a healthy pipeline says that is set up as good practice has it."""

from __future__ import annotations

from typing import Any

from pipeline_services.model import roles
from pipeline_services.model.kinds import WORKLOAD_KINDS
from pipeline_services.model.pipeline import Pipeline

ASKED = {"httpGet": {"path": "/healthz", "port": "main"}}
CAREFUL = {"KAFKA_ENABLE_AUTO_COMMIT": "false", "KAFKA_AUTO_OFFSET_RESET": "earliest"}


def improve(answers: dict[str, Any], pipeline: Pipeline) -> None:
    """Probes, an administrator's own password, three copies, budgets, settings that lose nothing."""
    for template in (item["spec"]["template"] for kind in WORKLOAD_KINDS for item in answers[kind.source]):
        for container in template["spec"]["containers"]:
            container |= {"livenessProbe": ASKED, "readinessProbe": ASKED}
    if grafana := pipeline.workloads.get(roles.GRAFANA):
        held = {"secretKeyRef": {"name": pipeline.dashboard.admin, "key": "password"}}
        containers = next(one for one in answers[grafana.list_name] if one["metadata"]["name"] == grafana.workload)
        containers["spec"]["template"]["spec"]["containers"][0]["env"] = [
            {"name": "GF_SECURITY_ADMIN_PASSWORD", "valueFrom": held}
        ]
    for item in answers["configmaps"]:
        if item["metadata"]["name"] in pipeline.config.by_config_map:
            item["data"] |= CAREFUL
    for partitions in answers.get("kafka_topics", {}).values():
        for one in partitions:
            one["replicas"] = [0, 1, 2]
    answers["poddisruptionbudgets"] = [
        {"metadata": {"name": part.workload}, "spec": {"maxUnavailable": 1, "selector": {"matchLabels": part.selector}}}
        for part in pipeline.workloads.values()
        if part.autoscaler
    ]
