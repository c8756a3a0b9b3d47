"""Does InfluxDB say that it is well (section 3.4)?"""

from __future__ import annotations

from pipeline_services import names
from pipeline_services.advice import COMPONENT_ADVICE
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import require_ready
from pipeline_services.snapshot import Snapshot


def is_healthy(snapshot: Snapshot) -> None:
    """``/health`` answers 200 with status pass."""
    require_ready(snapshot, names.INFLUXDB)
    answer = snapshot.data("influxdb_health")
    status = answer["body"].get("status")
    if answer["status"] != 200 or status != "pass":
        advice = COMPONENT_ADVICE[names.INFLUXDB].but(
            next_command="kubectl exec -n {namespace} influxdb-0 -- curl -k https://localhost:8086/health"
        )
        raise Deviation(snapshot, f"InfluxDB's /health answers {answer['status']} {status!r}", "200 'pass'", advice)
