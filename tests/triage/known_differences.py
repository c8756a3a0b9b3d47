"""Everything in which the live state is known to be told from the declared one, and who is named for it."""

from __future__ import annotations

from tests.triage.added_objects import (
    account_made_anew,
    added,
    by_hand,
    cluster_rights_cut,
    doubled,
    given_rights,
    idle,
    limited,
    of_another_build,
    released,
    second_workload,
)
from tests.triage.dashboard_changes import board, panel
from tests.triage.differences import (
    MOMENT,
    Known,
    always_ready,
    annotated,
    answer,
    container,
    eater,
    gone,
    headless,
    held,
    injected,
    kept_in_memory,
    key_gone,
    labelled,
    may_less,
    meshed,
    metadata,
    mounted_read_only,
    never_scales_down,
    node_says,
    of_one_pod,
    on_a_port_of_the_node,
    one_partition_more,
    panel_asks,
    pod,
    refused,
    secret,
    spec,
    template,
    text,
    top,
    version_of,
    with_a_line_end,
    with_a_node_port,
    without,
    workload,
)
from tests.triage.endpoint_changes import no_slice, old_address, other_port, pod_of_before
from tests.triage.held_differences import HELD
from tests.triage.volume_changes import volume_deleted, volume_kept, volume_not_grown

