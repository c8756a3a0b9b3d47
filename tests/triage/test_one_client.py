"""What one client says of a server that is well is about the client."""

from __future__ import annotations

import pytest

from pipeline_services.triage.causes.network import DNS_LABEL
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import healthy


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("InsecureRequestWarning: Unverified HTTPS request; adding certificate verification is strongly advised", []),
        ("ERROR write failed: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", ["certificate-wrong"]),
    ],
)
def test_who_verifies_nothing_is_not_said_to_mistrust_a_certificate(line: str, expected: list[str]) -> None:
    world = healthy()
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(20)} {line}"]
    assert [one.cause.id for one in diagnose(world.snapshot()).findings] == expected


@pytest.mark.parametrize(("apps", "named"), [(("processor",), False), (("processor", "producer"), True)])
def test_names_that_one_app_alone_cannot_resolve_are_no_fault_of_a_dns_that_is_ready(
    apps: tuple[str, ...], named: bool
) -> None:
    world = healthy()
    labels, ready = dict([DNS_LABEL]), [{"type": "Ready", "status": "True"}]
    server = {"metadata": {"name": "coredns-1", "labels": labels}, "status": {"phase": "Running", "conditions": ready}}
    world.answers["system_pods"] = [server]
    for app in apps:
        line = "waiting for a Kafka broker at kafka-service:9092: [Errno -3] Temporary failure in name resolution"
        world.answers[f"logs/{app}"][0]["lines"] = [f"{world.ago(20)} WARNING {line}"]
    causes = {one.cause.id for one in diagnose(world.snapshot()).findings}
    assert ("names-unresolvable" in causes) is named
