"""What differs from what was declared is seen, and its owner is named: on the answers of a real pipeline."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import lru_cache

import pytest

from chaos.matrix import recordings
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.answers import cluster
from tests.judgements.test_replay import known_since
from tests.judgements.world import World, healthy
from tests.triage.differences import Known
from tests.triage.known_differences import KNOWN
from tests.triage.made import unsaved

LOOSE = "policy-lets-grafana-to-kafka"
LATER = (
    "poddisruptionbudgets",
    "quotas",
    "serviceaccounts",
    "roles",
    "rolebindings",
    "ingresses",
    *cluster.OF_THE_CLUSTER,
    "storageclasses",
    "influxdb_bucket",
    "influxdb_at_work",
)


def recorded() -> World:
    """The recording of a policy too many, without it, and declared just as it is."""
    packed, pipeline = _packed()
    return World(*pickle.loads(packed), pipeline)


@lru_cache(maxsize=1)
def _packed() -> tuple[bytes, Pipeline]:
    snapshot = known_since(recordings.read(recordings.recorded()[LOOSE]))
    pipeline = replace(snapshot.pipeline, store=Pipeline.load().store)
    by_hand = healthy(pipeline=pipeline).answers
    answers = {**{source: by_hand[source] for source in LATER}, **snapshot.answers}
    bound = [claim["spec"]["volumeName"] for claim in answers["pvcs"]]
    kept = {"persistentVolumeReclaimPolicy": "Delete"}
    answers["persistentvolumes"] = [{"metadata": {"name": name}, "spec": dict(kept)} for name in bound]
    world = World(answers, dict(snapshot.failures), snapshot.taken_at, pipeline)
    world.drop("networkpolicies", lambda item: item["metadata"]["name"].startswith("debug-"))
    world.answers["changes"] = [one for one in answers["changes"] if not one["name"].startswith("debug-")]
    world.answers["declared"] = cluster.declared(world.answers)
    for item in world.answers["declared"]:
        item.get("spec", {}).pop("storageClassName", None)  # as the manifests leave it out
    return pickle.dumps((world.answers, world.failures, world.now)), world.pipeline


def test_the_recording_itself_is_healthy() -> None:
    assert diagnose(recorded().snapshot()).healthy


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.id)
def test_a_difference_is_seen_and_its_owner_named(known: Known) -> None:
    world = recorded()
    known.change(world)
    found = diagnose(world.snapshot())
    assert [f"{one.component}: {one.cause.id}" for one in found.findings] == [known.finding]
    assert found.red
    assert not unsaved(found.findings[0])
    assert "it behaves differently from what was tested" not in found.findings[0].summary


def test_no_difference_is_there_twice() -> None:
    assert len({known.id for known in KNOWN}) == len(KNOWN)
