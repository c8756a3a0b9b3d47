"""Each fault alone turns exactly the cases of the table red, names the right component, and heals to green."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline_services import faults
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.faults.journal import Call, Journal
from pipeline_services.faults.model import with_pods_replaced
from pipeline_services.model import roles
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.deploy.secrets.tls import new_certificate, server_names
from tests.acceptance.bench import FAILED, INCONCLUSIVE, SHOWS_TIMEOUT_S, Judge, Verdict, becomes_green
from tests.acceptance.expectations import EXPECTATIONS, Expectation
from tests.judgements.daily_cases import daily_cases

pytestmark = pytest.mark.live

STRATEGIC_PATCH = "application/strategic-merge-patch+json"
PIPELINE = Pipeline.load()
NAMESPACE, CONFIG = PIPELINE.namespace, PIPELINE.config
CASES = [case.id for case in daily_cases()]
MakeFault = Callable[[WritableCluster], faults.Fault]


def pods_of(component: str) -> str:
    return PIPELINE[component].label_selector


def scaled_to_0(name: str, namespace: str = NAMESPACE) -> MakeFault:
    return lambda api: faults.scaled(api, "deployments", name, namespace, 0)


def wrong_image(api: WritableCluster) -> faults.Fault:
    path = faults.object_path("deployments", roles.PROCESSOR, NAMESPACE)
    container = api.call("GET", path)["spec"]["template"]["spec"]["containers"][0]

    def with_image(image: str) -> Call:
        containers = [{"name": container["name"], "image": image}]
        return Call("PATCH", path, {"spec": {"template": {"spec": {"containers": containers}}}}, STRATEGIC_PATCH)

    wrong = f"{container['image'].rpartition(':')[0]}:no-such-tag"
    return faults.Fault(
        "processor has an image that is not there", [with_image(wrong)], [with_image(container["image"])]
    )


def wrong_broker(api: WritableCluster) -> faults.Fault:
    return faults.config_value(api, CONFIG.config_map, NAMESPACE, {"KAFKA_BROKER": "kafka-servise:9092"})


def wrong_broker_and_restarted(api: WritableCluster) -> faults.Fault:
    return with_pods_replaced(wrong_broker(api), pods_of(roles.PRODUCER), NAMESPACE)


def wrong_token(api: WritableCluster) -> faults.Fault:
    return faults.secret_value(api, CONFIG.write_token.secret, NAMESPACE, {CONFIG.write_token.key: b"not-the-token"})


def broken_data_source(api: WritableCluster) -> faults.Fault:
    """Grafana looks for Loki where there is none."""
    name = next(
        item["metadata"]["name"] for item in api.list("ConfigMap") if "datasources.yaml" in (item.get("data") or {})
    )
    path = faults.object_path("configmaps", name, NAMESPACE)
    right = api.call("GET", path)["data"]["datasources.yaml"]
    loki = PIPELINE.service(roles.LOKI).name
    wrong = right.replace(loki, f"no-{loki}")
    patch = {"data": {"datasources.yaml": wrong}}
    return with_pods_replaced(
        faults.patched(api, path, patch, "Grafana's data source for Loki leads nowhere"),
        pods_of(roles.GRAFANA),
        NAMESPACE,
    )


def expiring_certificate(api: WritableCluster) -> faults.Fault:
    """A certificate for one more day, in use by everyone."""
    fault = faults.secret_value(
        api, CONFIG.tls, NAMESPACE, new_certificate(server_names(PIPELINE), valid_for=datetime.timedelta(days=1))
    )
    for app in (roles.INFLUXDB, roles.PROCESSOR, roles.GRAFANA, roles.PROMETHEUS):
        fault = with_pods_replaced(fault, pods_of(app), NAMESPACE)
    return replace(fault, summary="InfluxDB's certificate expires tomorrow")


FAULTS: dict[str, MakeFault] = {
    "producer-scaled-to-0": scaled_to_0(roles.PRODUCER),
    "processor-image-wrong": wrong_image,
    "kafka-broker-wrong": wrong_broker,
    "kafka-broker-wrong-and-restarted": wrong_broker_and_restarted,
    "influxdb-token-wrong": wrong_token,
    "metrics-server-scaled-to-0": scaled_to_0("metrics-server", "kube-system"),
    "prometheus-scaled-to-0": scaled_to_0(roles.PROMETHEUS),
    "grafana-datasource-broken": broken_data_source,
    "certificate-expires-tomorrow": expiring_certificate,
}


@pytest.mark.parametrize("fault_id", FAULTS)
def test_a_fault_is_seen_for_what_it_is(fault_id: str, admin: WritableCluster, journal: Journal, judge: Judge) -> None:
    becomes_green(judge, "a green start")
    with faults.injected(admin, journal, FAULTS[fault_id](admin)):
        becomes_as_expected(judge, EXPECTATIONS[fault_id])
    becomes_green(judge, "green again after the undo")


def becomes_as_expected(judge: Judge, expected: Expectation) -> None:
    def outcome() -> Verdict:
        found = judge.findings()
        red = [case for case, (verdict, _, _) in found.items() if verdict == FAILED]
        inconclusive = [case for case, (verdict, _, _) in found.items() if verdict == INCONCLUSIVE]
        named = {found[case][1] for case in red} - set(expected.components)
        return Verdict([*expected.wrong(red, inconclusive, CASES), *(f"{name} is blamed" for name in sorted(named))])

    wait_until(outcome, within=SHOWS_TIMEOUT_S, what="exactly the expected cases", every=2.0)
