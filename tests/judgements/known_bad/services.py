"""Known-bad examples of what the services say; the rest of ``known_bad``."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from pipeline_services.judgements.targets import COUNTED
from pipeline_services.model.configuration import Config
from pipeline_services.model.errors import AccessDenied
from tests.judgements.answers.cluster import pod_name
from tests.judgements.examples import EXAMPLES
from tests.judgements.known_bad.cluster import KNOWN_BAD_CLUSTER
from tests.judgements.known_bad.declared import KNOWN_BAD_DECLARED
from tests.judgements.known_bad.kafka import KNOWN_BAD_KAFKA, lag, stalled
from tests.judgements.known_bad.policies import KNOWN_BAD_POLICIES
from tests.judgements.world import World

Breakage = Callable[..., None]
ZERO_WITHOUT_PODS = ("producer-rate", "processor-matches-producer", "influxdb-writes-match-processor")


def answer(source: str, value: Any) -> Breakage:
    """The source says ``value``."""

    def breakage(world: World, *_: str) -> None:
        world.answers[source] = value

    return breakage


def settings(key: str, value: str | None) -> Breakage:
    def breakage(world: World, *_: str) -> None:
        data = world.item("configmaps", world.pipeline.config.config_map)["data"]
        if value is None:
            del data[key]
        else:
            data[key] = value

    return breakage


def setting_of(world: World, service: str) -> None:
    there, own = world.pipeline.service(service), world.pipeline.config.settings[service]
    key = next(key for key, value in own.items() if value in (there.address, there.url))
    settings(key, "https://elsewhere:1")(world)


def service_port(world: World, service: str) -> None:
    name = world.pipeline.service(service).name if service in world.pipeline.components else service
    world.item("services", name)["spec"]["ports"][0]["port"] = 1


def config_map_gone(world: World, *_: str) -> None:
    world.drop("configmaps", lambda item: item["metadata"]["name"] == world.pipeline.config.config_map)


def secret_gone(which: Callable[[Config], str]) -> Breakage:
    def breakage(world: World, *_: str) -> None:
        name = which(world.pipeline.config)
        world.answers["secrets"] = [item for item in world.answers["secrets"] if item["name"] != name]

    return breakage


def keys_of(world: World, secret: str) -> dict[str, Any]:
    keys: dict[str, Any] = next(item for item in world.answers["secrets"] if item["name"] == secret)["keys"]
    return keys


def token_key_gone(world: World, *_: str) -> None:
    token = world.pipeline.config.write_token
    del keys_of(world, token.secret)[token.key]


def tls_key_empty(world: World, *_: str) -> None:
    keys_of(world, world.pipeline.config.tls)["tls.key"]["bytes"] = 0


def token_refused(status: int) -> Breakage:
    def breakage(world: World, token: str) -> None:
        world.answers[token] = {"status": status}

    return breakage


def token_without_the_bucket(world: World, token: str) -> None:
    """The bucket is there for the token that writes; the other one does not see it."""
    if token == "influxdb_token":
        world.answers[token] = {"status": 403}
    else:
        world.fail("influxdb_newest", AccessDenied("read", "influxdb/query"))


def administrator_refused(world: World, *_: str) -> None:
    world.fail("influxdb_at_work", AccessDenied("read", "influxdb/api/v2/buckets"))


def old_lines_only(world: World, *_: str) -> None:
    world.answers["loki/all"][0]["values"] = [[str(int((world.now - 400) * 1e9)), "long ago"]]


def loki_behind(world: World, component: str) -> None:
    world.answers["loki/pods"][pod_name(world.pipeline[component])] = world.now - 200


def loki_without(world: World, component: str) -> None:
    del world.answers["loki/pods"][pod_name(world.pipeline[component])]


def datasource_down(world: World, datasource: str) -> None:
    uid = world.pipeline.dashboard.datasources[datasource]
    world.answers[f"grafana_datasources/{uid}"] = {"status": 500, "message": "no such host"}


def panel_asks_for_something_else(world: World) -> None:
    """Somebody has edited a panel in Grafana, and the manifests have another query."""
    board = world.answers["grafana_dashboard"]
    panel = {**board["panels"][0], "targets": [{"expr": "vector(1)"}]}
    board["panels"][0] = panel
    wanted = {"uid": world.pipeline.dashboard.uid, "panels": [{**panel, "targets": [{"expr": "rate(made[1m])"}]}]}
    files = {"metadata": {"name": "boards"}, "data": {"board.json": json.dumps(wanted)}}
    world.answers["declared"].append({"kind": "ConfigMap", **files})


def panel_shows_otherwise(world: World) -> None:
    """The panel asks for the same, and draws it as something else."""
    panel_asks_for_something_else(world)
    board = world.answers["grafana_dashboard"]
    wanted = {"uid": board["uid"], "panels": [{**board["panels"][0], "fieldConfig": {"defaults": {"unit": "s"}}}]}
    board["panels"][0] |= {"fieldConfig": {"defaults": {"unit": "ms"}}}
    world.answers["declared"][-1]["data"] = {"board.json": json.dumps(wanted)}


def panel_removed(world: World) -> None:
    world.answers["grafana_dashboard"]["panels"].pop()


def service_gone(world: World, service: str) -> None:
    world.drop("services", lambda item: item["metadata"]["name"] == service)


def endpoints_unready(world: World, service: str) -> None:
    world.item("endpointslices", f"{service}-abc12")["endpoints"][0]["conditions"]["ready"] = False


def service_selects(**labels: str) -> Breakage:
    def breakage(world: World, service: str) -> None:
        world.item("services", service)["spec"]["selector"] = labels

    return breakage


def service_leads_to_a_stranger(world: World, service: str) -> None:
    pod = copy.deepcopy(world.pods(world.pipeline.services[service])[0])
    pod["metadata"]["name"] = "debug"
    world.answers["pods"].append(pod)
    target = {"addresses": ["10.244.0.99"], "targetRef": {"kind": "Pod", "name": "debug"}}
    world.item("endpointslices", f"{service}-abc12")["endpoints"].append(target)


def service_leads_to(port: str | int) -> Breakage:
    def breakage(world: World, service: str) -> None:
        world.item("services", service)["spec"]["ports"][0]["targetPort"] = port

    return breakage


def from_the_future(world: World) -> None:
    world.answers["influxdb_newest"]["time"] = world.now + 90


def certificate(where: str, **change: Any) -> Breakage:
    def breakage(world: World) -> None:
        days = {key: world.now + value * 86_400 if key.startswith("not_") else value for key, value in change.items()}
        world.answers["tls"][where].update(days)

    return breakage


def target_of(world: World, component: str) -> dict[str, Any]:
    known: list[dict[str, Any]] = world.answers["prometheus_targets"]
    pods = [pod["metadata"]["name"] for pod in world.pods(component)] if component in world.pipeline.components else []
    return next(one for one in known if one["labels"].get("pod") in pods or one["labels"]["job"] == component)


def target_gone(world: World, component: str = "kubelet") -> None:
    world.answers["prometheus_targets"].remove(target_of(world, component))


def target_down(world: World, component: str = "kubelet-cadvisor") -> None:
    target_of(world, component).update(health="down", lastError="connection refused")


def target_stale(world: World, component: str = "kubelet") -> None:
    target_of(world, component)["lastScrape"] = world.ago(300)


def series_dropped(world: World, what: str) -> None:
    world.answers[f"prometheus/{COUNTED[what]}"] = []


def restarted(world: World, component: str) -> None:
    world.pods(component)[0]["status"]["containerStatuses"][0]["restartCount"] = 5


def too_many_replicas(world: World, hpa: str) -> None:
    world.item("hpas", hpa)["status"]["currentReplicas"] = 6


def nothing_new_stored(world: World, subject: str) -> None:
    world.answers["influxdb_newest"] = {"time": world.now - 90, "points_1m": 0}
    stalled(world, subject)


BAD_READINGS: dict[str, Breakage] = {
    "pod-restarts": restarted,
    "hpa-replicas": too_many_replicas,
    "consumer-lag": lag((1_000, 9_000), (1_000, 9_000)),
    "consumer-lag-growth": stalled,
    "stored-reading-age": nothing_new_stored,
}


OF_EXAMPLES = {one.check: tuple(answer(one.source, bad) for bad in one.bad) for one in EXAMPLES}

KNOWN_BAD: dict[str, tuple[Breakage, ...]] = {
    **OF_EXAMPLES,
    "test_bucket_set_as_declared": (
        *OF_EXAMPLES["test_bucket_set_as_declared"],
        answer("influxdb_write", {"status": 404}),
    ),
    "test_settings_lead_to": (setting_of, service_port, config_map_gone),
    "test_producer_load_set": (settings("PRODUCER_RATE", "0"), settings("PRODUCER_DEVICES", None), config_map_gone),
    "test_references_exist": (config_map_gone, secret_gone(lambda config: config.tls), token_key_gone),
    "test_secrets_complete": (secret_gone(lambda config: config.read_token.secret), tls_key_empty),
    "test_token_accepted": (token_refused(401), token_refused(403), token_without_the_bucket),
    "test_store_left_alone": (*OF_EXAMPLES["test_store_left_alone"], administrator_refused),
    "test_loki_finds_all_logs": (answer("loki/all", []), old_lines_only),
    "test_loki_answers_error_search": (),
    "test_loki_has_logs_of": (loki_behind, loki_without),
    "test_grafana_datasource_answers": (datasource_down,),
    "test_grafana_dashboard_complete": (
        answer("grafana_dashboard", {"title": "Home", "panels": []}),
        panel_removed,
        panel_asks_for_something_else,
        panel_shows_otherwise,
    ),
    "test_service_has_endpoint": (service_gone, service_port, endpoints_unready),
    "test_service_leads_to_pods": (
        service_selects(tier="another"),
        service_selects(),
        service_leads_to("metrics"),
        service_leads_to_a_stranger,
        service_leads_to(1),
    ),
    "test_data_clock": (from_the_future,),
    **KNOWN_BAD_POLICIES,
    **KNOWN_BAD_DECLARED,
    **KNOWN_BAD_CLUSTER,
    **KNOWN_BAD_KAFKA,
    "test_certificate_valid_for_weeks": (
        certificate("secret", not_after=1),
        certificate("served", not_after=13.9),
        certificate("served", not_before=1),
    ),
    "test_certificate_has_key": (lambda world: world.answers["tls"].update(key_fits=False),),
    "test_certificate_trusted": (
        certificate("served", names=["somebody-else"]),
        lambda world: world.answers["tls"].update(verified=False, error="unable to get local issuer certificate"),
    ),
    "test_certificate_served": (certificate("served", sha256="ef" * 32),),
    "test_pods_scraped": (target_gone, target_down, target_stale),
    "test_series_kept": (series_dropped,),
    "test_nodes_scraped": (target_gone, target_down, target_stale),
}
"""``test_loki_answers_error_search`` asks whether there is an answer at all, so it cannot fail: see its NoData test."""
