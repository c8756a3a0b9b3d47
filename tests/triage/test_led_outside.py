"""A Service that was made a name for something else is told to lead there."""

from __future__ import annotations

from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import healthy


def test_a_service_that_leads_out_of_the_cluster_says_where_to() -> None:
    world = healthy()
    world.item("services", "kafka-service")["spec"] |= {"type": "ExternalName", "externalName": "kafka.example.com"}
    world.drop("endpointslices", lambda one: one["metadata"]["labels"]["kubernetes.io/service-name"] == "kafka-service")
    first = diagnose(world.snapshot()).findings[0]
    assert first.cause.id == "service-selects-nothing"
    assert first.summary == "service/kafka-service leads to kafka.example.com, and to no pod"
