"""Section 8 of the runbook as one typed table, with what the suite adds to it.

Every Prometheus query is limited to the pipeline's series (``$selector``) and looks at a window of its own, so that a
series that has stopped has no value instead of its last one. Windows are one to two minutes: they are full two minutes
after the pipeline has started. "Sustained" usage is the lowest one-minute average of five minutes: one calm minute
clears it, so a start-up does not look like a leak. The series' names come from the profile (``$produced``).

What a metric reads and its levels stand in ``levels/``, by subject.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.metrics.levels import ages, dns, lag, pods, rates, usage
from pipeline_services.model.metrics.metric import KeyMetric, with_levels
from pipeline_services.model.pipeline import METRICS_API, Pipeline
from pipeline_services.model.toml_table import require_one_of

KEY_METRICS: Final[Mapping[str, KeyMetric]] = MappingProxyType(
    {
        metric.id: metric
        for metric in (
            rates.PRODUCER_RATE,
            rates.PROCESSOR_MATCHES_PRODUCER,
            rates.INFLUXDB_WRITES_MATCH_PROCESSOR,
            pods.POD_RESTARTS,
            usage.CPU_USAGE,
            usage.MEMORY_USAGE,
            pods.HPA_REPLICAS,
            lag.CONSUMER_LAG,
            lag.CONSUMER_LAG_GROWTH,
            ages.STORED_READING_AGE,
            ages.END_TO_END_LATENCY,
            rates.WRITE_FAILURES,
            rates.DEAD_LETTERS,
            usage.CPU_THROTTLING,
            ages.UNACKNOWLEDGED_AGE,
            dns.NAME_RESOLVES,
            usage.VOLUME_USAGE,
        )
    }
)
"""Every metric by its id, the spec's seven rows first."""
_FROM_THE_METRICS_API: Final = (usage.CPU_USAGE_NOW, usage.MEMORY_USAGE_NOW)
_OF_THE_KUBELET: Final = re.compile(r"\b(container|kubelet)_")
_WORD: Final = re.compile(r"\$\{?(\w+)")


@lru_cache(maxsize=8)
def metrics_of(pipeline: Pipeline) -> Mapping[str, KeyMetric]:
    """The key metrics that can be had of a pipeline, with its own queries and levels.

    Raises:
        PreconditionNotMet: the profile has a query or levels for a metric that there is not, or ones that make no
            sense.
    """
    known = {**KEY_METRICS}
    if pipeline.usage == METRICS_API:
        known |= {metric.id: metric for metric in _FROM_THE_METRICS_API}
    for name, query in pipeline.queries.items():
        _require_query(name, query, pipeline)
        known[name] = replace(KEY_METRICS[name], query=query, tool="prometheus")
    had = {
        name: metric
        for name, metric in known.items()
        if name in pipeline.queries or can_be_asked(metric.query, pipeline)
    }
    for name in pipeline.levels:
        require_one_of("levels", name, had)
    return MappingProxyType(with_levels(had, pipeline.levels, "levels"))


def can_be_asked(query: str, pipeline: Pipeline) -> bool:
    """Whether the pipeline has the series that a query of the suite names."""
    scraped = pipeline.usage != METRICS_API or not _OF_THE_KUBELET.search(query)
    return scraped and not _unknown_words(query, pipeline)


def _unknown_words(query: str, pipeline: Pipeline) -> list[str]:
    return [word for word in _WORD.findall(query) if word != "selector" and word not in pipeline.query_words]


def _require_query(name: str, query: str, pipeline: Pipeline) -> None:
    require_one_of("queries", name, KEY_METRICS)
    if "$selector" not in query:
        raise PreconditionNotMet(f"queries.{name}: it has no $selector, so it would count other namespaces too")
    for word in _unknown_words(query, pipeline):
        require_one_of(f"queries.{name}, a word with $", word, pipeline.query_words)
