"""What is one fault is told as one cause, by what it is and not by what is seen of it."""

from __future__ import annotations

from pipeline_services.model import roles
from pipeline_services.model.errors import AccessDenied
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World, healthy
from tests.triage.made import causes, only_finding
from tests.triage.test_stale_secrets import written

DAY_S = 86_400.0
ADMIN = ("grafana-admin", "password")


def test_a_certificate_that_is_not_valid_yet() -> None:
    world = healthy()
    world.answers["tls"].update(verified=False, error="certificate is not yet valid")
    for where in ("secret", "served"):
        world.answers["tls"][where]["not_before"] = world.now + DAY_S
    found = only_finding(world)
    assert (found.cause.id, found.next[-1]) == ("certificate-wrong", "make up")
    assert "is not valid before" in found.summary
    assert len(found.evidence) == 2


def test_a_certificate_that_was_made_too_early_is_not_to_be_loaded() -> None:
    world = healthy()
    world.answers["tls"]["secret"].update(not_before=world.now + DAY_S, sha256="0" * 64)
    assert causes(world) == ["influxdb: certificate-wrong"]


def test_an_autoscaler_of_a_workload_that_is_gone() -> None:
    world = healthy()
    world.drop("deployments", lambda item: item["metadata"]["name"] == roles.PRODUCER)
    world.drop_pods(roles.PRODUCER)
    status = world.item("hpas", "producer-hpa")["status"]
    reason = {"status": "False", "reason": "FailedGetScale", "lastTransitionTime": world.ago(900)}
    next(one for one in status["conditions"] if one["type"] == "AbleToScale").update(reason)
    found = only_finding(world)
    assert (found.cause.id, found.subject) == ("workload-missing", "deployment/producer")
    assert "hpa" in found.affects


def refused_by_grafana() -> World:
    world = healthy()
    secret, key = ADMIN
    world.answers["secrets"].append({"name": secret, "type": "Opaque", "keys": {key: {"bytes": 43}}})
    shown = [one for one in world.answers if one.startswith(("grafana_dashboard", "grafana_datasources/", "grafana_p"))]
    for source in shown:
        world.fail(source, AccessDenied("read", "grafana-service/api"))
    return world


def test_a_grafana_that_started_before_its_password_was_replaced() -> None:
    world = refused_by_grafana()
    written(world, ADMIN, 300)
    found = only_finding(world)
    assert (found.component, found.cause.id) == (roles.GRAFANA, "pod-holds-old-secret")
    assert "started before password of Secret grafana-admin was replaced" in found.summary
    assert diagnose(world.snapshot()).unanswered == ()


def test_a_grafana_that_started_since_does_not_hold_the_old_one() -> None:
    world = refused_by_grafana()
    written(world, ADMIN, 7_200)
    assert causes(world) == ["grafana: dashboard-damaged"]
