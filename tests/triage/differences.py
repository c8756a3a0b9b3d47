"""Everything in which what is live has been made to differ from what was declared, and who has to be named for it.

Each is made by hand on a recording of the real pipeline, just as the live objects and answers would look.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
    """Metadata of an object."""

    def change(world: World) -> None:
        world.item(source, name)["metadata"].update(copy.deepcopy(fields))

    return change


def top(source: str, name: str, **fields: Any) -> Change:
    """Fields that stand beside an object's metadata."""

    def change(world: World) -> None:
        world.item(source, name).update(copy.deepcopy(fields))

    return change


def text(config_map: str, key: str, old: str, new: str) -> Change:
    """A text of a ConfigMap."""

    def change(world: World) -> None:
        data = world.item("configmaps", config_map)["data"]
        assert old in data[key]
        data[key] = data[key].replace(old, new)

    return change


def key_gone(config_map: str, key: str) -> Change:
    """A key of a ConfigMap."""

    def change(world: World) -> None:
        del world.item("configmaps", config_map)["data"][key]

    return change


def gone(source: str, name: str) -> Change:
    """An object that was deleted."""

    def change(world: World) -> None:
        world.drop(source, lambda item: item["metadata"]["name"] == name)

    return change


def added(source: str, name: str, **fields: Any) -> Change:
    """An object that nobody declared."""

    def change(world: World) -> None:
        labels = fields.get("labels", {})
        made = {"name": name, "labels": labels, "creationTimestamp": MOMENT}
        world.answers[source].append({"metadata": made, **{k: v for k, v in fields.items() if k != "labels"}})

    return change


def doubled(app: str) -> Change:
    """Two replicas, both well."""

    def change(world: World) -> None:
        found = world.workload(app)
        found["spec"]["replicas"] = 2
        counts = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "currentReplicas")
        found["status"].update({count: 2 for count in counts if count in found["status"]})

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


def with_a_node_port(world: World) -> None:
    found = world.item("services", "influxdb-service")["spec"]
    found["type"] = "NodePort"
    found["ports"][0]["nodePort"] = 30086


def limited(kind: str, **fields: Any) -> Change:
    """A quota or a range of limits that nobody declared."""

    def change(world: World) -> None:
        world.answers["quotas"].append({"kind": kind, "name": "team", **fields})

    return change