DRIFT = "not-as-declared"
EXTRA = "object-extra"
PREFERS_ANOTHER = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}
KAFKA_POD = {"matchLabels": {"app": "kafka"}}
OUTSIDE = {"type": "LoadBalancer", "selector": {"app": "kafka"}, "ports": [{"port": 9092, "targetPort": 9092}]}
BY_HAND = {"addresses": ["203.0.113.9"], "conditions": {"ready": True}}
ANY_POD = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
CALLED = {"name": "guard.example.com", "rules": [ANY_POD], "failurePolicy": "Fail"}
OF_SLICES = {"apiGroups": ["discovery.k8s.io"], "operations": ["UPDATE"], "resources": ["endpointslices"]}
FREEZES = {"name": "freeze.example.com", "rules": [OF_SLICES]}
BOUND = {"policyName": "signed-only", "validationActions": ["Deny"]}
SAME_ZONE = {"service.kubernetes.io/topology-mode": "Auto"}
SOME_NODES = {"scheduler.alpha.kubernetes.io/node-selector": "disk=ssd"}
OTHER_PROXY = "service.kubernetes.io/service-proxy-name"
ASKS_FOR_A_MESH = {"linkerd.io/inject": "enabled"}
ACCOUNT = {"kind": "ServiceAccount", "name": "prometheus", "namespace": "conveyor-pipeline"}
OWNED = {"ownerReferences": [{"kind": "Pod", "name": "x"}]}
OF_GRAFANA = {"name": "grafana-service", "port": {"number": 3000}}
OF_SOMEBODY = {"endpointslice.kubernetes.io/managed-by": "operator.example.com"}
OF_KAFKAS_PODS = {"kubernetes.io/service-name": "kafka-headless"}
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
    Known("on-a-port-of-the-node", on_a_port_of_the_node, f"producer: {DRIFT}"),
    Known("never-ready-by-itself", template("producer", readinessGates=[{"conditionType": "example.com/up"}]),
          f"producer: {DRIFT}"),
    Known("for-another-scheduler", template("loki", schedulerName="batch-scheduler"), f"loki: {DRIFT}"),
    Known("on-one-node", template("kafka", nodeName="node-7"), f"kafka: {DRIFT}"),
    Known("numbers-from-one", workload("kafka", ordinals={"start": 1}), f"kafka: {DRIFT}"),
    Known("variables-of-services", template("kafka", enableServiceLinks=True), f"kafka: {DRIFT}"),
    Known("on-the-nodes-network", template("producer", hostNetwork=True), f"producer: {DRIFT}"),
    Known("asks-for-injection", annotated, f"producer: {DRIFT}"),
)  # fmt: skip
"""Fields of pod templates."""
OF_RUNNING_PODS = (
    Known("of-another-version", version_of("producer", "localhost/conveyor/apps:next"), "producer: not-as-declared"),
    Known("of-another-registry", version_of("loki", "docker.io/grafana/loki:3"), "loki: not-as-declared"),
    Known(
        "debugged", pod("kafka", ephemeralContainers=[{"name": "debugger", "image": "busybox"}]), "kafka: pod-edited"
    ),
    Known("killed-after-a-while", pod("producer", activeDeadlineSeconds=600), "producer: pod-edited"),
    Known("tolerates-all-now", pod("kafka", tolerations=[{"operator": "Exists"}]), "kafka: pod-edited"),
    Known("other-names-for-one-pod", pod("grafana", hostAliases=[{"ip": "10.9.9.9"}]), "grafana: pod-edited"),
    Known("image-of-one-pod", of_one_pod("producer", image="localhost/conveyor/apps:next"), "producer: pod-edited"),
    Known("of-another-build-of-its-tag", of_another_build, "producer: pod-edited"),
    Known("account-made-anew", account_made_anew, "prometheus: pod-edited"),
    Known("resized-in-place", of_one_pod("producer", resources={"limits": {"cpu": "2"}}), "producer: pod-edited"),
    Known("injected", injected, "grafana: pod-edited"),
    Known("lost-by-its-workload", released("grafana"), "grafana: object-extra"),
    Known("made-by-hand", by_hand("producer"), "producer: object-extra"),
    Known("held", held, "kafka: pod-edited"),
    Known("a-second-workload", second_workload("processor", track="canary"), "processor: object-extra"),
)
"""Pods that are not what their workloads made."""
OF_NODES = (
    Known("kernel-deadlock", node_says("KernelDeadlock"), "node: node-pressure"),
    Known("network-unavailable", node_says("NetworkUnavailable"), "node: node-pressure"),
)
"""What is said of a node beside what the kubelet says."""
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
    Known("held-by-a-finalizer", metadata("statefulsets", "kafka", finalizers=["example.com/hold"]), f"kafka: {DRIFT}"),
    Known("goes-with-another", metadata("configmaps", "kafka-config", ownerReferences=[{"kind": "Pod", "name": "x"}]),
          f"kafka: {DRIFT}"),
    Known("without-its-label", metadata("services", "kafka-service", labels={}), f"network: {DRIFT}"),
    Known("panel-asks-for-something-else", panel_asks, "grafana: dashboard-damaged"),
    Known("panel-asks-another-source", board(panel(datasource={"uid": "of-another-team"})),
          "grafana: dashboard-damaged"),
    Known("panel-with-another-unit", board(panel(fieldConfig={"defaults": {"unit": "ms"}})),
          "grafana: dashboard-damaged"),
    Known("query-hidden", board(lambda found: found["panels"][0]["targets"][0].update(hide=True)),
          "grafana: dashboard-damaged"),
    Known("opens-on-a-day-of-before", board(lambda found: found.update(time={"from": MOMENT, "to": MOMENT})),
          "grafana: dashboard-damaged"),
    Known("never-scales-down", never_scales_down, f"hpa: {DRIFT}"),
    Known("same-bounds", spec("hpas", "producer-hpa", minReplicas=5), "hpa: autoscaler-wrong"),
    Known("without-an-address", headless, f"network: {DRIFT}"),
    Known("sticky", spec("services", "kafka-service", sessionAffinity="ClientIP"), f"network: {DRIFT}"),
    Known("unready-too", spec("services", "influxdb-service", publishNotReadyAddresses=True), f"network: {DRIFT}"),
    Known("only-to-the-same-zone", metadata("services", "kafka-service", annotations=SAME_ZONE), f"network: {DRIFT}"),
    Known("only-on-some-nodes", metadata("namespaces", "conveyor-pipeline", annotations=SOME_NODES),
          f"config: {DRIFT}"),
    Known("passed-over-by-the-proxy", labelled("services", "kafka-service", OTHER_PROXY, "mesh"), f"network: {DRIFT}"),
    Known("address-of-before", old_address("kafka-service"), f"network: {DRIFT}"),
    Known("name-with-an-address-of-before", old_address("kafka-headless"), f"network: {DRIFT}"),
    Known("name-without-an-address", no_slice("kafka-headless"), f"network: {DRIFT}"),
    Known("pod-of-before", pod_of_before("influxdb-service"), f"network: {DRIFT}"),
    Known("endpoints-on-another-port", other_port("influxdb-service"), f"network: {DRIFT}"),
    Known("met-by-a-webhook-that-was-there", meshed, f"config: {DRIFT}"),
    Known("asks-for-a-mesh", metadata("namespaces", "conveyor-pipeline", annotations=ASKS_FOR_A_MESH),
          f"config: {DRIFT}"),
    Known("open-on-nodes", with_a_node_port, f"network: {DRIFT}"),
    Known("another-address", spec("services", "kafka-service", externalIPs=["10.0.0.1"]), f"network: {DRIFT}"),
    Known("cannot-be-changed", top("configmaps", "pipeline-config", immutable=True), f"config: {DRIFT}"),
    Known("token-with-a-line-end", with_a_line_end("influxdb-read", "token"), f"config: {DRIFT}"),
    Known("token-cannot-be-rotated", secret("pipeline-secrets", immutable=True), f"config: {DRIFT}"),
    Known("token-goes-with-another", secret("pipeline-secrets", metadata=OWNED),
          f"config: {DRIFT}"),
    Known("token-held", secret("influxdb-tls", metadata={"finalizers": ["example.com/hold"]}), f"config: {DRIFT}"),
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
    Known("volume-outlives-its-claim", volume_kept, f"storage: {DRIFT}"),
    Known("volume-not-grown", volume_not_grown, f"storage: {DRIFT}"),
    Known("volume-deleted", volume_deleted, f"storage: {DRIFT}"),
    Known("no-default-class", metadata("storageclasses", "standard", annotations={}), f"storage: {DRIFT}"),
    Known("class-gone", gone("storageclasses", "standard"), f"storage: {DRIFT}"),
    Known("rights-gone", gone("rolebindings", "prometheus"), f"prometheus: {DRIFT}"),
    Known("rights-cut", may_less, f"prometheus: {DRIFT}"),
    Known("rights-in-the-cluster-cut", cluster_rights_cut, f"prometheus: {DRIFT}"),
    Known("account-gone", gone("serviceaccounts", "prometheus"), f"prometheus: {DRIFT}"),
)  # fmt: skip
"""Services, autoscalers, ConfigMaps, claims and rights."""
OF_NOBODY = (
    Known("broker-open-to-all", added("services", "kafka-public", spec=OUTSIDE), f"network: {EXTRA}"),
    Known("address-by-hand", added("endpointslices", "by-hand", labels=OF_INFLUXDB, endpoints=[BY_HAND]),
          f"network: {EXTRA}"),
    Known("address-by-hand-of-the-service", added("endpointslices", "by-hand", labels=OF_INFLUXDB | OF_SOMEBODY,
                                                  metadata=OWNED, endpoints=[BY_HAND]), f"network: {EXTRA}"),
    Known("name-of-a-pod-by-hand", added("endpointslices", "by-hand", labels=OF_KAFKAS_PODS, endpoints=[BY_HAND]),
          f"network: {EXTRA}"),
    Known("endpoints-refused-by-a-webhook", added("validatingwebhookconfigurations", "guard", webhooks=[FREEZES]),
          f"config: {EXTRA}"),
    Known("open-by-an-ingress", added("ingresses", "graphs", spec={"defaultBackend": {"service": OF_GRAFANA}}),
          f"network: {EXTRA}"),
    Known("pods-refused-by-a-webhook", added("validatingwebhookconfigurations", "guard", webhooks=[CALLED]),
          f"config: {EXTRA}"),
    Known("pods-changed-by-a-webhook", added("mutatingwebhookconfigurations", "inject", webhooks=[CALLED]),
          f"config: {EXTRA}"),
    Known("pods-refused-by-a-policy", added("validatingadmissionpolicybindings", "signed-only", spec=BOUND),
          f"config: {EXTRA}"),
    Known("rights-for-prometheus", given_rights("rolebindings", **ACCOUNT), f"prometheus: {EXTRA}"),
    Known("rights-in-the-cluster", given_rights("clusterrolebindings", **ACCOUNT), f"prometheus: {EXTRA}"),
    Known("rights-for-all-pods", given_rights("rolebindings", kind="Group", name="system:serviceaccounts"),
          f"config: {EXTRA}"),
    Known("no-drain", added("poddisruptionbudgets", "kafka", spec={"maxUnavailable": 0, "selector": KAFKA_POD}),
          f"kafka: {EXTRA}"),
    Known("no-room", limited("ResourceQuota", hard={"pods": "8"}, used={"pods": "8"}), f"config: {EXTRA}"),
    Known("too-large-for-the-range", limited("LimitRange", limits=[{"max": {"memory": "32Mi"}}]), f"config: {EXTRA}"),
)  # fmt: skip
"""Objects that nobody declared."""


