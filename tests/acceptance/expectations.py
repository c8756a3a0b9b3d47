"""Which daily cases each fault turns red or inconclusive, and no others: one table for hand-made and live worlds.

A case is named by what follows the file in its node id (``test_pods_ready[kafka]``); a function's name alone means all
of its cases, a star at the end of the brackets all that begin so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

PROMETHEUS_METRICS = (
    "producer-rate",
    "processor-matches-producer",
    "influxdb-writes-match-processor",
    *("cpu-usage-*", "memory-usage-*", "cpu-throttling-*"),
    "end-to-end-latency",
    "write-failures",
    "dead-letters",
    "unacknowledged-age",
    *("name-resolves-*", "volume-usage-*"),
)
PROMETHEUS_PANELS = (
    *("producer-rate", "processor-rate", "consumer-lag", "end-to-end-latency"),
    *("pod-restarts", "cpu-usage", "memory-usage", "hpa-replicas"),
)


def of(function: str, parameters: Iterable[str]) -> tuple[str, ...]:
    """The ids of several cases of one function."""
    return tuple(f"{function}[{parameter}]" for parameter in parameters)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one fault does to the daily run.

    Attributes:
        components: those that the red cases name.
        red: the cases that must fail.
        inconclusive: the cases that cannot be judged meanwhile.
        may: cases that are red, inconclusive or green by the moment; ``why`` says what it hangs on.
    """

    components: tuple[str, ...]
    red: tuple[str, ...]
    inconclusive: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    why: str = ""

    def wrong(self, red: Iterable[str], inconclusive: Iterable[str], cases: Collection[str]) -> list[str]:
        """What differs from the table, a line each; empty when the outcome is exactly as expected.

        Args:
            cases: the ids of all cases, whatever their outcome.
        """
        must = {"red": _expand(self.red, cases), "inconclusive": _expand(self.inconclusive, cases)}
        may, lines = _expand(self.may, cases), []
        for outcome, found in (("red", set(red)), ("inconclusive", set(inconclusive))):
            lines += [f"{case} should be {outcome}" for case in sorted(must[outcome] - found)]
            lines += [f"{case} is {outcome}" for case in sorted(found - must[outcome] - may)]
        return lines


def _expand(patterns: Iterable[str], cases: Collection[str]) -> set[str]:
    """The cases that the patterns mean; a pattern that means none stays as it is, so that it is missed."""
    found: set[str] = set()
    for pattern in patterns:
        found |= {case for case in cases if meant(pattern, case)} or {pattern}
    return found


def meant(pattern: str, case: str) -> bool:
    """Whether the pattern is the case, its function, or, as ``test_key_metric[cpu-usage-*]``, how it begins."""
    begins = pattern.endswith("*]") and case.startswith(pattern.removesuffix("*]"))
    return case == pattern or case.startswith(f"{pattern}[") or begins


STUCK_PRODUCER = (
    "test_pods_ready[producer]",
    "test_rollout_complete[producer]",
    "test_no_unknown_errors_logged[producer]",
    "test_no_open_warning_event[producer]",
)
NOTHING_PRODUCED = (
    "test_loki_has_logs_of[producer]",
    *of("test_grafana_panel_fresh", ("producer-rate", "influxdb-writes", "end-to-end-latency")),
    "test_usage_within_limits[producer]",
    "test_hpa_knows_metrics[producer-hpa]",
    *of(
        "test_key_metric",
        (
            *("processor-matches-producer", "influxdb-writes-match-processor", "cpu-usage-producer"),
            *("memory-usage-producer", "cpu-throttling-producer"),
            *("stored-reading-age", "end-to-end-latency", "unacknowledged-age"),
        ),
    ),
    "test_pods_scraped[producer]",
    "test_series_kept[producer]",
    "test_topic_grows",
)
"""What cannot be judged while no producer is ready."""

