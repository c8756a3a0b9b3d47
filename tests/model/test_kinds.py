"""Every name of a kind leads to its one row, and a row to where the API keeps it."""

from __future__ import annotations

import pytest

from pipeline_services.model.kinds import KINDS, WORKLOAD_KINDS, kind_of
from pipeline_services.model.pipeline import Pipeline


@pytest.mark.parametrize("called", ["HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpas"])
def test_a_kind_is_found_by_each_of_its_names(called: str) -> None:
    assert kind_of(called) is KINDS["HorizontalPodAutoscaler"]


def test_a_plural_of_two_kinds_means_the_objects_and_not_their_metrics() -> None:
    assert (kind_of("pods").name, kind_of("pod_metrics").name) == ("Pod", "PodMetrics")
    assert (kind_of("nodes").name, kind_of("node_metrics").name) == ("Node", "NodeMetrics")
    assert kind_of("system_pods").name == "Pod"


def test_no_two_kinds_are_listed_under_the_same_name() -> None:
    assert len({kind.source for kind in KINDS.values()}) == len(KINDS)


def test_an_unknown_kind_is_said() -> None:
    with pytest.raises(ValueError, match=r"'widgets' is not known; known are .*ConfigMap"):
        kind_of("widgets")


@pytest.mark.parametrize(
    ("kind", "place", "path"),
    [
        ("Pod", ("ns", "kafka-0", "log"), "/api/v1/namespaces/ns/pods/kafka-0/log"),
        ("Deployment", ("ns",), "/apis/apps/v1/namespaces/ns/deployments"),
        ("NodeMetrics", ("ns",), "/apis/metrics.k8s.io/v1beta1/nodes"),
        ("Namespace", ("", "ns"), "/api/v1/namespaces/ns"),
    ],
)
def test_where_the_api_keeps_it(kind: str, place: tuple[str, ...], path: str) -> None:
    assert KINDS[kind].path(*place) == path


def test_what_kubectl_calls_it() -> None:
    assert (KINDS["Pod"].title, KINDS["Deployment"].title) == ("pods", "deployments.apps")


def test_the_description_has_a_workload_of_each_kind_that_makes_pods() -> None:
    assert {KINDS[part.kind] for part in Pipeline.load().workloads.values()} == set(WORKLOAD_KINDS)
