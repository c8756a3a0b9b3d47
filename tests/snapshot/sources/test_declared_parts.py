"""What this checkout declares of the cluster's own parts, as a snapshot holds it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.sources.cluster_parts import declared_parts

OWN = Pipeline.load()


def test_the_parts_that_a_file_declares_are_there_whole() -> None:
    found = declared_parts(OWN)
    assert found.keys() == {"coredns", "kube-router", "metrics-server"}
    assert (found["coredns"]["kind"], found["coredns"]["data"]["Corefile"][:6]) == ("ConfigMap", ".:53 {")
    [plugin] = found["kube-router"]["spec"]["template"]["spec"]["containers"]
    assert "--run-firewall=true" in plugin["args"]


@pytest.mark.parametrize("file", ["manifests/cluster/coredns.yaml", "manifests/cluster/none.yaml"])
def test_a_file_that_declares_no_such_part_is_no_empty_declaration(file: str) -> None:
    parts = {"kube-router": replace(OWN.cluster["kube-router"], manifest=file)}
    with pytest.raises(PreconditionNotMet, match=file.rpartition("/")[2]):
        declared_parts(replace(OWN, cluster=parts))
