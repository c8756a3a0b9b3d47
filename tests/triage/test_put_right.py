"""What is typed where a deploy of the pipeline leaves alone what is not as it was declared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage.causes import declared
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.model import Finding
from pipeline_services.triage.subjects import CAUSES
from tests.judgements.known_bad.cluster import part_gone, part_told_otherwise
from tests.judgements.world import healthy
from tests.triage.held_differences import other_role
from tests.triage.known_differences import KNOWN
from tests.triage.made import SCALED, only_finding
from tests.triage.test_known_differences import recorded
from tests.triage.volume_changes import claim_grown


def found_of(name: str) -> Finding:
    world = recorded()
    (known,) = [one for one in KNOWN if one.id == name]
    known.change(world)
    return only_finding(world)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("token-cannot-be-rotated", ["| sed /^immutable:/d | kubectl --context kind-conveyor replace -n conveyor-p"]),
        ("token-goes-with-another", ['"ownerReferences":null']),
        ("token-held", ['{"metadata":{"finalizers":null']),
        ("token-with-a-line-end", ["make up"]),
        ("only-on-some-nodes", ['{"annotations":{"scheduler.alpha.kubernetes.io/node-selector":null}}']),
        ("class-gone", ["make up"]),
        ("claims-more", []),
        ("claims-less", ["make up"]),
        ("claim-held", ['{"metadata":{"finalizers":["kubernetes.io/pvc-protection"]}}']),
        ("claim-goes-with-another", ['{"metadata":{"ownerReferences":null}}']),
        ("config-deleted-and-held", ['{"metadata":{"finalizers":null}}', "make up"]),
    ],
)
def test_each_is_put_right_by_what_does_it(name: str, steps: list[str]) -> None:
    _, *right = found_of(name).next
    assert [part in command for part, command in zip(steps, right, strict=True)] == [True] * len(steps)


def test_what_was_deleted_and_is_held_is_saved_before_it_goes() -> None:
    found = found_of("config-deleted-and-held")
    assert found.next[0].endswith("-o yaml > kafka-config.saved.yaml")
    assert found.undo.endswith("--force -f kafka-config.saved.yaml")


def test_another_role_cannot_be_bound_in_place_and_a_binding_of_the_cluster_is_in_no_namespace() -> None:
    world = recorded()
    other_role(world)
    (found,) = diagnose(world.snapshot()).findings
    kubectl, binding = "kubectl --context kind-conveyor", "clusterrolebinding conveyor-prometheus"
    assert found.next == (
        f"{kubectl} get {binding} -o yaml > conveyor-prometheus.saved.yaml",
        f"{kubectl} delete {binding}",
        "make up",
    )
    assert found.undo == f"{kubectl} replace --force -f conveyor-prometheus.saved.yaml"


def test_a_claim_that_was_given_more_and_got_it_is_no_fault() -> None:
    world = recorded()
    claim_grown(world)
    assert diagnose(world.snapshot()).healthy


def test_what_becomes_of_a_volume_is_put_back_as_it_was() -> None:
    found = found_of("volume-outlives-its-claim")
    assert found.next[-1].endswith("""'{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}'""")
    assert found.undo == found.next[-1].replace("Delete", "Retain")


@pytest.mark.parametrize("breakage", [part_told_otherwise, part_gone])
def test_the_cluster_is_put_right_by_its_own_make_up_whatever_pipeline_stands_on_it(breakage: object) -> None:
    world = healthy(pipeline=Pipeline.load(Path("plain")))
    assert callable(breakage)
    breakage(world, "kube-router")
    assert only_finding(world).next[-1] == "make up"


def test_what_mends_a_symptom_by_taking_away_what_may_be_somebodys_asks_first() -> None:
    told = replace(SCALED, next=("kubectl describe resourcequota",), undo="")
    extra = replace(SCALED, cause=CAUSES["object-extra"], next=("kubectl delete resourcequota team",))
    mended = declared._mended(told, extra)
    assert (mended.next, mended.cause.id, mended.cause.others) == (extra.next, told.cause.id, True)
