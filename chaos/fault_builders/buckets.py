"""Faults inside InfluxDB, made with its own tools: of the bucket, of what works on it, of what else it holds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from chaos.fault_builders.common import fault_builder, own_store, writes_fail
from pipeline_services.clients.influxdb_api import InfluxApi
from pipeline_services.faults import stores
from pipeline_services.faults.model import Fault, Proof
from pipeline_services.model.errors import NoData

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

THINNING: Final = "thin-out"


def bucket_renamed(pipeline: SteadyPipeline) -> Fault:
    """The bucket that everybody writes to and reads from has another name."""
    bucket, server = pipeline.description.store.bucket, own_store(pipeline)

    def called(name: str) -> list[Any]:
        return _listed(pipeline, server, "buckets", name=name)

    known = called(bucket)
    if not known:
        raise NoData(f"there is no bucket {bucket}")
    return stores.bucket_renamed(server, str(known[0]["id"]), bucket, f"{bucket}-archive").proved(
        gone=Proof(f"the bucket {bucket} to be there", lambda: called(bucket), within=30.0)
    )


def organisation_renamed(pipeline: SteadyPipeline) -> Fault:
    """The organisation that everybody names who writes has another name; its buckets and tokens stay."""
    store, server = pipeline.description.store, own_store(pipeline)

    def called(name: str) -> list[Any]:
        return [one for one in _listed(pipeline, server, "orgs") if one["name"] == name]

    (own,) = called(store.org)
    fault = stores.organisation_renamed(server, str(own["id"]), store.org, f"{store.org}-plant")
    return fault.proved(
        writes_fail(pipeline, "not-found"),
        Proof(f"the organisation {store.org} to be there", lambda: called(store.org), within=30.0),
    )


RETENTION: Final = ("--retention", "everySeconds")
SHARDS: Final = ("--shard-group-duration", "shardGroupDurationSeconds")
"""A setting of a bucket, as the command influx and as the API says it."""


@fault_builder
def bucket_set(pipeline: SteadyPipeline, setting: tuple[str, str], seconds: int) -> Fault:
    """The bucket keeps readings for another time than it was made with (0: for ever), or in other shards."""
    server, bucket, (flag, field) = own_store(pipeline), pipeline.description.store.bucket, setting

    def found() -> dict[str, Any]:
        return dict(_listed(pipeline, server, "buckets", name=bucket)[0])

    def value() -> int:
        return sum(int(rule[field]) for rule in found().get("retentionRules") or ())

    before = value()
    return stores.bucket_set(server, str(found()["id"]), flag, (seconds, before)).proved(
        Proof(f"the bucket to have {flag} {seconds}s", lambda: value() == seconds, within=30.0),
        Proof(f"the bucket to have {flag} {before}s", lambda: value() == before, within=30.0),
    )


@fault_builder
def many_shards(pipeline: SteadyPipeline, count: int) -> Fault:
    """InfluxDB has so many shards more, of a bucket that nobody else uses, each with a point."""
    server, bucket = own_store(pipeline), f"shards-{int(time.time())}"

    def there() -> bool:
        return bucket in [one["name"] for one in _listed(pipeline, server, "buckets")]

    return stores.shards_made(server, bucket, count, pipeline.description.store.org).proved(
        Proof(f"the bucket {bucket} to be there", there, within=30.0),
        Proof(f"the bucket {bucket} to be gone", lambda: not there(), within=30.0),
    )


def thinned_out(pipeline: SteadyPipeline) -> Fault:
    """A task runs in InfluxDB that writes into the bucket of readings, as one that thins them out does; nothing yet."""
    server, store = own_store(pipeline), pipeline.description.store
    flux = (
        f'option task = {{name: "{THINNING}", every: 1h}}\n'
        f'from(bucket: "{store.bucket}") |> range(start: -1m) |> filter(fn: (r) => r._measurement == "{THINNING}")'
        f' |> to(bucket: "{store.bucket}", org: "{store.org}")'
    )

    def runs() -> bool:
        return bool(_listed(pipeline, server, "tasks", name=THINNING))

    return stores.task_made(server, THINNING, flux, store.org).proved(
        Proof(f"the task {THINNING} to be there", runs, within=30.0),
        Proof(f"the task {THINNING} to be gone", lambda: not runs(), within=30.0),
    )


def _listed(pipeline: SteadyPipeline, server: stores.Server, what: str, **query: str) -> list[Any]:
    """The buckets, tasks or organisations of InfluxDB that the query is about."""
    return InfluxApi(pipeline.probes.influx, server.token).listed(what, **query)