WORKS = {"kind": "task", "id": "1", "name": "thin out", "active": True}
KEEPS = {"id": "b", "org": "o", "retention_s": 3_600}
EACH_HOUR = {"retention_s": 1_209_600, "shard_s": 3_600}
MEMBER = {"id": "x", "host": "127.0.0.1", "partitions": ["sensor-readings/0"]}
IN_STORES = (
    Known("one-partition-more", one_partition_more, "kafka: topic-set-otherwise"),
    Known(
        "set-at-run-time",
        answer("kafka_brokers", [{"broker": "", "key": "log.retention.ms", "value": "300000"}]),
        "kafka: broker-set-otherwise",
    ),
    Known(
        "file-put-back-without-a-restart",
        answer("kafka_at_start", [{"broker": "0", "key": "num.io.threads", "value": "2"}]),
        "kafka: pod-holds-old-setting",
    ),
    Known(
        "somebody-in-the-group",
        answer("kafka_group", {"state": "Stable", "members": [MEMBER]}),
        "processor: group-joined",
    ),
    Known("processor-in-no-group", idle, "processor: partitions-unread"),
    Known("readings-deleted-early", answer("influxdb_bucket", KEEPS), "influxdb: bucket-set-otherwise"),
    Known("readings-for-ever", answer("influxdb_bucket", KEEPS | {"retention_s": 0}), "influxdb: bucket-set-otherwise"),
    *(
        Known(name, answer("influxdb_bucket", KEEPS | shards), "influxdb: bucket-set-otherwise")
        for name, shards in (
            ("a-shard-each-hour", EACH_HOUR),
            ("a-shard-of-a-year", EACH_HOUR | {"shard_s": 31_536_000}),
        )
    ),
    Known("read-token-may-not-read", refused("influxdb_newest", "influxdb_bucket"), "config: token-refused"),
    Known("administrators-token-refused", refused("influxdb_at_work"), "config: token-refused"),
    Known("organisation-renamed", answer("influxdb_write", {"status": 404}), "influxdb: organisation-renamed"),
    Known("a-task-thins-out", answer("influxdb_at_work", [WORKS]), "influxdb: store-worked-on"),
    Known(
        "readers-led-elsewhere",
        answer("influxdb_at_work", [WORKS | {"kind": "v1 dbrp", "name": "sensor-data"}]),
        "influxdb: store-worked-on",
    ),
    Known(
        "a-copy-elsewhere", answer("influxdb_at_work", [WORKS | {"kind": "replication"}]), "influxdb: store-worked-on"
    ),
)
"""Settings inside InfluxDB and Kafka."""
KNOWN = (*IN_STORES, *OF_PODS, *OF_RUNNING_PODS, *OF_NODES, *OF_WORKLOADS, *OF_OTHERS, *HELD, *OF_NOBODY)
