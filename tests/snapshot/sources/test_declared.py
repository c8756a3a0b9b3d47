"""What the manifests declare for the pipeline's namespace is compared, and nothing that they declare elsewhere."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pipeline_services.clients.manifests import rendered
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import name_of
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.sources.declared import declared

PIPELINE = Pipeline.load()


class FakeCluster:
    """One namespace, without labels."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def get(self, kind: str, name: str) -> dict[str, Any]:
        assert (kind, name) == ("Namespace", self.namespace)
        return {"metadata": {"name": name}}


def test_what_stands_in_another_namespace_is_not_looked_for_in_this_one() -> None:
    elsewhere = {
        name_of(item)
        for item in rendered(REPOSITORY / PIPELINE.manifests)
        if item["metadata"].get("namespace", PIPELINE.namespace) != PIPELINE.namespace
    }
    found = {name_of(item) for item in declared(PIPELINE, cast(Any, FakeCluster(PIPELINE.namespace)))}
    assert elsewhere
    assert found
    assert not found & elsewhere


def test_the_manifests_are_for_one_namespace() -> None:
    with pytest.raises(PreconditionNotMet, match="not in other"):
        declared(PIPELINE, cast(Any, FakeCluster("other")))
