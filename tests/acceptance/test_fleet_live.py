"""A fleet in the cluster: a pod for each pipeline, of which one is well and one is not, by rights that only read.

Needs the suite's own cluster, builds the suite's image, and takes some minutes: ``pytest -m live`` with this file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.model.exit_codes import PASSED
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.build.images import SUITE
from pipeline_services.platform.build.progress import Progress
from pipeline_services.platform.cluster.access import ClusterAccess
from pipeline_services.platform.cluster.bring_up import Platform
from pipeline_services.platform.cluster.kind_cluster import KindCluster
from pipeline_services.reporting.fleet import installed
from pipeline_services.reporting.fleet.in_cluster import JOB, NAMESPACE, READER
from tests.acceptance.bench import Judge, becomes_green

pytestmark = [pytest.mark.live, pytest.mark.slow]

SPACE = Pipeline.load().namespace
JUDGED_WITHIN_S = 300.0
FLEET = """\
[[pipelines]]
name = "well"

[[pipelines]]
name = "ill"
settings = "levels.toml"
"""
LEVELS = "[thresholds.producer-rate]\nfail = 1000000\n"
"""More readings a second than anybody makes."""


@pytest.fixture(scope="module")
def cluster(access: ClusterAccess, judge: Judge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KindCluster]:
    """The cluster with a fleet in it; it is taken away again."""
    found = Platform.find(access.name, Progress())
    assert found
    found.bring_images({SUITE: found.assembly.ref(SUITE)})
    becomes_green(judge, "a green start, once the node is done with loading the image")
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "fleet.toml").write_text(FLEET)
    (folder / "levels.toml").write_text(LEVELS)
    assert installed.main(["--fleet", str(Path(folder, "fleet.toml")), "--name", access.name]) == PASSED
    yield found.cluster
    assert installed.main(["--remove", "--name", access.name]) == PASSED
    assert READER not in found.cluster.kubectl("get", "rolebindings", "-n", SPACE, "-o", "name")


def status(cluster: KindCluster) -> dict[str, Any]:
    return dict(json.loads(cluster.kubectl("get", "job", JOB, "-n", NAMESPACE, "-o", "json")).get("status", {}))


def test_each_index_judges_its_pipeline(cluster: KindCluster) -> None:
    wait_until(
        lambda: any(one["type"] in ("Complete", "Failed") for one in status(cluster).get("conditions", ())),
        within=JUDGED_WITHIN_S,
        every=5.0,
        what="every index to end",
    )
    log = cluster.kubectl("logs", "-n", NAMESPACE, f"--selector=app={JOB}", "--prefix", "--tail=40")
    ended = status(cluster)
    assert (ended.get("completedIndexes"), ended.get("failedIndexes")) == ("0", "1"), log
    assert "PASSED: of 1 pipeline 1 healthy" in log, log
    assert "FAILED: of 1 pipeline 1 failed (ill)" in log, log
