"""What a difference does to the pipeline is said of every field that a workload and its pods can have."""

from __future__ import annotations

from typing import Final

import pytest

from pipeline_services.judgements.comparison import Difference
from pipeline_services.judgements.drift import Drift

LEFT_OUT: Final = frozenset(
    {
        *("template", "volumeClaimTemplates"),  # compared by themselves, or never changed
        *("ephemeralContainers", "evictionResponders"),  # no template may have them
    }
)
KINDS: Final = ("V1PodSpec", "V1DeploymentSpec", "V1StatefulSetSpec", "V1DaemonSetSpec")


def drift(path: str) -> Drift:
    return Drift("Deployment", "producer", "producer", (Difference(path, "other", None),))


def fields_of(kind: str) -> list[str]:
    from kubernetes import client  # noqa: PLC0415  half a second, in every process that collects this file

    return list(getattr(client, kind).attribute_map.values())


def test_every_field_says_what_it_does() -> None:
    fields = {field for kind in KINDS for field in fields_of(kind)} - LEFT_OUT
    in_containers = {f"containers[producer].{field}" for field in fields_of("V1Container")}
    silent = [one for one in sorted(fields | in_containers) if "differently from what was tested" in drift(one).does]
    assert fields
    assert not silent


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("readinessGates", "never ready"),
        ("schedulerName", "new pods wait"),
        ("schedulingGates", "new pods wait"),
        ("hostname", "other DNS names"),
        ("ordinals.start", "other numbers"),
        ("nodeName", "fit on no node"),
        ("enableServiceLinks", "taken for settings"),
        ("imagePullSecrets", "refuse its images"),
        ("containers[producer].ports[http].hostPort", "room for one of its pods"),
        ("containers[producer].ports[http]", "name its ports"),
        ("containers[producer].imagePullPolicy", "no image"),
        ("containers[producer].securityContext.runAsUser", "other rights"),
    ],
)
def test_what_a_difference_does(path: str, said: str) -> None:
    assert said in drift(path).does
    assert drift(path).stops
