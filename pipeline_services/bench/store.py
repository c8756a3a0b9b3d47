"""The benchmark's readings in InfluxDB: read back for the ledger, then deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pipeline_services.apps.bench import APART_NS, DEVICES, Load
from pipeline_services.audit.ledger import Records
from pipeline_services.clients.http import HttpApi, Tls
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import PortForward, ready_endpoint
from pipeline_services.model import roles
from pipeline_services.model.configuration import Store
from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.k8s import secret_value
from pipeline_services.model.message import Reading
from pipeline_services.model.pipeline import Pipeline

READ_TIMEOUT_S: Final = 60.0  # seconds
DELETED: Final = 204


@dataclass(frozen=True, slots=True)
class BenchStore:
    """The pipeline's bucket, with the token that may read it and the one that may write it."""

    http: HttpApi
    store: Store
    read: Mapping[str, str]
    write: Mapping[str, str]

    def stored(self, load: Load) -> Records:
        """What is stored of a load, with checksums computed from what was found.

        Raises:
            UnexpectedAnswer: the answer cannot be read.
        """
        records = Records()
        for device in range(min(DEVICES, load.readings)):
            series = (load.producer_id, f"conveyor-{device:02d}")
            for when, sequence, value in self._rows(*series):
                reading = Reading(*series, int(sequence), int(when), float(value))
                records.add(series, reading.sequence, reading.checksum())
        return records

    def _rows(self, producer_id: str, device_id: str) -> list[list[Any]]:
        statement = (
            f"SELECT sequence, value FROM {self.store.measurement}"
            f" WHERE producer_id = '{producer_id}' AND device_id = '{device_id}'"
        )
        query = {"db": self.store.bucket, "epoch": "ns", "q": statement}
        document = self.http.ask_json("/query", query, headers=self.read, timeout=READ_TIMEOUT_S)
        try:
            series = document["results"][0].get("series") or [{"values": []}]
            return list(series[0]["values"])
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise UnexpectedAnswer(f"InfluxDB's answer to {statement} cannot be read: {str(document)[:200]}") from error

    def delete(self, load: Load) -> None:
        """Delete the load's points.

        Raises:
            UnexpectedAnswer: InfluxDB did not.
        """
        end = load.start_ns + load.readings * APART_NS + 10**9
        body = {
            "start": _rfc3339(load.start_ns),
            "stop": _rfc3339(end),
            "predicate": f'producer_id="{load.producer_id}"',
        }
        where = {"org": self.store.org, "bucket": self.store.bucket}
        answer = self.http.ask("/api/v2/delete", where, body=body, headers=self.write, timeout=READ_TIMEOUT_S)
        if answer.status != DELETED:
            raise UnexpectedAnswer(
                f"InfluxDB did not delete the benchmark's points: {answer.status} {answer.text[:200]}"
            )


def _rfc3339(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def bench_store(cluster: Cluster, pipeline: Pipeline) -> Iterator[BenchStore]:
    """The store through a port-forward.

    Raises:
        ServiceUnreachable: there is no ready InfluxDB.
        NoData: a secret is missing.
    """
    config, service = pipeline.config, pipeline.service(roles.INFLUXDB)
    with ExitStack() as open_things:
        slices = cluster.list("endpointslices")
        endpoint = ready_endpoint(service, pipeline[roles.INFLUXDB].label_selector, slices, pipeline.namespace)
        forward = open_things.enter_context(PortForward(cluster, endpoint))
        secrets = cluster.list("secrets")
        tls = Tls(service.name, secret_value(secrets, config.tls, "ca.crt").decode())
        http = HttpApi(service.name, forward.port, tls=tls, cause=lambda: forward.failure)
        open_things.callback(http.close)
        yield BenchStore(
            http,
            pipeline.store,
            read=_token(secret_value(secrets, config.read_token.secret, config.read_token.key)),
            write=_token(secret_value(secrets, config.write_token.secret, config.write_token.key)),
        )


def _token(token: bytes) -> dict[str, str]:
    return {"Authorization": f"Token {token.decode().strip()}"}
