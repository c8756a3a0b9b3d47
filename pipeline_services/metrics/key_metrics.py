"""Section 8 of the runbook as one typed table, with what the suite adds to it.

Every Prometheus query is limited to the pipeline's series (``$selector``) and looks at a window of its own, so that a
series that has stopped has no value instead of its last one. Windows are one to two minutes: they are full two minutes
after the pipeline has started. "Sustained" usage is the lowest one-minute average of five minutes: one calm minute
clears it, so a start-up does not look like a leak. The series' names come from the description (``$produced``).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pipeline_services.metrics.advice import COMPONENT_ADVICE
from pipeline_services.metrics.metric import Absence, Comparison, KeyMetric, autoscalers, data_path, workloads
from pipeline_services.metrics.suite_metrics import SUITE_METRICS
from pipeline_services.model import roles

_LOGS = "kubectl logs -n {namespace} -l {selector:%s} --tail=100"
_TOP = "kubectl top pods -n {namespace} --containers"


def _usage(usage: str, limit: str) -> str:
    """PromQL: the lowest share of its limit that each pod used in five minutes."""
    by_pod = "sum by (pod)"
    return f"min_over_time(({by_pod} ({usage}) / {by_pod} ({limit}))[5m:15s])"


_SPEC_METRICS: Final = (
    KeyMetric(
        id="producer-rate",
        row="Producer rate",
        shown_by="Grafana",
        tool="prometheus",
        query="sum(rate($produced{$selector}[1m]))",
        unit="readings/s",
        window=60,
        comparison=Comparison.ABOVE,
        fail=0.5,
        warn=1.0,
        reason="the level is section 8's; only readings that Kafka acknowledged count",
        advice=COMPONENT_ADVICE[roles.PRODUCER].but(next_command=_LOGS % roles.PRODUCER),
        component=roles.PRODUCER,
        absence=Absence.ZERO_WITHOUT_PODS,
    ),
    KeyMetric(
        id="processor-matches-producer",
        row="Processor rate",
        shown_by="Grafana",
        tool="prometheus",
        query=("sum(rate($consumed{$selector}[2m])) / sum(rate($produced{$selector}[2m]))"),
        unit="of the producer's rate",
        window=120,
        comparison=Comparison.ABOVE,
        fail=0.7,
        warn=0.85,
        reason=(
            "what a pod counts before its first scrape is not in a rate, so a roll-out or a rebalance of 5-10 s costs "
            "up to a quarter of the window; more than 1 is catching up, which is right; the lag metrics find a "
            "shortfall that lasts"
        ),
        advice=COMPONENT_ADVICE[roles.PROCESSOR].but(next_command=_LOGS % roles.PROCESSOR),
        component=roles.PROCESSOR,
        needs=(roles.PRODUCER,),
        absence=Absence.ZERO_WITHOUT_PODS,
    ),
    KeyMetric(
        id="influxdb-writes-match-processor",
        row="InfluxDB writes",
        shown_by="Grafana",
        tool="prometheus",
        query=("sum(rate($written{$selector}[2m])) / sum(rate($consumed{$selector}[2m]))"),
        unit="of the processor's rate",
        window=120,
        comparison=Comparison.ABOVE,
        fail=0.8,
        warn=0.95,
        reason="both are counted by the same pod and scraped together; only readings in flight and poison lie between",
        advice=COMPONENT_ADVICE[roles.INFLUXDB].but(
            next_command=_LOGS % roles.PROCESSOR, runbook="influxdb-statefulset-failure"
        ),
        component=roles.INFLUXDB,
        needs=(roles.PRODUCER, roles.PROCESSOR),
        absence=Absence.ZERO_WITHOUT_PODS,
    ),
    KeyMetric(
        id="pod-restarts",
        row="Pod restarts",
        shown_by="`kubectl get pods`",
        tool="kubernetes",
        query="status.containerStatuses[].restartCount, summed over the containers, of the worst pod",
        unit="restarts",
        window=0,
        comparison=Comparison.BELOW,
        fail=5,
        warn=3,
        reason="the level is section 8's; a pod counts from when it was created",
        advice=COMPONENT_ADVICE[roles.PRODUCER].but(
            impact="a container keeps failing; each restart interrupts the flow",
            next_command="kubectl get pods -n {namespace} -o wide",
            runbook="pod-status",
        ),
        subjects=workloads,
    ),
    KeyMetric(
        id="cpu-usage",
        row="CPU usage",
        shown_by="`kubectl top pods`",
        tool="prometheus",
        query=_usage(
            "rate(container_cpu_usage_seconds_total{$selector}[1m])",
            "container_spec_cpu_quota{$selector} / container_spec_cpu_period{$selector}",
        ),
        unit="of its limit",
        window=300,
        comparison=Comparison.BELOW,
        fail=0.8,
        warn=0.7,
        reason="the level is section 8's; sustained means every one-minute average of the window",
        advice=COMPONENT_ADVICE["hpa"].but(
            impact="the pod is about to be slowed down by its CPU limit", next_command=_TOP
        ),
        by="pod",
        subjects=data_path,
    ),
    KeyMetric(
        id="memory-usage",
        row="Memory usage",
        shown_by="`kubectl top pods`",
        tool="prometheus",
        query=_usage(
            "max_over_time(container_memory_working_set_bytes{$selector}[1m])",
            "container_spec_memory_limit_bytes{$selector} > 0",
        ),
        unit="of its limit",
        window=300,
        comparison=Comparison.BELOW,
        fail=0.9,
        warn=0.8,
        reason="the level is section 8's; sustained means all of the window",
        advice=COMPONENT_ADVICE["hpa"].but(
            impact="the pod is about to be killed for its memory (OOMKilled)", next_command=_TOP
        ),
        by="pod",
        subjects=data_path,
    ),
    KeyMetric(
        id="hpa-replicas",
        row="HPA replicas",
        shown_by="`kubectl get hpa`",
        tool="kubernetes",
        query="status.currentReplicas of each HorizontalPodAutoscaler",
        unit="replicas",
        window=0,
        comparison=Comparison.AT_MOST,
        fail=5,
        warn=5,
        floor=1,
        reason="the bounds are section 8's",
        advice=COMPONENT_ADVICE["hpa"].but(next_command="kubectl get hpa -n {namespace}"),
        component="hpa",
        subjects=autoscalers,
    ),
)

KEY_METRICS: Final[Mapping[str, KeyMetric]] = MappingProxyType(
    {metric.id: metric for metric in (*_SPEC_METRICS, *SUITE_METRICS)}
)
"""Every metric by its id, the spec's seven rows first."""