DRIFT = "not-as-declared"
EXTRA = "object-extra"
PREFERS_ANOTHER = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}
KAFKA_POD = {"matchLabels": {"app": "kafka"}}
OUTSIDE = {"type": "LoadBalancer", "selector": {"app": "kafka"}, "ports": [{"port": 9092, "targetPort": 9092}]}
BY_HAND = {"addresses": ["203.0.113.9"], "conditions": {"ready": True}}
OF_INFLUXDB = {"kubernetes.io/service-name": "influxdb-service"}
OF_PODS = (
    Known("image-pulled-each-time", container("producer", imagePullPolicy="Always"), f"producer: {DRIFT}"),
    Known("runs-as-root", template("influxdb", securityContext={"runAsUser": 0}), f"influxdb: {DRIFT}"),
    Known("privileged", container("producer", securityContext={"privileged": True}), f"producer: {DRIFT}"),
    Known("volume-read-only", mounted_read_only, f"kafka: {DRIFT}"),
    Known("volume-of-another-kind", kept_in_memory, f"grafana: {DRIFT}"),
    Known("killed-at-once", template("kafka", terminationGracePeriodSeconds=0), f"kafka: {DRIFT}"),
    Known(
        "ends-after-minutes",
        container("processor", lifecycle={"preStop": {"exec": {"command": ["sleep", "600"]}}}),
        f"processor: {DRIFT}",
    ),
    Known(
        "liveness-too-strict",
        container("influxdb", livenessProbe={"tcpSocket": {"port": 8086}, "timeoutSeconds": 1}),
        f"influxdb: {DRIFT}",
    ),
    Known("always-ready", always_ready, f"processor: {DRIFT}"),
    Known("no-readiness", without("processor", "readinessProbe"), f"processor: {DRIFT}"),
    Known("no-startup-probe", without("kafka", "startupProbe"), f"kafka: {DRIFT}"),
    Known("for-other-nodes", template("grafana", nodeSelector={"disk": "ssd"}), f"grafana: {DRIFT}"),
    Known("affinity", template("loki", affinity=PREFERS_ANOTHER), f"loki: {DRIFT}"),
    Known("tolerates-all", template("loki", tolerations=[{"operator": "Exists"}]), f"loki: {DRIFT}"),
    Known("no-rights-in-its-pods", template("prometheus", automountServiceAccountToken=False), f"prometheus: {DRIFT}"),
    Known("other-account", template("prometheus", serviceAccountName="default"), f"prometheus: {DRIFT}"),
    Known("one-container-more", eater, f"grafana: {DRIFT}"),
    Known("pushes-others-away", template("loki", priorityClassName="system-cluster-critical"), f"loki: {DRIFT}"),
    Known("name-led-astray", template("processor", hostAliases=[{"ip": "10.9.9.9"}]), f"processor: {DRIFT}"),
    Known("on-the-nodes-network", template("producer", hostNetwork=True), f"producer: {DRIFT}"),
    Known("asks-for-injection", annotated, f"producer: {DRIFT}"),
)
"""Fields of pod templates."""
OF_WORKLOADS = (
    Known("nothing-to-go-back-to", workload("producer", revisionHistoryLimit=0), f"producer: {DRIFT}"),
    Known("rollouts-paused", workload("producer", paused=True), f"producer: {DRIFT}"),
    Known("long-until-available", workload("producer", minReadySeconds=600), f"producer: {DRIFT}"),
    Known("given-up-too-early", workload("producer", progressDeadlineSeconds=6), f"producer: {DRIFT}"),
    Known("all-at-once", workload("processor", strategy={"type": "Recreate"}), f"processor: {DRIFT}"),
    Known("never-replaced", workload("kafka", updateStrategy={"type": "OnDelete"}), f"kafka: {DRIFT}"),
    Known("volumes-go-too", workload("kafka", persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"}),
          f"kafka: {DRIFT}"),
    Known("names-of-pods", workload("kafka", serviceName="other"), f"kafka: {DRIFT}"),
    Known("two-stores", doubled("influxdb"), f"influxdb: {DRIFT}"),
    Known("two-lokis", doubled("loki"), f"loki: {DRIFT}"),
    Known("deleted-and-held", metadata("deployments", "grafana", deletionTimestamp=MOMENT), f"grafana: {DRIFT}"),
)  # fmt: skip
"""Fields of the workloads themselves."""
OF_OTHERS = (
    Known("never-scales-down", never_scales_down, f"hpa: {DRIFT}"),
    Known("same-bounds", spec("hpas", "producer-hpa", minReplicas=5), "hpa: autoscaler-wrong"),
    Known("sticky", spec("services", "kafka-service", sessionAffinity="ClientIP"), f"network: {DRIFT}"),
    Known("unready-too", spec("services", "influxdb-service", publishNotReadyAddresses=True), f"network: {DRIFT}"),
    Known("open-on-nodes", with_a_node_port, f"network: {DRIFT}"),
    Known("another-address", spec("services", "kafka-service", externalIPs=["10.0.0.1"]), f"network: {DRIFT}"),
    Known("cannot-be-changed", top("configmaps", "pipeline-config", immutable=True), f"config: {DRIFT}"),
    Known("binary-beside", top("configmaps", "kafka-config", binaryData={"x": "AA=="}), f"kafka: {DRIFT}"),
    Known("carriage-returns", text("kafka-config", "start.sh", "\n", "\r\n"), f"kafka: {DRIFT}"),
    Known("no-last-line-end", text("kafka-config", "start.sh", '"$settings"\n', '"$settings"'), f"kafka: {DRIFT}"),
    Known("text-gone", key_gone("prometheus-config", "rules.yml"), f"prometheus: {DRIFT}"),
    Known("config-deleted", metadata("configmaps", "kafka-config", deletionTimestamp=MOMENT), f"kafka: {DRIFT}"),
    Known("logs-forgotten", text("loki-config", "loki.yaml", "retention_period: 24h", "retention_period: 1h"),
          f"loki: {DRIFT}"),
    Known("scraped-rarely", text("prometheus-config", "prometheus.yml", "scrape_interval: 5s", "scrape_interval: 60s"),
          f"prometheus: {DRIFT}"),
    Known("anybody-may-edit", text("grafana-config", "grafana.ini", "org_role = Viewer", "org_role = Admin"),
          f"grafana: {DRIFT}"),
    Known("namespace-goes", metadata("namespaces", "conveyor-pipeline", deletionTimestamp=MOMENT), f"config: {DRIFT}"),
    Known("claims-more", spec("pvcs", "data-kafka-0", resources={"requests": {"storage": "50Gi"}}),
          f"storage: {DRIFT}"),
    Known("rights-gone", gone("rolebindings", "prometheus"), f"prometheus: {DRIFT}"),
    Known("rights-cut", may_less, f"prometheus: {DRIFT}"),
    Known("account-gone", gone("serviceaccounts", "prometheus"), f"prometheus: {DRIFT}"),
)  # fmt: skip
"""Services, autoscalers, ConfigMaps, claims and rights."""
OF_NOBODY = (
    Known("broker-open-to-all", added("services", "kafka-public", spec=OUTSIDE), f"network: {EXTRA}"),
    Known("address-by-hand", added("endpointslices", "by-hand", labels=OF_INFLUXDB, endpoints=[BY_HAND]),
          f"network: {EXTRA}"),
    Known("no-drain", added("poddisruptionbudgets", "kafka", spec={"maxUnavailable": 0, "selector": KAFKA_POD}),
          f"kafka: {EXTRA}"),
    Known("no-room", limited("ResourceQuota", hard={"pods": "8"}, used={"pods": "8"}), f"config: {EXTRA}"),
    Known("too-large-for-the-range", limited("LimitRange", limits=[{"max": {"memory": "32Mi"}}]), f"config: {EXTRA}"),
)  # fmt: skip
"""Objects that nobody declared."""
KNOWN = (*OF_PODS, *OF_WORKLOADS, *OF_OTHERS, *OF_NOBODY)