EXPECTATIONS: dict[str, Expectation] = {
    "producer-scaled-to-0": Expectation(
        components=("producer",),
        red=("test_pods_ready[producer]", "test_rollout_complete[producer]", "test_key_metric[producer-rate]"),
        inconclusive=(
            "test_no_unknown_errors_logged[producer]",
            *NOTHING_PRODUCED,
            *of("test_key_metric", ("pod-restarts-producer", "hpa-replicas-producer-hpa")),
        ),
    ),
    "processor-image-wrong": Expectation(
        components=("processor",),
        red=("test_pods_ready[processor]", "test_rollout_complete[processor]", "test_no_open_warning_event[processor]"),
        may=("test_set_as_declared[processor]",),
        why="older recordings do not know what was declared",
    ),
    "kafka-broker-wrong": Expectation(
        components=("config",),
        red=("test_settings_lead_to[kafka]",),
        may=("test_set_as_declared[config]",),
        why="older recordings do not know what was declared",
    ),
    "kafka-broker-wrong-and-rolled-out": Expectation(
        components=("config", "producer"),
        red=("test_settings_lead_to[kafka]", *STUCK_PRODUCER),
        may=("test_key_metric[pod-restarts-producer]", "test_set_as_declared[config]"),
        why="the fifth restart comes after some five minutes; older recordings do not know what was declared",
    ),
    "kafka-broker-wrong-and-restarted": Expectation(
        components=("config", "producer"),
        red=("test_settings_lead_to[kafka]", *STUCK_PRODUCER, "test_key_metric[producer-rate]"),
        inconclusive=NOTHING_PRODUCED,
        may=("test_key_metric[pod-restarts-producer]", "test_set_as_declared[config]"),
        why="the fifth restart comes after some five minutes; older recordings do not know what was declared",
    ),
    "influxdb-token-wrong": Expectation(
        components=("config",),
        red=("test_token_accepted[influxdb-token]",),
        may=("test_token_may_write", "test_pods_hold_the_token"),
        why="neither can be known while the token in the Secret is refused; older recordings did not ask",
    ),
    "influxdb-token-wrong-and-restarted": Expectation(
        components=("config", "processor"),
        red=(
            "test_token_accepted[influxdb-token]",
            "test_pods_ready[processor]",
            "test_rollout_complete[processor]",
            "test_no_unknown_errors_logged[processor]",
            "test_no_open_warning_event[processor]",
            *of(
                "test_key_metric",
                ("processor-matches-producer", "consumer-lag-growth", "stored-reading-age", "write-failures"),
            ),
        ),
        inconclusive=(
            "test_loki_has_logs_of[processor]",
            *of(
                "test_grafana_panel_fresh", ("processor-rate", "influxdb-writes", "consumer-lag", "end-to-end-latency")
            ),
            "test_usage_within_limits[processor]",
            "test_hpa_knows_metrics[processor-hpa]",
            *of(
                "test_key_metric",
                (
                    *("influxdb-writes-match-processor", "end-to-end-latency"),
                    *("cpu-usage-processor", "memory-usage-processor", "cpu-throttling-processor"),
                ),
            ),
            "test_consumer_group_stable",
            "test_pods_scraped[processor]",
            "test_series_kept[processor]",
        ),
        may=("test_key_metric[consumer-lag]", "test_token_may_write", "test_pods_hold_the_token"),
        why="the lag passes its level after some minutes; older recordings did not ask about the token",
    ),
    "metrics-server-scaled-to-0": Expectation(
        components=("hpa",),
        red=("test_hpa_knows_metrics", "test_no_open_warning_event[hpa]"),
        inconclusive=("test_usage_within_limits", "test_nodes_have_room"),
        may=("test_cluster_part_runs[metrics-server]",),
        why="older recordings do not know the cluster's own parts",
    ),
    "prometheus-scaled-to-0": Expectation(
        components=("prometheus",),
        red=(
            "test_pods_ready[prometheus]",
            "test_rollout_complete[prometheus]",
            "test_service_has_endpoint[prometheus-service]",
        ),
        inconclusive=(
            "test_grafana_datasource_answers[prometheus]",
            *of("test_grafana_panel_fresh", PROMETHEUS_PANELS),
            "test_usage_within_limits[prometheus]",
            "test_key_metric[pod-restarts-prometheus]",
            *of("test_key_metric", PROMETHEUS_METRICS),
            "test_pods_scraped",
            "test_nodes_scraped",
            "test_series_kept",
        ),
    ),
    "grafana-datasource-broken": Expectation(
        components=("grafana",),
        red=("test_grafana_datasource_answers[loki]", "test_grafana_panel_fresh[log-errors]"),
        may=("test_set_as_declared[grafana]",),
        why="older recordings do not know what was declared",
    ),
    "certificate-expires-tomorrow": Expectation(components=("influxdb",), red=("test_certificate_valid_for_weeks",)),
    "certificate-expires-tomorrow-unserved": Expectation(
        components=("influxdb",),
        red=("test_certificate_valid_for_weeks", "test_certificate_trusted", "test_certificate_served"),
        inconclusive=("test_token_accepted", "test_data_clock", "test_key_metric[stored-reading-age]"),
    ),
}
"""By fault. The last one is a certificate that nobody loaded, from another CA; the one before it is in use."""
