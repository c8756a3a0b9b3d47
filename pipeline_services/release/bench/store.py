"""The benchmark's readings in InfluxDB: read back for the ledger, then deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Final

from pipeline_services.apps.load import APART_NS, DEVICES, Load
from pipeline_services.audit.records import Records
from pipeline_services.clients.influxdb import NANO, Bucket
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import PortForward, ready_endpoint
from pipeline_services.clients.store_access import open_bucket
from pipeline_services.model import roles
from pipeline_services.model.k8s import secret_text
from pipeline_services.model.message import Reading
from pipeline_services.model.pipeline import Pipeline

READ_TIMEOUT_S: Final = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class BenchStore:
    """The pipeline's bucket, with the token that may read it and the one that may write it."""

    read: Bucket
    write: Bucket

    def stored(self, load: Load) -> Records:
        """What is stored of a load, with checksums computed from what was found.

        Raises:
            UnexpectedAnswer: the answer cannot be read.
        """
        records = Records()
        for device in range(min(DEVICES, load.readings)):
            series = (load.producer_id, f"conveyor-{device:02d}")
            where = f"producer_id = '{series[0]}' AND device_id = '{series[1]}'"
            found = self.read.select("sequence, value", where, timeout_s=READ_TIMEOUT_S)
            for when, sequence, value in (row for one in found for row in one.rows):
                reading = Reading(*series, int(sequence), int(when), float(value))
                records.add(series, reading.sequence, reading.checksum())
        return records

    def delete(self, load: Load) -> None:
        """Delete the load's points. Raises UnexpectedAnswer where InfluxDB did not."""
        end = load.start_ns + load.readings * APART_NS + NANO
        self.write.delete(load.start_ns, end, f'producer_id="{load.producer_id}"')


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
