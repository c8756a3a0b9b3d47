"""For each cause whose commands change the cluster, the row of the matrix in which they are typed, or why in none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline_services.model.commands import changes
from pipeline_services.triage.subjects import CAUSES

CHANGING: Final = tuple(cause.id for cause in CAUSES.values() if any(map(changes, cause.steps)))
"""The causes with a command that changes the cluster."""
REMEDIES: Final[Mapping[str, str]] = {
    "node-cordoned": "node-cordoned",
    "node-tainted": "node-tainted",
    "setting-wrong": "config-port-wrong",
    "reference-missing": "secret-missing",
    "load-setting-wrong": "config-rate-zero",
    "autoscaler-missing": "autoscaler-missing",
    "autoscaler-wrong": "autoscaler-bounds-wrong",
    "autoscaler-extra": "autoscaler-doubled",
    "request-missing": "autoscaler-without-request",
    "policy-blocks": "policy-producer-missing",
    "policy-too-loose": "policy-allows-everything",
    "service-missing": "service-grafana-missing",
    "service-selects-nothing": "service-influxdb-selects-nothing",
    "service-port-wrong": "service-influxdb-port-wrong",
    "service-selects-too-much": "service-influxdb-leads-to-a-stranger",
    "dns-down": "dns-down",
    "cluster-part-down": "network-plugin-gone",
    "pod-security-refuses": "namespace-admits-restricted-only",
    "scaled-to-zero": "loki-scaled-to-zero",
    "rollout-paused": "producer-rollout-paused",
    "image-unavailable": "producer-image-wrong",
    "container-cannot-start": "producer-command-wrong",
    "probe-wrong": "producer-probe-wrong",
    "request-too-large": "producer-asks-for-too-much",
    "placement-impossible": "processor-placed-nowhere",
    "out-of-memory": "processor-memory-too-little",
    "not-as-declared": "producer-variable-twice",
    "process-hung": "prometheus-hung",
    "object-extra": "limits-for-small-pods-only",
    "pod-edited": "grafana-debugged",
    "topic-missing": "dead-letter-topic-missing",
    "topic-set-otherwise": "topic-retention-short",
    "broker-set-otherwise": "brokers-set-at-run-time",
    "clients-limited": "clients-limited-by-quota",
    "client-floods": "client-floods-the-broker",
    "broker-unresponsive": "kafka-hung-unprobed",
    "store-unresponsive": "influxdb-hung-unprobed",
    "bucket-missing": "influxdb-bucket-renamed",
    "bucket-set-otherwise": "influxdb-keeps-for-ever",
    "store-worked-on": "influxdb-runs-a-task",
    "token-refused": "token-revoked",
    "token-may-not-write": "token-for-reading-only",
    "pod-holds-old-secret": "token-rotated-pods-not-restarted",
    "certificate-without-key": "certificate-with-another-key",
    "certificate-expiring": "certificate-expires-tomorrow",
    "certificate-expired": "certificate-expired",
    "certificate-wrong": "certificate-for-other-names",
    "certificate-not-loaded": "certificate-not-loaded",
    "datasource-broken": "grafana-source-wrong",
    "dashboard-damaged": "grafana-dashboard-damaged",
    "scrape-failing": "prometheus-job-missing",
    "series-dropped": "prometheus-drops-series",
    "usage-unknown": "metrics-server-scaled-to-zero",
}
REMEDIED: Final[Mapping[str, str]] = {row: cause for cause, row in REMEDIES.items()}
"""By the id of a row, the cause whose commands are typed in it."""
UNTYPED: Final[Mapping[str, str]] = {
    "cpu-throttled": "the row lowers the limit of pods that run, which no rollback of a template reaches",
    "crash-loop": "a container that ends at once is named by what differs from its manifest; a rollback is typed there",
    "dns-misconfigured": "somebody has to correct the kept file before it is put back",
    "label-wrong": "no row; the block pod-status-3 of the mitigations types it",
    "panels-empty": "no row; make up is typed for the dashboard and the data sources, one of which it follows from",
    "partition-leaderless": "no row: the only broker always leads",
    "partitions-unread": "the row's own client holds the partitions for as long as it is played",
    "pod-stuck-ending": "no row; the block pod-status-4 of the mitigations types it",
    "port-closed": "no row; the rollback is that of an image or a command",
    "processing-too-slow": "the row's own client holds the partitions for as long as it is played",
    "producer-idle": "no row: a producer that neither sends nor says why is one that hangs",
    "workload-missing": "no row: it would take along pods that hold readings in memory",
}
"""Why the commands of a cause are typed in no row."""
