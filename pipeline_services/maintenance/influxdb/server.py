"""An InfluxDB server with an operator's token: its points as a stream, its buckets, tokens and tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.clients.http import Answer
from pipeline_services.clients.influxdb import Bucket, identifier, literal, token_header
from pipeline_services.clients.influxdb_api import InfluxApi
from pipeline_services.maintenance.influxdb.contents import Contents, contents, retention_of
from pipeline_services.maintenance.influxdb.fingerprint import (
    Chunk,
    Series,
    SeriesHasher,
    SeriesPrint,
    Span,
    Stored,
    fingerprint,
)
from pipeline_services.model.configuration import Store

TOKENS: Final = "/api/v2/authorizations"
"""The path of the API with all tokens; each is below it by its id."""


@dataclass(frozen=True, slots=True)
class InfluxServer(InfluxApi):
    """Asks a server what it holds, with a token that may read everything. ``org``: whose buckets they are."""

    org: str

    def login(self, token: str) -> Answer:
        """What a token is answered with."""
        return self.http.ask("/api/v2/buckets", {"limit": "1"}, headers=token_header(token))

    def accepts(self, token: str) -> bool:
        """Whether a token logs in. Raises UnexpectedAnswer where the answer is neither yes nor no."""
        answer = self.login(token)
        if answer.status not in (200, 401):
            raise answer.refusal("a login")
        return answer.status == 200

    def buckets(self) -> list[dict[str, Any]]:
        """Every bucket as the API has it, the server's own included."""
        return self.listed("buckets")

    def tokens(self) -> list[dict[str, Any]]:
        """Every token as the API has it, its text included."""
        return self.listed("authorizations")

    def contents(self) -> Contents:
        """Buckets, tokens and tasks."""
        return contents(self.buckets(), self.tokens(), self.listed("tasks"))

    def retention_s(self) -> dict[str, int]:
        """How long each bucket stores its points, in seconds; 0 for ever."""
        return {bucket["name"]: retention_of(bucket) for bucket in self.buckets()}

    def stored(self, spans: Mapping[str, Span]) -> Stored:
        """A print of each of these buckets that is there, in its span of time."""
        names = sorted(spans.keys() & self.retention_s().keys())
        prints = {name: fingerprint(self.chunks(name, spans[name])) for name in names}
        return Stored({name: spans[name] for name in names}, prints, {name: self.types(name) for name in names})

    def measurements(self, bucket: str) -> list[str]:
        """The names of a bucket's measurements."""
        return [str(row[0]) for part in self.bucket(bucket).stream("SHOW MEASUREMENTS") for row in part.rows]

    def types(self, bucket: str) -> dict[str, str]:
        """The type of each field, by "measurement.field"."""
        parts = self.bucket(bucket).stream("SHOW FIELD KEYS")
        return {f"{part.measurement}.{row[0]}": str(row[1]) for part in parts for row in part.rows}

    def chunks(self, bucket: str, span: Span) -> Iterator[Chunk]:
        """All points of a bucket in a span of time, one series after the other."""
        for measurement in self.measurements(bucket):
            yield from self.chunks_of(bucket, span, Series(measurement))

    def chunks_of(self, bucket: str, span: Span, series: Series) -> Iterator[Chunk]:
        """The points of the series of a measurement that have at least these tags.

        Raises:
            UnexpectedAnswer: the answer cannot be read, or says in its midst that it is incomplete.
            ServiceUnreachable: it breaks off.
        """
        only = "".join(f" AND {identifier(name)} = {literal(value)}" for name, value in series.tags)
        times = f"time >= {span[0]} AND time < {span[1]}"
        statement = f"SELECT * FROM {identifier(series.measurement)} WHERE {times}{only} GROUP BY *"
        for part in self.bucket(bucket).stream(statement):
            yield Chunk(Series.of(part.measurement, part.tags), part.columns[1:], part.rows)

    def bucket(self, name: str) -> Bucket:
        """One of its buckets, read or changed with the operator's token."""
        return Bucket(self.http, Store(self.org, name, ""), self.token)


class SeriesOnServer:
    """One series of a bucket, as the search for the first difference wants it."""

    def __init__(self, server: InfluxServer, bucket: str, series: Series) -> None:
        self._server = server
        self._bucket = bucket
        self._series = series

    def _chunks(self, start: int, stop: int) -> Iterator[Chunk]:
        found = self._server.chunks_of(self._bucket, (start, stop), self._series)
        return (chunk for chunk in found if chunk.series == self._series)

    def print_of(self, start: int, stop: int) -> SeriesPrint | None:
        """The print of its points in a span; None where there is none."""
        hasher = SeriesHasher()
        for chunk in self._chunks(start, stop):
            hasher.add(chunk.fields, chunk.rows)
        found = hasher.finished()
        return found if found.points else None

    def points(self, start: int, stop: int) -> dict[int, dict[str, Any]]:
        """Its points in a span, by time."""
        return {
            row[0]: {name: value for name, value in zip(chunk.fields, row[1:], strict=True) if value is not None}
            for chunk in self._chunks(start, stop)
            for row in chunk.rows
        }
