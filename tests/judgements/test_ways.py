"""Services that lead astray, clocks that differ: what is judged and what cannot be."""

from __future__ import annotations

import pytest

from pipeline_services.judgements import endpoints, influxdb
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PreconditionNotMet
from tests.judgements.world import healthy


def test_a_number_that_no_container_declares_may_still_be_right() -> None:
    world = healthy()
    for container in world.item("deployments", roles.LOKI)["spec"]["template"]["spec"]["containers"]:
        container.pop("ports")
    port = world.item("services", "loki-service")["spec"]["ports"][0]
    with pytest.raises(Deviation, match="there is none"):
        endpoints.lead_to_pods(world.snapshot(), "loki-service")
    for port["targetPort"] in (3100, 1):
        with pytest.raises(NoData):
            endpoints.lead_to_pods(world.snapshot(), "loki-service")


def test_without_a_target_port_the_service_leads_to_its_own() -> None:
    world = healthy()
    port = world.item("services", "loki-service")["spec"]["ports"][0]
    del port["targetPort"]
    endpoints.lead_to_pods(world.snapshot(), "loki-service")


@pytest.mark.parametrize("source", ["services", "deployments"])
def test_what_is_not_there_leads_nowhere_and_other_checks_say_so(source: str) -> None:
    world = healthy()
    world.drop(source, lambda item: item["metadata"]["name"].startswith(roles.GRAFANA))
    with pytest.raises(PreconditionNotMet, match=r"there is no (service|Deployment) grafana"):
        endpoints.lead_to_pods(world.snapshot(), "grafana-service")


def test_a_machine_whose_own_clock_is_behind_does_not_blame_the_producer() -> None:
    world = healthy()
    for source, rows in world.answers.items():
        for row in rows if source.startswith("prometheus/") else ():
            row["value"] = [world.now + 60, row["value"][1]]
    world.answers["influxdb_newest"]["time"] += 60
    with pytest.raises(PreconditionNotMet, match="this machine is 58 s behind"):
        influxdb.readings_are_past(world.snapshot())


def test_a_reading_that_arrived_while_others_were_asked_is_not_from_the_future() -> None:
    world = healthy()
    world.answers["influxdb_newest"] = {"time": world.now + 12, "points_1m": 1, "asked_at": world.now + 12.2}
    influxdb.readings_are_past(world.snapshot())
    world.answers["influxdb_newest"] = {"time": None, "points_1m": 0}
    with pytest.raises(NoData):
        influxdb.readings_are_past(world.snapshot())
