"""How much of their limits containers and volumes use."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipeline_services.model.commands import TOP_PODS
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.metrics.metric import Comparison, KeyMetric, data_path, with_volume

_PERIODS = "sum by (pod) (rate(container_cpu_cfs_%s_total{$selector}[2m]))"
_STARTED = "max by (pod) (container_start_time_seconds{$selector})"


def _usage(usage: str, limit: str) -> str:
    """PromQL: the lowest share of its limit that each pod used in five minutes."""
    by_pod = "sum by (pod)"
    return f"min_over_time(({by_pod} ({usage}) / {by_pod} ({limit}))[5m:15s])"


CPU_USAGE: Final = KeyMetric(
    id="cpu-usage",
    row="CPU usage",
    shown_by="`kubectl top pods`",
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
    advice=advice_about("hpa").but(impact="the pod is about to be slowed down by its CPU limit", next_command=TOP_PODS),
    by="pod",
    subjects=data_path,
)
MEMORY_USAGE: Final = KeyMetric(
    id="memory-usage",
    row="Memory usage",
    shown_by="`kubectl top pods`",
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
    advice=advice_about("hpa").but(
        impact="the pod is about to be killed for its memory (OOMKilled)", next_command=TOP_PODS
    ),
    by="pod",
    subjects=data_path,
)
_NOW = "the latest usage of each container / its limit, of the worst pod (metrics-server)"
CPU_USAGE_NOW: Final = replace(
    CPU_USAGE, tool="kubernetes", query=_NOW, window=0, by="", reason="the level is section 8's; nobody keeps a history"
)
MEMORY_USAGE_NOW: Final = replace(
    MEMORY_USAGE, tool="kubernetes", query=_NOW, window=0, by="", reason=CPU_USAGE_NOW.reason
)
CPU_THROTTLING: Final = KeyMetric(
    id="cpu-throttling",
    shown_by="Prometheus",
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
    advice=advice_about("hpa").but(
        impact="the pod stands still for most of the time because of its CPU limit: probes time out, work piles up",
        next_command=TOP_PODS,
    ),
    by="pod",
    subjects=data_path,
)
VOLUME_USAGE: Final = KeyMetric(
    id="volume-usage",
    shown_by="`kubectl exec {pod:influxdb} -- df -h {mount:influxdb}`",
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
    advice=advice_about("storage"),
    component="storage",
    by="persistentvolumeclaim",
    subjects=with_volume,
)
