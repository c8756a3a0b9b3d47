"""Which version runs: the one that is declared, as far as the tag says it; where it was built and when is left out."""

from __future__ import annotations

import pytest

from pipeline_services.model import roles
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World, healthy

DECLARED = "localhost/conveyor/kafka"


def running(image: str, declared: str) -> World:
    """A Kafka of that image, in its template and in its pods."""
    world = healthy()
    (item,) = (one for one in world.answers["declared"] if (one["kind"], one["metadata"]["name"]) == STATEFUL_SET)
    for one, name in ((item["spec"]["template"], declared), (world.workload(roles.KAFKA)["spec"]["template"], image)):
        one["spec"]["containers"][0]["image"] = name
    for pod in world.pods(roles.KAFKA):
        pod["spec"]["containers"][0]["image"] = image
    return world


STATEFUL_SET = ("StatefulSet", "kafka")


@pytest.mark.parametrize("tag", ["3.9.0-11112222", "3.7.0", "latest", "4.1.0-rc1"])
def test_another_version_than_is_declared_is_told(tag: str) -> None:
    found = diagnose(running(f"{DECLARED}:{tag}", f"{DECLARED}:4.1.0").snapshot())
    assert [f"{one.component}: {one.cause.id}" for one in found.findings] == ["kafka: not-as-declared"]
    assert "declared:" in found.findings[0].summary
    assert found.findings[0].next[-1] == "make up"


@pytest.mark.parametrize(
    ("image", "declared"),
    [
        (f"{DECLARED}:4.1.0-e68e3d70", f"{DECLARED}:4.1.0"),
        (f"{DECLARED}:4.1.0", f"{DECLARED}:4.1.0"),
        (f"{DECLARED}:3.9.0-11112222", DECLARED),
    ],
    ids=["another build", "no build", "no version declared"],
)
def test_the_same_version_or_one_that_nobody_declares_is_none(image: str, declared: str) -> None:
    assert diagnose(running(image, declared).snapshot()).healthy


def test_a_mirror_of_the_projects_images_is_compared_by_its_name_alone() -> None:
    found = diagnose(running("registry.example.com/mirror/kafka:3.9.0", f"{DECLARED}:4.1.0").snapshot())
    assert not any("4.1.0" in one.summary for one in found.findings)
