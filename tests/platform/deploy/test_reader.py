"""The reader's kubeconfig is written once, for its own account, and kept while it serves."""

from __future__ import annotations

import base64
import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_services.model import own_cluster
from pipeline_services.model.settings import Target
from pipeline_services.platform.deploy.reader import VALID_FOR, ensure_reader

CLUSTER = {"server": "https://127.0.0.1:1", "certificate-authority-data": "Q0E="}


class FakeApi:
    def __init__(self) -> None:
        self.account = "uid-1"
        self.asked = 0
        self.expires_in = float(VALID_FOR)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        assert (kind, name) == ("ServiceAccount", own_cluster.READER_ACCOUNT)
        return {"metadata": {"uid": self.account}}

    def create(self, kind: str, name: str, part: str, body: dict[str, Any]) -> dict[str, Any]:
        assert (part, body["spec"]["expirationSeconds"]) == ("token", VALID_FOR)
        self.asked += 1
        claims = {
            "exp": time.time() + self.expires_in,
            "kubernetes.io": {"serviceaccount": {"uid": self.account}},
            "n": self.asked,
        }
        middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        return {"status": {"token": f"head.{middle}.tail"}}


@pytest.fixture
def admin(tmp_path: Path) -> Path:
    config = {
        "clusters": [{"name": "kind-conveyor", "cluster": CLUSTER}],
        "users": [{"name": "kind-conveyor", "user": {"client-key-data": "the administrator's key"}}],
        "contexts": [{"name": "kind-conveyor", "context": {"cluster": "kind-conveyor", "user": "kind-conveyor"}}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def ensure(api: FakeApi, admin: Path) -> bool:
    fake: Any = api
    return ensure_reader(
        fake, Target(str(admin), own_cluster.CONTEXT, "a-namespace"), admin.with_name("reader.kubeconfig")
    )


def test_it_is_complete_private_and_has_nothing_of_the_administrator(admin: Path) -> None:
    assert ensure(FakeApi(), admin)
    path = admin.with_name("reader.kubeconfig")
    config = yaml.safe_load(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert config["clusters"] == [{"name": own_cluster.CONTEXT, "cluster": CLUSTER}]
    assert config["contexts"][0]["context"]["namespace"] == "a-namespace"
    assert "administrator" not in path.read_text()


def test_it_is_kept_while_it_serves(admin: Path) -> None:
    api = FakeApi()
    assert ensure(api, admin)
    assert not ensure(api, admin)
    assert api.asked == 1


def test_it_is_renewed_before_it_expires(admin: Path) -> None:
    api = FakeApi()
    api.expires_in = 24 * 3600.0
    assert ensure(api, admin)
    assert ensure(api, admin)


def test_it_is_renewed_when_the_account_was_made_anew(admin: Path) -> None:
    api = FakeApi()
    assert ensure(api, admin)
    api.account = "uid-2"
    assert ensure(api, admin)


@pytest.mark.parametrize("content", ["", "nonsense", "users: []", ": : :"])
def test_a_broken_file_is_replaced(admin: Path, content: str) -> None:
    admin.with_name("reader.kubeconfig").write_text(content)
    assert ensure(FakeApi(), admin)
