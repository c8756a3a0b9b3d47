"""What is applied goes where its manifest says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline_services.platform.deploy.api import Api
from tests.clients.fake_servers import kubeconfig

ROLES = "/apis/rbac.authorization.k8s.io/v1/namespaces"


@pytest.mark.parametrize(
    ("kind", "metadata", "path"),
    [
        ("Role", {"name": "r", "namespace": "kube-system"}, f"{ROLES}/kube-system/roles/r"),
        ("Role", {"name": "r"}, f"{ROLES}/conveyor-pipeline/roles/r"),
        ("Namespace", {"name": "n"}, "/api/v1/namespaces/n"),
    ],
)
def test_an_object_is_applied_in_its_own_namespace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, metadata: dict[str, Any], path: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Api, "call", lambda _, method, where, *more: asked.append(f"{method} {where}") or {})
    Api(kubeconfig(tmp_path / "config", 1), "fake").apply({"kind": kind, "metadata": metadata})
    assert asked == [f"PATCH {path}?fieldManager=conveyor-deploy&force=true"]
