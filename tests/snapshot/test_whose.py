"""A snapshot says which namespace of which cluster it shows, for the histories of it."""

from __future__ import annotations

import math

import pytest

from pipeline_services.model.installation import Installation
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.snapshot import INSTALLATION
from tests.snapshot.fake_pipeline import NAMESPACE, NS, FakePipeline


@pytest.mark.parametrize(("status", "uid"), [(200, "uid-of-the-namespace"), (403, "")])
def test_a_snapshot_says_whose_it_is_as_far_as_the_account_may_know(
    pipeline: FakePipeline, status: int, uid: str
) -> None:
    pipeline.api.routes[f"/api/v1/namespaces/{NS}"] = (status, {"kind": "Namespace", "metadata": NAMESPACE})
    here = Installation.from_document(collect(pipeline.cluster).data(INSTALLATION))
    assert (here.context, here.namespace, here.uid) == ("fake", NS, uid)
    assert (here.since == math.inf) is (not uid)
