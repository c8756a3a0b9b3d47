"""A backup of a million points: proved point by point, with its time and memory, while the pipeline loses nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from itertools import islice

import pytest

from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.maintenance.influxdb.server import InfluxServer
from pipeline_services.maintenance.rotation.load import writing
from pipeline_services.maintenance.site import opened
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.cluster.access import ClusterAccess
from tests.acceptance.bench import Judge, becomes_green, ran

pytestmark = [pytest.mark.live, pytest.mark.slow]

BUCKET = "a-million"
POINTS = 1_000_000
SERIES = 50
IN_ONE_WRITE = 10_000
OLDER_THAN_S, OVER_S = 3_600, 18_000
MOST_SECONDS, MOST_MIB = 240.0, 600.0


def lines(now: float) -> Iterator[str]:
    """Points of line protocol, times in milliseconds, over five hours that ended an hour ago."""
    each = POINTS // SERIES
    for number in range(POINTS):
        series, point = divmod(number, each)
        at = now - OLDER_THAN_S - OVER_S * point / each
        yield f"reading,device=d{series} value={math.sin(number):.6f} {int(at * 1_000)}"


@pytest.fixture
def million(access: ClusterAccess) -> Iterator[None]:
    """The points, in a bucket of their own, while the test runs."""
    with opened(access, print) as site:
        organisation = next(one["orgID"] for one in site.live.buckets() if one["name"] == site.writes_to)
        site.live.change("POST", "/api/v2/buckets", {"orgID": organisation, "name": BUCKET, "retentionRules": []})
        try:
            fill(site.live, site.pipeline.store.org)
            yield
        finally:
            made = next(one["id"] for one in site.live.buckets() if one["name"] == BUCKET)
            site.live.change("DELETE", f"/api/v2/buckets/{made}")


def fill(server: InfluxServer, org: str) -> None:
    left = lines(time.time())
    while part := list(islice(left, IN_ONE_WRITE)):
        server.change("POST", "/api/v2/write", "\n".join(part).encode(), org=org, bucket=BUCKET, precision="ms")


@pytest.mark.usefixtures("million")
def test_a_million_points_are_proved_while_nothing_is_lost(admin: WritableCluster) -> None:
    with writing(admin, Pipeline.load()) as writer:
        run = ran("pipeline_services.maintenance", "backup-test")
        carried = writer.carried()
    print(f"{run.seconds:.1f} s, {run.peak_mib:.0f} MiB; meanwhile: {carried}\n{run.output}")
    assert run.exit_code == 0, run.output
    assert carried.report.holds, carried.report
    [proved] = [line for line in run.output.splitlines() if "restored into a server of its own and compared" in line]
    assert int(proved.split()[1]) > POINTS
    assert run.seconds < MOST_SECONDS
    assert run.peak_mib < MOST_MIB


def test_the_bucket_is_gone_again(judge: Judge) -> None:
    becomes_green(judge, "a green pipeline without the bucket")
