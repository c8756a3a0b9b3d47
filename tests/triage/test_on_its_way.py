"""What a controller has not finished yet is no difference: nobody is told of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World
from tests.triage.added_objects import account_made_anew
from tests.triage.differences import meshed
from tests.triage.endpoint_changes import old_address, pod_of_before
from tests.triage.test_known_differences import recorded
from tests.triage.volume_changes import volume_not_grown


def became_ready(world: World) -> None:
    """The broker's new pod: its endpoint is written a moment after."""
    for condition in world.pods("kafka")[0]["status"]["conditions"]:
        condition["lastTransitionTime"] = world.ago(5)
    old_address("kafka-service")(world)


def going(world: World) -> None:
    """The pod is deleted, and still stands behind its Service."""
    world.pods("influxdb")[0]["metadata"] |= {"deletionTimestamp": world.ago(1), "deletionGracePeriodSeconds": 30}
    pod_of_before("influxdb-service")(world)


def grows(world: World) -> None:
    volume_not_grown(world)
    world.item("pvcs", "data-influxdb-0")["status"]["conditions"][0]["lastTransitionTime"] = world.ago(60)


def account_made_first(world: World) -> None:
    """The account is older than the pod, as always."""
    world.item("serviceaccounts", "prometheus")["metadata"]["creationTimestamp"] = world.ago(3_000)


def token_renewed(world: World) -> None:
    """The account was made anew, and so long ago that the kubelet has fetched another token since."""
    account_made_anew(world)
    world.pods("prometheus")[0]["metadata"]["creationTimestamp"] = world.ago(9_000)
    world.item("serviceaccounts", "prometheus")["metadata"]["creationTimestamp"] = world.ago(4_000)


def always_meshed(world: World) -> None:
    """The label is declared."""
    meshed(world)
    (declared,) = (one for one in world.answers["declared"] if one["kind"] == "Namespace")
    declared["metadata"].setdefault("labels", {})["istio-injection"] = "enabled"


@pytest.mark.parametrize("change", [became_ready, going, grows, account_made_first, token_renewed, always_meshed])
def test_what_is_on_its_way_or_meant_is_no_difference(change: Callable[[World], None]) -> None:
    world = recorded()
    change(world)
    told = {one.cause.id for one in diagnose(world.snapshot()).findings}
    assert not told & {"not-as-declared", "pod-edited"}


def test_endpoints_are_saved_before_they_are_written_anew() -> None:
    world = recorded()
    old_address("kafka-service")(world)
    (found,) = diagnose(world.snapshot()).findings
    assert found.summary.startswith("service/kafka-service: endpoints[kafka-0] is 10.244.0.3, declared: 10.244.0.193")
    chosen = "-n conveyor-pipeline -l kubernetes.io/service-name=kafka-service"
    assert found.next[0].endswith(f"get endpointslices {chosen} -o yaml > kafka-service.saved.yaml")
    assert found.next[1].endswith(f"delete endpointslices {chosen}")
    assert found.undo.endswith("replace -n conveyor-pipeline --force -f kafka-service.saved.yaml")


def test_just_what_was_added_to_the_namespace_is_taken_away() -> None:
    world = recorded()
    meshed(world)
    (found,) = diagnose(world.snapshot()).findings
    assert "for it a webhook is called that may refuse new pods, or change them" in found.summary
    assert found.next[1].endswith("""--patch '{"metadata":{"labels":{"istio-injection":null}}}'""")
