"""The kubeconfig of the read-only account: the one credential that the daily checks need."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.model import own_cluster
from pipeline_services.model.atomic import write_whole
from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.k8s import uid_of
from pipeline_services.model.settings import Target

VALID_FOR: Final = 365 * 24 * 3600
RENEW_BEFORE: Final = 30 * 24 * 3600


def ensure_reader(api: WritableCluster, admin: Target, reader: Path) -> bool:
    """Write ``reader`` if what is there does not serve any more; says whether it did.

    Args:
        admin: the pipeline as the administrator reaches it: the cluster's address and CA, and the context's name.
    """
    cluster = _cluster(_read(Path(admin.kubeconfig)), admin.context)
    account = api.get("ServiceAccount", own_cluster.READER_ACCOUNT)
    if account is None:
        raise UnexpectedAnswer(f"the service account {own_cluster.READER_ACCOUNT} is not there")
    if _serves(_read(reader), cluster, uid_of(account), admin.context):
        return False
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": VALID_FOR},
    }
    token = api.create("ServiceAccount", own_cluster.READER_ACCOUNT, "token", request)["status"]["token"]
    config = _kubeconfig(cluster, token, admin)
    write_whole(reader, yaml.safe_dump(config, sort_keys=False).encode(), 0o600)
    return True


def _kubeconfig(cluster: Mapping[str, Any], token: str, admin: Target) -> dict[str, Any]:
    context = admin.context
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context, "cluster": dict(cluster)}],
        "users": [{"name": own_cluster.READER_ACCOUNT, "user": {"token": token}}],
        "contexts": [
            {
                "name": context,
                "context": {"cluster": context, "user": own_cluster.READER_ACCOUNT, "namespace": admin.namespace},
            }
        ],
        "current-context": context,
    }


def _serves(known: Mapping[str, Any], cluster: Mapping[str, Any], account: str, context: str) -> bool:
    """Whether a reader's kubeconfig is for this cluster and this very account, and for long enough."""
    try:
        if known["clusters"][0]["cluster"] != cluster or known["current-context"] != context:
            return False
        claims = _claims(known["users"][0]["user"]["token"])
        same_account = claims["kubernetes.io"]["serviceaccount"]["uid"] == account
        return bool(same_account and claims["exp"] > time.time() + RENEW_BEFORE)
    except (KeyError, IndexError, TypeError, ValueError):
        return False


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _cluster(config: Mapping[str, Any], context: str) -> dict[str, Any]:
    chosen = {item["name"]: item["context"] for item in config["contexts"]}[context]
    return dict({item["name"]: item["cluster"] for item in config["clusters"]}[chosen["cluster"]])


def _read(path: Path) -> dict[str, Any]:
    try:
        known = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, yaml.YAMLError):
        return {}
    return known if isinstance(known, dict) else {}
