"""Do the services have somebody behind them (section 3.6)?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline_services import names
from pipeline_services.advice import COMPONENT_ADVICE
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.objects import K8sObject, named
from pipeline_services.judgements.pods import require_settled
from pipeline_services.snapshot import Snapshot

SERVED_BY: Final[Mapping[str, str]] = {
    names.KAFKA_SERVICE: names.KAFKA,
    names.INFLUXDB_SERVICE: names.INFLUXDB,
    names.PROMETHEUS_SERVICE: names.PROMETHEUS,
    names.GRAFANA_SERVICE: names.GRAFANA,
    names.LOKI_SERVICE: names.LOKI,
}


def are_ready(snapshot: Snapshot, service_name: str) -> None:
    """The service exists, has its port, and at least one ready endpoint."""
    component = SERVED_BY[service_name]
    advice = COMPONENT_ADVICE[component].but(
        next_command=f"kubectl get endpointslices -n {{namespace}} -l kubernetes.io/service-name={service_name}"
    )
    service = named(snapshot, "services", service_name)
    if service is None:
        raise Deviation(snapshot, f"there is no service {service_name}", "one", advice)
    port = names.SERVICE_PORTS[service_name]
    ports = [entry["port"] for entry in service["spec"]["ports"]]
    if port not in ports:
        raise Deviation(snapshot, f"{service_name} has the ports {ports}", f"{port}", advice)
    if any(_ready_addresses(item) for item in snapshot.data("endpointslices") if _service_of(item) == service_name):
        return
    require_settled(snapshot, component)
    raise Deviation(snapshot, f"{service_name} has no ready endpoint", "at least one", advice)


def _service_of(item: K8sObject) -> str | None:
    label: str | None = item["metadata"].get("labels", {}).get("kubernetes.io/service-name")
    return label


def _ready_addresses(item: K8sObject) -> list[str]:
    found = (
        entry for entry in item.get("endpoints") or () if (entry.get("conditions") or {}).get("ready") is not False
    )
    return [address for entry in found for address in entry.get("addresses") or ()]
