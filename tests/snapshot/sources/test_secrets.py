"""What a snapshot holds of Secrets: enough to judge them, and nothing that is in them."""

from __future__ import annotations

from pipeline_services.snapshot.collector import collect
from tests.snapshot.fake_pipeline import CANARY, FakePipeline, secret


def test_secrets_are_digests(pipeline: FakePipeline) -> None:
    found = {secret["name"]: secret for secret in collect(pipeline.cluster).data("secrets")}
    digest = found["pipeline-secrets"]["keys"]["INFLUXDB_TOKEN"]
    assert digest["bytes"] == len(CANARY)
    assert len(digest["sha256"]) == 16
    assert digest["written"] is None
    assert not digest["padded"]
    assert not {"immutable", "metadata"} & found["pipeline-secrets"].keys()


def test_of_a_secret_it_is_kept_who_holds_it_and_whether_a_value_ends_with_a_line(pipeline: FakePipeline) -> None:
    held = {**secret("influxdb-read", token=CANARY.encode() + b"\n"), "immutable": True}
    held["metadata"] |= {"finalizers": ["example.com/hold"], "annotations": {"note": "x"}}
    pipeline.serve("secrets", held)
    [found] = collect(pipeline.cluster).data("secrets")
    assert (found["keys"]["token"]["padded"], found["immutable"]) == (True, True)
    assert found["metadata"] == {"finalizers": ["example.com/hold"]}


def test_of_a_secrets_key_it_is_kept_when_it_was_written(pipeline: FakePipeline) -> None:
    times = {"2026-11-23T07:00:00Z": {"f:token": {}, "f:user": {}}, "2026-11-23T08:00:00Z": {"f:token": {}}}
    token = secret("influxdb-read", token=CANARY.encode(), user=b"u", other=b"o")
    token["metadata"]["managedFields"] = [{"time": at, "fieldsV1": {"f:data": keys}} for at, keys in times.items()]
    pipeline.serve("secrets", token)
    snapshot = collect(pipeline.cluster)
    assert "managedFields" not in snapshot.to_json()
    [found] = snapshot.data("secrets")
    written = {key: entry["written"] for key, entry in found["keys"].items()}
    assert written == {"token": "2026-11-23T08:00:00Z", "user": "2026-11-23T07:00:00Z", "other": None}
