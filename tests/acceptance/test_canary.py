"""A secret in the cluster and in its logs is in no file of the report."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline_services import faults, names
from pipeline_services.journal import Call, Journal
from pipeline_services.platform.deploy_api import Api
from pipeline_services.waiting import wait_until
from tests.acceptance.bench import pytest_daily

pytestmark = pytest.mark.live

PODS = f"/api/v1/namespaces/{names.NAMESPACE}/pods"
SECRETS = f"/api/v1/namespaces/{names.NAMESPACE}/secrets"
BLOB = re.compile(rb"[A-Za-z0-9+/]{64,}={0,2}")


@pytest.fixture
def canary(admin: Api, journal: Journal) -> Iterator[str]:
    """A value that stands in a Secret, in the log of a pod that looks like a producer, and in that pod's spec."""
    value = f"canary-{secrets.token_hex(16)}"
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "canary"},
        "stringData": {"anything": value},
    }
    planted = faults.Fault(
        "a canary secret and a pod that tells it",
        [Call("POST", SECRETS, secret), Call("POST", PODS, _teller(admin, value))],
        [Call("DELETE", f"{PODS}/canary"), Call("DELETE", f"{SECRETS}/canary")],
    )
    with faults.injected(admin, journal, planted):
        wait_until(lambda: value in _log(admin), within=60, what="the canary in its pod's log")
        yield value


def test_no_file_of_the_report_tells_the_canary(canary: str, tmp_path: Path) -> None:
    run = pytest_daily("--under-fault", faults.RUN, reports=tmp_path)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert (tmp_path / "snapshot.json").read_text().count("canary") > 0, "the canary's pod was not seen at all"
    assert canary not in run.output
    assert [str(file) for file in files if canary.encode() in b"\n".join(_readable(file.read_bytes()))] == []


def _log(admin: Api) -> str:
    return admin.log("canary", "canary", lines=10, previous=False)


def _teller(admin: Api, value: str) -> dict[str, Any]:
    pod = next(pod for pod in admin.list("Pod") if pod["metadata"]["labels"].get("app") == names.PRODUCER)
    container = {
        "name": "canary",
        "image": pod["spec"]["containers"][0]["image"],
        "command": ["sh", "-c", 'echo "canary says token=$TOLD and $TOLD"; exec sleep 600'],
        "env": [{"name": "TOLD", "value": value}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False}
    metadata = {"name": "canary", "labels": {"app": names.PRODUCER}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _readable(content: bytes) -> Iterator[bytes]:
    """The content, and what is base64 in it: the page carries its evidence like that."""
    yield content
    for blob in BLOB.findall(content):
        yield base64.b64decode(blob[: len(blob) // 4 * 4])
