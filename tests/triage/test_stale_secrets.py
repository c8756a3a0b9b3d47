"""After a rotation: who goes on with the old authority or token is restarted, and nothing else is replaced."""

from __future__ import annotations

import pytest

from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World, healthy
from tests.triage.made import causes

UNTRUSTED = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain"
UNKNOWN = 'Post \\"https://influxdb-service:8086/api/v2/query\\": x509: certificate signed by unknown authority'
REFUSED = "error performing flux query: 401 Unauthorized: unauthorized access"
AUTHORITY, READS = ("influxdb-tls", "ca.crt"), ("influxdb-read", "token")


def written(world: World, held: tuple[str, str], ago: float) -> None:
    """The key of a Secret was written so many seconds ago; the pods have run for an hour."""
    (secret,) = (one for one in world.answers["secrets"] if one["name"] == held[0])
    secret["keys"][held[1]]["written"] = world.ago(ago)


def processor_complains() -> World:
    world = healthy()
    lines = [f'{world.ago(ago)} {{"level": "ERROR", "message": "{UNTRUSTED}"}}' for ago in (20, 5)]
    world.answers["logs/processor"][0]["lines"] += lines
    return world


def grafana_complains(message: str) -> World:
    world = healthy()
    world.answers["grafana_datasources/influxdb"] = {"status": 400, "message": message}
    return world


def test_a_processor_that_trusts_the_authority_of_before_is_restarted() -> None:
    world = processor_complains()
    written(world, AUTHORITY, 300)
    assert causes(world) == ["processor: pod-holds-old-secret"]
    (found,) = diagnose(world.snapshot()).findings
    assert found.since == world.now - 300
    assert [step.partition("-n ")[2] for step in found.next] == ["conveyor-pipeline -l app=processor"]


def test_a_processor_that_started_since_does_not_hold_the_old_one() -> None:
    world = processor_complains()
    written(world, AUTHORITY, 7_200)
    assert causes(world) == ["influxdb: certificate-wrong"]


@pytest.mark.parametrize(("message", "held"), [(UNKNOWN, AUTHORITY), (REFUSED, READS)], ids=["authority", "token"])
def test_a_grafana_that_reads_by_what_was_replaced_is_restarted(message: str, held: tuple[str, str]) -> None:
    world = grafana_complains(message)
    assert causes(world) == ["grafana: datasource-broken"]
    written(world, held, 300)
    assert causes(world) == ["grafana: pod-holds-old-secret"]


def test_another_secret_that_was_replaced_explains_nothing() -> None:
    world = grafana_complains(REFUSED)
    written(world, AUTHORITY, 300)
    assert causes(world) == ["grafana: datasource-broken"]


def test_the_token_itself_comes_before_who_holds_it() -> None:
    world = grafana_complains(REFUSED)
    written(world, READS, 300)
    world.answers["influxdb_read_token"] = {"status": 401}
    assert causes(world) == ["config: token-refused"]
