"""What the pipeline runs on: the node, DNS and the metrics server."""

from __future__ import annotations

from typing import Final

from chaos.fault_builders import autoscalers, network, workloads
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Scenario, finding

DIAGNOSIS: Final = (
    Scenario(
        "node-cordoned",
        workloads.cordoned,
        (finding("node", "node-cordoned"),),
        (checks.NODES_READY,),
        sample=True,
    ),
    Scenario(
        "node-tainted",
        workloads.tainted,
        (finding("node", "node-tainted"),),
        (checks.NODES_READY,),
    ),
    Scenario(
        "dns-down",
        network.dns_down,
        (finding("dns", "dns-down"),),
        sample=True,
        min_duration_s=45.0,
    ),
    Scenario(
        "metrics-server-scaled-to-zero",
        autoscalers.metrics_server_down,
        (finding("hpa", "usage-unknown"),),
        min_duration_s=45.0,
    ),
)
