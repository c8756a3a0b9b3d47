"""A secret in the cluster and in its logs is in no file of the report."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_services import faults
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.faults.journal import Call, Journal
from pipeline_services.model import roles
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until
from tests.acceptance.bench import pytest_daily
from tests.acceptance.tellers import PODS, teller, told

pytestmark = pytest.mark.live

NAMESPACE = Pipeline.load().namespace
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
BLOB = re.compile(rb"[A-Za-z0-9+/]{64,}={0,2}")


@pytest.fixture
def canary(admin: WritableCluster, journal: Journal) -> Iterator[str]:
    """A value that stands in a Secret, in the log of a pod that looks like a producer, and in that pod's spec."""
    value = f"canary-{secrets.token_hex(16)}"
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "canary"}, "stringData": {"anything": value}}
    pod = teller(admin, "canary", roles.PRODUCER, "canary says token=$TOLD and $TOLD", {"TOLD": value})
    planted = faults.Fault(
        "a canary secret and a pod that tells it",
        [Call("POST", SECRETS, secret), Call("POST", PODS, pod)],
        [Call("DELETE", f"{PODS}/canary"), Call("DELETE", f"{SECRETS}/canary")],
    )
    with faults.injected(admin, journal, planted):
        wait_until(lambda: value in told(admin, "canary"), within=60, what="the canary in its pod's log")
        yield value


def test_no_file_of_the_report_tells_the_canary(canary: str, tmp_path: Path) -> None:
    run = pytest_daily("--under-fault", faults.RUN, reports=tmp_path)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert (tmp_path / "snapshot.json").read_text().count("canary") > 0, "the canary's pod was not seen at all"
    assert canary not in run.output
    assert [str(file) for file in files if canary.encode() in b"\n".join(_readable(file.read_bytes()))] == []


def _readable(content: bytes) -> Iterator[bytes]:
    """The content, and what is base64 in it: the page carries its evidence like that."""
    yield content
    for blob in BLOB.findall(content):
        yield base64.b64decode(blob[: len(blob) // 4 * 4])
