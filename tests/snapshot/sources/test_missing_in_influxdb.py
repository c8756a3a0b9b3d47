"""What InfluxDB does not find is kept in its own words: an organisation is another thing than a bucket."""

from __future__ import annotations

from pipeline_services.snapshot.collector import collect
from tests.snapshot.fake_pipeline import FakePipeline


def test_the_words_of_a_404_are_kept(pipeline: FakePipeline) -> None:
    pipeline.influxdb.routes["/api/v2/write"] = (404, {"message": 'organization name "conveyor" not found'})
    told = collect(pipeline.cluster).data("influxdb_write")
    assert told["status"] == 404
    assert "organization name" in told["missing"]
