"""How what is live is made to differ by hand from what was declared, just as the objects and answers would look."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline_services.model.errors import AccessDenied
from tests.judgements.world import World

Change = Callable[[World], None]
MOMENT = "2026-11-27T19:00:00Z"


@dataclass(frozen=True, slots=True)
class Known:
    """A difference: what it is, how it looks, and what the only finding names: ``component: cause``."""

    id: str
    change: Change
    finding: str


def template(app: str, **fields: Any) -> Change:
    """The pods' own fields."""

    def change(world: World) -> None:
        world.workload(app)["spec"]["template"]["spec"].update(copy.deepcopy(fields))

    return change


def container(app: str, **fields: Any) -> Change:
    """Fields of the app's container."""

    def change(world: World) -> None:
        world.workload(app)["spec"]["template"]["spec"]["containers"][0].update(copy.deepcopy(fields))

    return change


def without(app: str, field: str) -> Change:
    """A field of the app's container is not there."""

    def change(world: World) -> None:
        del world.workload(app)["spec"]["template"]["spec"]["containers"][0][field]

    return change


def workload(app: str, **fields: Any) -> Change:
    """Fields of the workload itself."""

    def change(world: World) -> None:
        world.workload(app)["spec"].update(copy.deepcopy(fields))

    return change


def spec(source: str, name: str, **fields: Any) -> Change:
    """Fields of any other object."""

    def change(world: World) -> None:
        world.item(source, name)["spec"].update(copy.deepcopy(fields))

    return change


def metadata(source: str, name: str, **fields: Any) -> Change:
    def change(world: World) -> None:
        world.item(source, name)["metadata"].update(copy.deepcopy(fields))

    return change


def labelled(source: str, name: str, key: str, value: str) -> Change:
    """A label beside those that there are."""

    def change(world: World) -> None:
        world.item(source, name)["metadata"].setdefault("labels", {})[key] = value

    return change


def meshed(world: World) -> None:
    """The namespace's label has a mesh put its proxy into each new pod; the mesh is as old as the cluster."""
    world.answers["namespaces"][0]["metadata"]["labels"]["istio-injection"] = "enabled"
    new_pods = {"apiGroups": [""], "operations": ["CREATE"], "resources": ["pods"]}
    chosen = {"matchLabels": {"istio-injection": "enabled"}}
    webhook = {"name": "injector.istio.io", "rules": [new_pods], "namespaceSelector": chosen}
    metadata = {"name": "istio-sidecar-injector", "creationTimestamp": "2020-01-01T00:00:00Z"}
    world.answers["mutatingwebhookconfigurations"].append({"metadata": metadata, "webhooks": [webhook]})


def top(source: str, name: str, **fields: Any) -> Change:
    """Fields that stand beside an object's metadata."""

    def change(world: World) -> None:
        world.item(source, name).update(copy.deepcopy(fields))

    return change


def text(config_map: str, key: str, old: str, new: str) -> Change:
    def change(world: World) -> None:
        data = world.item("configmaps", config_map)["data"]
        assert old in data[key]
        data[key] = data[key].replace(old, new)

    return change


def key_gone(config_map: str, key: str) -> Change:
    def change(world: World) -> None:
        del world.item("configmaps", config_map)["data"][key]

    return change


def gone(source: str, name: str) -> Change:
    """An object that was deleted."""

    def change(world: World) -> None:
        world.drop(source, lambda item: item["metadata"]["name"] == name)

    return change


