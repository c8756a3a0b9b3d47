"""What a backup or restore of a site made by hand says and notes."""

from __future__ import annotations

import json
from typing import Any

from pipeline_services.maintenance.site import Site
from pipeline_services.model.k8s import encoded
from pipeline_services.model.own_cluster import BACKUP_TESTED
from pipeline_services.model.pipeline import Pipeline
from tests.maintenance.influxdb.fake_influx import OPERATOR

said: list[str] = []


class Claims:
    """The cluster: the notes that are written to it, and its Secrets with the tokens that were handed out."""

    context = "kind-test"

    def __init__(self) -> None:
        self.notes: list[Any] = []
        self.reader_token = "reader-token"

    def list(self, kind: str) -> list[Any]:
        assert kind == "secrets"
        config = Pipeline.load().config
        held = {config.admin: ("token", OPERATOR)}
        held |= {one.secret: (one.key, self.reader_token) for one in config.tokens.values()}
        return [
            {"metadata": {"name": name}, "data": encoded({key: text.encode()})} for name, (key, text) in held.items()
        ]

    def merge(self, kind: str, name: str, patch: Any) -> None:
        self.notes.append(json.loads(patch["metadata"]["annotations"][BACKUP_TESTED]))


def notes(site: Site) -> list[Any]:
    cluster: Any = site.cluster
    return list(cluster.notes)
