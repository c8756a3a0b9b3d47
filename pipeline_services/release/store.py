"""Buckets of a trial's own in InfluxDB: made, and read back with the types of their fields."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from pipeline_services.apps.load import Load
from pipeline_services.audit.records import Records
from pipeline_services.audit.store import read_store
from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.influxdb import Bucket
from pipeline_services.clients.influxdb_api import InfluxApi
from pipeline_services.model.configuration import Store
from pipeline_services.model.errors import UnexpectedAnswer

READ_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class TrialStore:
    """InfluxDB with the operator's token. ``store`` is the pipeline's: its organisation and its measurement."""

    http: HttpApi
    store: Store
    token: str

    def make(self, bucket: str) -> None:
        """Make a bucket. Raises UnexpectedAnswer where InfluxDB did not."""
        api = InfluxApi(self.http, self.token)
        found = api.listed("orgs", org=self.store.org)
        if not found:
            raise UnexpectedAnswer(f"InfluxDB knows no organisation {self.store.org}")
        api.change("POST", "/api/v2/buckets", {"orgID": found[0]["id"], "name": bucket, "retentionRules": []})

    def points(self, bucket: str, load: Load) -> Records:
        """What is stored, with checksums computed from what was found. Raises as ``read_store`` does."""
        return read_store(self._bucket(bucket), load.span)

    def count(self, bucket: str) -> int:
        """How many readings are stored; 0 where there is no series.

        Raises:
            UnexpectedAnswer: InfluxDB's answer cannot be read.
        """
        rows = self._rows(bucket, f"SELECT COUNT(sequence) FROM {self.store.measurement}")
        return int(rows[0][1]) if rows else 0

    def types(self, bucket: str) -> dict[str, str]:
        """By field its type; a field that has several has them all, sorted.

        Raises:
            UnexpectedAnswer: InfluxDB's answer cannot be read.
        """
        found: dict[str, list[str]] = {}
        for name, kind in self._rows(bucket, f"SHOW FIELD KEYS FROM {self.store.measurement}"):
            found.setdefault(str(name), []).append(str(kind))
        return {name: ", ".join(sorted(kinds)) for name, kinds in found.items()}

    def _rows(self, bucket: str, statement: str) -> list[list[Any]]:
        found = self._bucket(bucket).answer(statement, timeout_s=READ_TIMEOUT_S)
        return found[0].rows if found else []

    def _bucket(self, name: str) -> Bucket:
        return Bucket(self.http, replace(self.store, bucket=name), self.token)
