"""What runs against what is built, and what is built against what the registries offer."""

from __future__ import annotations

import pytest

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.images import cluster_is_current, image_is_current
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PreconditionNotMet
from tests.judgements.known_bad.reviews import DAY, debian_updated, image_not_built_here, patch_offered
from tests.judgements.world import reviewed


def test_it_says_what_runs_since_when_and_what_releases_are_newer() -> None:
    world = reviewed()
    world.answers["offers"]["parts"][roles.KAFKA]["newest"] = "2.0"
    assert image_is_current(world.snapshot(), roles.KAFKA) == "kafka:1, newer releases: kafka 2.0, for 3 days"


def test_it_says_where_an_image_was_pulled_from() -> None:
    world = reviewed()
    world.answers["offers"]["images"][roles.KAFKA]["source"] = "docker.io/apache/kafka:4.1.0"
    assert "kafka:1 from docker.io/apache/kafka:4.1.0, for" in image_is_current(world.snapshot(), roles.KAFKA)


def test_an_image_that_is_only_old_is_no_finding() -> None:
    world = reviewed()
    for change in world.answers["changes"]:
        change["time"] = world.ago(200 * DAY)
    assert image_is_current(world.snapshot(), roles.KAFKA) == "kafka:1, for 200 days"


def test_a_roll_back_to_an_old_image_does_not_make_it_new() -> None:
    world = reviewed()
    [replica_set] = [one for one in world.answers["replicasets"] if one["metadata"]["name"].startswith("producer-")]
    replica_set["metadata"]["creationTimestamp"] = world.ago(50 * DAY)
    assert image_is_current(world.snapshot(), roles.PRODUCER) == "producer:1, for 50 days"
    (container,) = replica_set["spec"]["template"]["spec"]["containers"]
    container["image"] = "localhost/conveyor/producer:0"
    assert image_is_current(world.snapshot(), roles.PRODUCER) == "producer:1, for 3 days"


def test_make_up_is_the_next_step_only_where_it_changes_something() -> None:
    world, others = reviewed(), []
    image_not_built_here(world, roles.KAFKA)
    with pytest.raises(
        Deviation, match="kafka runs localhost/conveyor/kafka:1; expected what this checkout builds"
    ) as one:
        image_is_current(world.snapshot(), roles.KAFKA)
    for breakage in (patch_offered, debian_updated):
        breakage(world := reviewed(), roles.KAFKA)
        with pytest.raises(Deviation) as other:
            image_is_current(world.snapshot(), roles.KAFKA)
        others.append(other.value)
    assert one.value.advice.next_command == "make up"
    assert {"make up"}.isdisjoint(error.advice.next_command for error in others)
    assert "kafka 1.0 -> 1.0.1" in str(others[0])
    assert "lib0 1 -> 2, lib1 1 -> 2, lib2 1 -> 2 and 2 more" in str(others[1])


def test_nothing_to_compare_with_is_not_green() -> None:
    world = reviewed()
    world.answers["offers"]["parts"][roles.KAFKA] = {"error": "the registry does not answer"}
    world.answers["offers"]["images"][roles.KAFKA] = {
        "ref": "localhost/conveyor/kafka:1",
        "parts": [roles.KAFKA],
        "error": "no container engine",
    }
    said = r"kafka: .*\(kafka: the registry does not answer; Debian: no container engine\)"
    with pytest.raises(NoData, match=said):
        image_is_current(world.snapshot(), roles.KAFKA)


def test_the_cluster_s_own_parts_are_held_against_the_registries() -> None:
    world = reviewed()
    world.answers["offers"]["parts"]["kubernetes"]["newest"] = "1.36.3"
    assert cluster_is_current(world.snapshot()) == "Kubernetes v1.34.4, newer releases: kubernetes 1.36.3"
    world.answers["offers"]["parts"]["kubernetes"] = {"error": "no release of the line of 1.34.4"}
    with pytest.raises(NoData, match=r"the cluster: .*\(kubernetes: no release of the line"):
        cluster_is_current(world.snapshot())


def test_what_this_checkout_does_not_build_is_not_known() -> None:
    world = reviewed()
    del world.answers["offers"]["images"][roles.KAFKA]
    with pytest.raises(NoData, match="this checkout does not build localhost/conveyor/kafka:1"):
        image_is_current(world.snapshot(), roles.KAFKA)
    world.drop("statefulsets", lambda _: True)
    with pytest.raises(PreconditionNotMet, match="no StatefulSet kafka"):
        image_is_current(world.snapshot(), roles.KAFKA)


def test_without_any_record_the_age_is_left_out() -> None:
    world = reviewed()
    world.answers["changes"] = []
    assert image_is_current(world.snapshot(), roles.KAFKA) == "kafka:1"
