"""The key metrics that the suite adds to section 8: lag, freshness, latency, failures, throttling, names, volumes."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import COMPONENT_ADVICE
from pipeline_services.metrics.metric import Comparison, KeyMetric, data_path, servers, stateful
from pipeline_services.model import roles
from pipeline_services.model.commands import DESCRIBE_GROUP

_PROCESSOR = COMPONENT_ADVICE[roles.PROCESSOR]

_PERIODS = "sum by (pod) (rate(container_cpu_cfs_%s_total{$selector}[2m]))"
_STARTED = "max by (pod) (container_start_time_seconds{$selector})"

SUITE_METRICS: Final = (
    KeyMetric(
        id="consumer-lag",
        row="suite",
        shown_by="`kafka-consumer-groups.sh --describe`",
        tool="kafka",
        query="end offset - committed offset, summed over the partitions",
        unit="readings",
        window=0,
        comparison=Comparison.BELOW,
        fail=5_000,
        warn=1_000,
        reason="50 s of the largest production (5 producers at 20 readings/s): more than any restart leaves behind",
        advice=_PROCESSOR.but(next_command=DESCRIBE_GROUP),
        component=roles.PROCESSOR,
    ),
    KeyMetric(
        id="consumer-lag-growth",
        row="suite",
        shown_by="`kafka-consumer-groups.sh --describe`, twice",
        tool="kafka",
        query="growth of the lag / growth of the end offsets between two samples; 0 while the lag is under 15 s",
        unit="of the new readings not consumed",
        window=2,
        comparison=Comparison.BELOW,
        fail=0.9,
        warn=0.5,
        reason="a rebalance holds consumption up for 5-10 s (section 9), so a lag under 15 s of production is none",
        advice=_PROCESSOR.but(next_command=DESCRIBE_GROUP),
        component=roles.PROCESSOR,
    ),
    KeyMetric(
        id="stored-reading-age",
        row="suite",
        shown_by="Grafana",
        tool="influxdb",
        query="now - event time of the newest reading in the bucket",
        unit="s",
        window=0,
        comparison=Comparison.BELOW,
        fail=60,
        warn=30,
        reason="a restart or rebalance takes up to 30 s; where nothing is produced, nothing can be judged",
        advice=_PROCESSOR.but(next_command="kubectl logs -n {namespace} -l {selector:processor} --tail=100"),
        component=roles.PROCESSOR,
        needs=(roles.PRODUCER,),
    ),
    KeyMetric(
        id="end-to-end-latency",
        row="suite",
        shown_by="Grafana",
        tool="prometheus",
        query=("histogram_quantile(0.95, sum by (le) (rate($latency_bucket{$selector}[1m])))"),
        unit="s at the 95th percentile",
        window=60,
        comparison=Comparison.BELOW,
        fail=30,
        warn=5,
        reason="from event to stored takes under a second; a rebalance adds 5-10 s",
        advice=_PROCESSOR.but(next_command=DESCRIBE_GROUP),
        component=roles.PROCESSOR,
        needs=(roles.PRODUCER, roles.PROCESSOR),
    ),
    KeyMetric(
        id="write-failures",
        row="suite",
        shown_by="Grafana",
        tool="prometheus",
        query='sum(rate($write_failures{$selector}[1m])) or 0 * sum(up{$selector, job="processor"})',
        unit="failed writes/s",
        window=60,
        comparison=Comparison.BELOW,
        fail=0.1,
        warn=0.02,
        reason="a single retried write is normal around a restart; six in a minute are not",
        advice=_PROCESSOR.but(next_command="kubectl logs -n {namespace} -l {selector:processor} --tail=100"),
        component=roles.PROCESSOR,
    ),
    KeyMetric(
        id="dead-letters",
        row="suite",
        shown_by="`kafka-get-offsets.sh`",
        tool="prometheus",
        query=('sum(rate($dead_lettered{$selector}[1m])) or 0 * sum(up{$selector, job="processor"})'),
        unit="messages/s set aside",
        window=60,
        comparison=Comparison.AT_MOST,
        fail=0.1,
        warn=0,
        reason="a message that nobody can read is set aside and stays there; six in a minute are a producer at fault",
        advice=_PROCESSOR.but(
            impact="messages that cannot be read are set aside: what they said is not in InfluxDB",
            next_command="kubectl logs -n {namespace} -l {selector:processor} --tail=100",
        ),
        component=roles.PROCESSOR,
    ),
    KeyMetric(
        id="cpu-throttling",
        row="suite",
        shown_by="Prometheus",
        tool="prometheus",
        query=(
            f"{_PERIODS % 'throttled_periods'} / clamp_min({_PERIODS % 'periods'}, 0.001)"
            f" * on (pod) (time() - {_STARTED} > bool 180)"
        ),
        unit="of its CPU periods throttled",
        window=120,
        comparison=Comparison.BELOW,
        fail=0.5,
        warn=0.25,
        reason=(
            "a minute at the limit, of two: bursts pass; in its first three minutes a container counts as "
            "not throttled, since a start takes all the CPU it gets"
        ),
        advice=COMPONENT_ADVICE["hpa"].but(
            impact="the pod stands still for most of the time because of its CPU limit: probes time out, work piles up",
            next_command="kubectl top pods -n {namespace} --containers",
        ),
        by="pod",
        subjects=data_path,
    ),
    KeyMetric(
        id="unacknowledged-age",
        row="suite",
        shown_by="Prometheus",
        tool="prometheus",
        query="max(min_over_time($oldest_unacknowledged{$selector}[1m]))",
        unit="s",
        window=60,
        comparison=Comparison.BELOW,
        fail=20,
        warn=5,
        reason="the lowest age in a minute: a broker restart passes, a wedged producer does not",
        advice=COMPONENT_ADVICE[roles.PRODUCER].but(
            next_command="kubectl logs -n {namespace} -l {selector:producer} --tail=100"
        ),
        component=roles.PRODUCER,
        needs=(roles.PRODUCER,),
    ),
    KeyMetric(
        id="name-resolves",
        row="suite",
        shown_by="`kubectl get pods -n kube-system`",
        tool="prometheus",
        query="min by (name) (max_over_time($name_resolves{$selector}[1m]))",
        unit="(1 = resolved at least once)",
        window=60,
        comparison=Comparison.AT_LEAST,
        fail=1,
        warn=1,
        reason="as seen by the pods that need the name; one failed look-up passes, a minute of them does not",
        advice=COMPONENT_ADVICE["dns"],
        component="dns",
        by="name",
        subjects=servers,
    ),
    KeyMetric(
        id="volume-usage",
        row="suite",
        shown_by="`kubectl exec {pod:influxdb} -- df -h /var/lib/influxdb`",
        tool="prometheus",
        query=(
            "max by (persistentvolumeclaim) (max_over_time(kubelet_volume_stats_used_bytes{$selector}[2m])"
            " / kubelet_volume_stats_capacity_bytes{$selector})"
        ),
        unit="of its capacity",
        window=120,
        comparison=Comparison.BELOW,
        fail=0.9,
        warn=0.8,
        reason="section 5 reviews it weekly; a full volume stops the broker or the store at once",
        advice=COMPONENT_ADVICE["storage"],
        component="storage",
        by="persistentvolumeclaim",
        subjects=stateful,
    ),
)
