"""The benchmark's readings in InfluxDB: read back for the ledger, then deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from pipeline_services.apps.load import Load
from pipeline_services.audit.records import Records
from pipeline_services.audit.store import read_store
from pipeline_services.clients.influxdb import Bucket
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import PortForward, ready_endpoint
from pipeline_services.clients.store_access import open_bucket
from pipeline_services.model import roles
from pipeline_services.model.k8s import secret_text
from pipeline_services.model.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class BenchStore:
    """The pipeline's bucket, with the token that may read it and the one that may write it."""

    read: Bucket
    write: Bucket

    def stored(self, load: Load) -> Records:
        """What is stored of a load, with checksums computed from what was found. Raises as ``read_store`` does."""
        return read_store(self.read, load.span, lambda reading: reading.producer_id == load.producer_id)

    def delete(self, load: Load) -> None:
        """Delete the load's points. Raises UnexpectedAnswer where InfluxDB did not."""
        self.write.delete(*load.span, f'producer_id="{load.producer_id}"')


@contextmanager
def bench_store(cluster: Cluster, pipeline: Pipeline) -> Iterator[BenchStore]:
    """The store through a port-forward.

    Raises:
        ServiceUnreachable: there is no ready InfluxDB.
        NoData: a secret is missing.
    """
    service = pipeline.service(roles.INFLUXDB)
    with ExitStack() as open_things:
        slices = cluster.list("endpointslices")
        endpoint = ready_endpoint(service, pipeline[roles.INFLUXDB].label_selector, slices, pipeline.namespace)
        forward = open_things.enter_context(PortForward(cluster, endpoint))
        secrets = cluster.list("secrets")
        read = open_bucket(pipeline, secrets, forward, open_things)
        yield BenchStore(read, replace(read, token=secret_text(secrets, pipeline.config.write_token)))
