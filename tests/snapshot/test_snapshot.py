"""A snapshot survives a file, and a failure in it comes back as the error it was."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_services.model.errors import (
    AccessDenied,
    NoData,
    PipelineError,
    PreconditionNotMet,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import WaitExpired
from pipeline_services.snapshot.snapshot import Failure, Snapshot
from tests.other_pipeline import other_pipeline

texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
records = st.dictionaries(texts, json_values, max_size=4)
failures = st.builds(Failure, st.sampled_from(["ServiceUnreachable", "NoData"]), texts, texts)


@given(
    answers=st.dictionaries(texts.map("of {}".format), records | st.lists(records, max_size=2), min_size=1, max_size=4),
    failed=st.dictionaries(texts, failures, max_size=3),
    taken_at=st.floats(0, 4e9),
)
def test_what_is_written_is_read_back(answers: dict[str, object], failed: dict[str, Failure], taken_at: float) -> None:
    snapshot = Snapshot(taken_at, "kind-conveyor", "conveyor-pipeline", answers, failed)
    assert Snapshot.from_json(snapshot.to_json()) == snapshot


def test_a_snapshot_is_judged_by_the_description_that_it_was_taken_by() -> None:
    text = Snapshot(1.0, "c", "works-7", {"tls": {}}, pipeline=other_pipeline()).to_json()
    again = Snapshot.from_json(text).pipeline
    assert (list(again.components), again["kafka"]) == (list(other_pipeline().components), other_pipeline()["kafka"])
    assert again.document() == other_pipeline().document()
    assert Snapshot.from_json(text, Pipeline.load()).pipeline is Pipeline.load()


def test_a_file_of_the_format_without_a_description_shows_the_pipeline_of_the_suite() -> None:
    document = json.loads(Snapshot(1.0, "c", "n", {"tls": {}}, pipeline=other_pipeline()).to_json())
    del document["pipeline"]
    old = json.dumps({**document, "format": 1})
    assert Snapshot.from_json(old).pipeline is Pipeline.load()
    with pytest.raises(UnexpectedAnswer, match="it has no profile of its pipeline"):
        Snapshot.from_json(json.dumps(document))


def test_a_description_that_cannot_be_read_is_named() -> None:
    document = json.loads(Snapshot(1.0, "c", "n", {"tls": {}}).to_json())
    document["pipeline"]["topicz"] = {}
    with pytest.raises(UnexpectedAnswer, match="its profile of the pipeline: unknown key 'topicz'"):
        Snapshot.from_json(json.dumps(document))


def test_a_saved_snapshot_belongs_to_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "snapshot.json"
    Snapshot(1.0, "c", "n", {"pods": [{"metadata": {"name": "kafka-0"}}]}).save(file)
    assert Snapshot.load(file).data("pods")[0]["metadata"]["name"] == "kafka-0"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "error",
    [
        ServiceUnreachable("kafka does not answer", next_step="kubectl get pods"),
        UnexpectedAnswer("no JSON"),
        NoData("nothing"),
        PreconditionNotMet("no"),
        PipelineError("?"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_failure_comes_back_as_it_was(error: PipelineError) -> None:
    again = Snapshot.from_json(Snapshot(0, "c", "n", {}, {"x": Failure.of(error)}).to_json())
    with pytest.raises(type(error)) as caught:
        again.data("x")
    assert type(caught.value) is type(error)
    assert str(caught.value) == str(error)


def test_access_denied_keeps_verb_and_resource() -> None:
    again = Failure(**Failure.of(AccessDenied("list", "secrets")).to_dict()).error()
    assert isinstance(again, AccessDenied)
    assert (again.verb, again.resource) == ("list", "secrets")


def test_an_error_of_another_module_becomes_its_parent() -> None:
    assert Failure.of(WaitExpired("too long", None)).kind == "PipelineError"


def test_a_source_that_was_not_collected_is_no_data() -> None:
    with pytest.raises(NoData, match="has no grafana_health"):
        Snapshot(0, "c", "n").data("grafana_health")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PreconditionNotMet, match=r"nowhere\.json"):
        Snapshot.load(tmp_path / "nowhere.json")