def mounted_read_only(world: World) -> None:
    mounts = world.workload("kafka")["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    next(one for one in mounts if one["name"] == "data")["readOnly"] = True


def kept_in_memory(world: World) -> None:
    volumes = world.workload("grafana")["spec"]["template"]["spec"]["volumes"]
    data = next(one for one in volumes if one["name"] == "data")
    data.clear()
    data.update(name="data", hostPath={"path": "/tmp/grafana"})


def always_ready(world: World) -> None:
    probe = world.workload("processor")["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]
    del probe["httpGet"]
    probe["exec"] = {"command": ["true"]}


def eater(world: World) -> None:
    words = ["sh", "-c", "while :; do :; done"]
    share = {"requests": {"cpu": "10m"}}
    more = {"name": "eater", "image": "localhost/conveyor/apps:1", "command": words, "resources": share}
    world.workload("grafana")["spec"]["template"]["spec"]["containers"].append(more)


def annotated(world: World) -> None:
    notes = world.workload("producer")["spec"]["template"]["metadata"].setdefault("annotations", {})
    notes["sidecar.istio.io/inject"] = "true"


def may_less(world: World) -> None:
    world.item("roles", "prometheus")["rules"][0]["verbs"] = ["get"]


def never_scales_down(world: World) -> None:
    world.item("hpas", "producer-hpa")["spec"]["behavior"]["scaleDown"]["selectPolicy"] = "Disabled"


def headless(world: World) -> None:
    """Made anew without an address of its own; the manifest leaves the address to the API server."""
    world.item("services", "influxdb-service")["spec"].update(clusterIP="None", clusterIPs=["None"])
    for item in world.answers["declared"]:
        if item["kind"] == "Service":
            item["spec"].pop("clusterIP", None)
            item["spec"].pop("clusterIPs", None)


def on_a_port_of_the_node(world: World) -> None:
    for item in (world.workload("producer")["spec"]["template"], world.pods("producer")[0]):
        item["spec"]["containers"][0]["ports"][0]["hostPort"] = 8000


def with_a_node_port(world: World) -> None:
    found = world.item("services", "influxdb-service")["spec"]
    found["type"] = "NodePort"
    found["ports"][0]["nodePort"] = 30086


def answer(source: str, value: Any) -> Change:
    """What a service says."""

    def change(world: World) -> None:
        world.answers[source] = copy.deepcopy(value)

    return change


def refused(*sources: str) -> Change:
    """InfluxDB does not let the token do what each source asks for."""

    def change(world: World) -> None:
        for source in sources:
            world.fail(source, AccessDenied("read", "influxdb/query"))

    return change


def pod(app: str, **fields: Any) -> Change:
    """Fields of the app's running pod."""

    def change(world: World) -> None:
        world.pods(app)[0]["spec"].update(copy.deepcopy(fields))

    return change


def of_one_pod(app: str, **fields: Any) -> Change:
    """Fields of the container of the app's running pod."""

    def change(world: World) -> None:
        world.pods(app)[0]["spec"]["containers"][0].update(copy.deepcopy(fields))

    return change


def injected(world: World) -> None:
    """A container that something put into the pod when it was made."""
    found = world.pods("grafana")[0]
    found["spec"]["containers"].append({"name": "proxy", "image": "proxy:1"})


def version_of(app: str, image: str) -> Change:
    """Another image of the app, rolled out a minute ago."""

    def change(world: World) -> None:
        found = world.workload(app)
        for one in (found["spec"]["template"], *world.pods(app)):
            one["spec"]["containers"][0]["image"] = image
        (progressing,) = (one for one in found["status"]["conditions"] if one["type"] == "Progressing")
        progressing["lastUpdateTime"] = world.ago(60)

    return change


def node_says(kind: str) -> Change:
    """A condition that somebody beside the kubelet sets."""

    def change(world: World) -> None:
        world.answers["nodes"][0]["status"]["conditions"].append({"type": kind, "status": "True", "message": "so"})

    return change


def panel_asks(world: World) -> None:
    """Somebody has edited a panel in Grafana."""
    world.answers["grafana_dashboard"]["panels"][0]["targets"][0]["expr"] = "vector(1)"


def one_partition_more(world: World) -> None:
    """The readings' topic was given one more."""
    found = world.answers["kafka_topics"]["sensor-readings"]
    found.append({**found[0], "partition": len(found)})


def held(world: World) -> None:
    """Somebody's finalizer on a running pod."""
    world.pods("kafka")[0]["metadata"]["finalizers"] = ["example.com/hold"]


def secret(name: str, **fields: Any) -> Change:
    """What is known of a Secret beside its keys."""

    def change(world: World) -> None:
        next(one for one in world.answers["secrets"] if one["name"] == name).update(fields)

    return change


def with_a_line_end(name: str, key: str) -> Change:
    """A value as ``echo`` writes it."""

    def change(world: World) -> None:
        next(one for one in world.answers["secrets"] if one["name"] == name)["keys"][key]["padded"] = True

    return change
