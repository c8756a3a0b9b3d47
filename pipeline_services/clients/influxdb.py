"""InfluxDB: every query and deletion in InfluxQL, health, the newest reading, and whether a token is accepted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.clients.http import READ_TIMEOUT, Answer, HttpApi
from pipeline_services.model.configuration import MAPPING, Store
from pipeline_services.model.errors import AccessDenied, NoData, UnexpectedAnswer, readable
from pipeline_services.model.text import utc_ns

NANO: Final = 1_000_000_000
LOOK_BACK: Final = "1h"
DELETE_TIMEOUT_S: Final = 60.0
STREAM_TIMEOUT_S: Final = 120.0
"""Seconds for the next part of a long answer: before the first one, every series of a measurement is opened."""
PART_ROWS: Final = 10_000
MOST_TASKS: Final = 100
NOT_FOUND: Final = 404
REFUSED: Final = (401, 403)
_SHARD: Final = "storage_shard_disk_size{"
"""What begins each shard's line among InfluxDB's own metrics."""


@dataclass(frozen=True, slots=True)
class Series:
    """The rows of one series: its tags, and of each row the time (ns since the epoch) and the values asked for."""

    tags: dict[str, str]
    rows: list[list[Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of one series of a long answer, with the names of their columns."""

    measurement: str
    tags: dict[str, str]
    columns: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The pipeline's bucket, read or changed with one token."""

    http: HttpApi
    store: Store
    token: str

    def select(self, what: str, where: str, *, by: str = "", timeout_s: float = READ_TIMEOUT) -> list[Series]:
        """The series of the pipeline's measurement that a condition leaves, by tags where ``by`` names some.

        Raises as ``answer`` does.
        """
        return self.answer(self._statement(what, where, by), timeout_s=timeout_s)

    def answer(self, statement: str, *, timeout_s: float = READ_TIMEOUT) -> list[Series]:
        """The series in the answer to a statement of InfluxQL.

        Raises:
            AccessDenied: the token may not read the bucket.
            ServiceUnreachable: InfluxDB does not answer.
            UnexpectedAnswer: the query was not answered as InfluxQL should be.
        """
        document = self.http.ask_json("/query", self._query(statement), headers=self._headers(), timeout=timeout_s)
        with readable(f"InfluxDB's answer to {statement}"):
            result = document["results"][0]
            if "error" in result:
                raise UnexpectedAnswer(f"InfluxDB does not answer {statement}: {result['error']}")
            return [Series(one.get("tags") or {}, list(one["values"])) for one in result.get("series") or ()]

    def select_csv(self, what: str, where: str, *, by: str, timeout_s: float) -> str:
        """As ``select``, in CSV: for answers of many rows.

        Raises:
            ServiceUnreachable: InfluxDB does not answer.
            UnexpectedAnswer: it refuses.
        """
        headers = self._headers() | {"Accept": "application/csv"}
        query = self._query(self._statement(what, where, by))
        answer = self.http.ask("/query", query, headers=headers, timeout=timeout_s)
        if answer.status != 200:
            raise answer.refusal("a query")
        return answer.text

    def stream(self, statement: str) -> Iterator[Part]:
        """The answer to a statement of InfluxQL in parts, for one that is too long to be held at once.

        Raises:
            ServiceUnreachable: InfluxDB does not answer, or breaks off.
            UnexpectedAnswer: it refuses, or says in the midst of its answer that this is not whole.
        """
        query = self._query(statement) | {"chunked": "true", "chunk_size": str(PART_ROWS)}
        with self.http.opened("/query", query, headers=self._headers(), timeout=STREAM_TIMEOUT_S) as answer:
            for line in answer:
                yield from _parts_in(line, statement)

    def delete(self, start_ns: int, stop_ns: int, predicate: str) -> None:
        """Delete the points between two moments (ns since the epoch) of which the predicate is true.

        Raises:
            ServiceUnreachable: InfluxDB does not answer.
            UnexpectedAnswer: it did not delete them.
        """
        body = {"start": utc_ns(start_ns), "stop": utc_ns(stop_ns), "predicate": predicate}
        where = {"org": self.store.org, "bucket": self.store.bucket}
        answer = self.http.ask("/api/v2/delete", where, body=body, headers=self._headers(), timeout=DELETE_TIMEOUT_S)
        if answer.status != 204:
            raise answer.refusal("a deletion")

    def _statement(self, what: str, where: str, by: str) -> str:
        return f"SELECT {what} FROM {self.store.measurement} WHERE {where}" + (f" GROUP BY {by}" if by else "")

    def _query(self, statement: str) -> dict[str, str]:
        return {"db": self.store.bucket, "epoch": "ns", "q": statement}

    def _headers(self) -> dict[str, str]:
        return token_header(self.token)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest reading's event time (epoch seconds; None: none within an hour) and the readings of a minute."""

    time: float | None
    points_1m: int


class InfluxStore:
    """Asks InfluxDB.

    Args:
        http: a connection that checks the certificate, for everything that carries a token.
        unchecked: one that does not, for the health call, which is to work when only the certificate is wrong.
        store: the bucket and the measurement.
    """

    def __init__(self, http: HttpApi | None, unchecked: HttpApi, store: Store) -> None:
        self._http = http
        self._unchecked = unchecked
        self._store = store

    def health(self) -> Answer:
        """What ``/health`` says."""
        return self._unchecked.ask("/health")

    def token_status(self, token: str) -> int:
        """The HTTP status with which a token may look for its bucket: 200 when it is accepted, else 401."""
        answer = self._checked().ask("/api/v2/buckets", {"name": self._store.bucket}, headers=token_header(token))
        return answer.status

    def write_answer(self, token: str) -> Answer:
        """The answer to a token that writes nothing at all to the bucket: 403 where it may only read, 404 where there
        is no such organisation or bucket.

        InfluxDB asks for the permission before it reads what is sent, which is no point and so is stored nowhere.
        """
        where = {"org": self._store.org, "bucket": self._store.bucket}
        return self._checked().ask("/api/v2/write", where, body="", headers=token_header(token))

    def bucket(self, token: str) -> dict[str, Any]:
        """The bucket's id, that of its organisation, for how many seconds it keeps readings (0: for ever), and of how
        many each of its shards is; None: InfluxDB does not say.

        Raises:
            AccessDenied: InfluxDB refuses the token.
            NoData: there is no such bucket, or none for this token.
            UnexpectedAnswer: InfluxDB does not say.
        """
        path, query = "/api/v2/buckets", {"name": self._store.bucket}
        answer = self._checked().ask(path, query, headers=token_header(token))
        if answer.status in REFUSED:
            raise AccessDenied("read", f"influxdb{path}")
        if answer.status == NOT_FOUND:
            raise NoData(f"InfluxDB has no bucket {self._store.bucket}, or not for this token")
        try:
            (found,) = answer.json()["buckets"]
            rules = found.get("retentionRules") or ()
            kept = sum(int(rule["everySeconds"]) for rule in rules)
            shard = next((rule.get("shardGroupDurationSeconds") for rule in rules), None)
            return {"id": str(found["id"]), "org": str(found["orgID"]), "retention_s": kept, "shard_s": shard}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnexpectedAnswer(f"InfluxDB answers {answer.status} to a question for its bucket") from error

    def at_work(self, token: str) -> list[dict[str, Any]]:
        """What works on the organisation's readings inside InfluxDB: its tasks, the streams that copy a bucket, and
        mappings that lead who asks for the bucket in InfluxQL to another one.

        Args:
            token: one that may see all of the organisation.

        Raises as ``bucket``.
        """
        own = self.bucket(token)
        query, headers = {"orgID": own["org"]}, token_header(token)
        tasks = self._checked().ask_json("/api/v2/tasks", {**query, "limit": str(MOST_TASKS)}, headers=headers)
        streams = self._checked().ask_json("/api/v2/replications", query, headers=headers)
        mapped = self._checked().ask_json("/api/v2/dbrps", query, headers=headers).get("content") or ()
        # without a retention policy's name the default counts; a bucket "database/policy" has a mapping by itself
        read = [one for one in mapped if one.get("database") == self._store.bucket and one.get("default", True)]
        astray = [one for one in read if one["bucketID"] != own["id"]]
        return [
            *(_working(MAPPING, {**one, "name": one["database"]}, active=True) for one in astray),
            *(_working("task", one, active=one.get("status") == "active") for one in tasks.get("tasks") or ()),
            *(_working("replication", one, active=True) for one in streams.get("replications") or ()),
        ]

    def newest(self, token: str) -> Newest:
        """The newest reading and how many came within a minute.

        Raises:
            AccessDenied: the token may not read the bucket.
            UnexpectedAnswer: the query was not answered as InfluxQL should be.
        """
        bucket = Bucket(self._checked(), self._store, token)
        value = identifier(self._store.value)
        last = bucket.select(f"LAST({value})", f"time > now() - {LOOK_BACK}")
        count = bucket.select(f"COUNT({value})", "time > now() - 1m")
        return Newest(last[0].rows[0][0] / NANO if last else None, int(count[0].rows[0][1]) if count else 0)

    def _checked(self) -> HttpApi:
        if self._http is None:
            raise UnexpectedAnswer("the Secret with the store's certificate has no CA certificate: no token is sent")
        return self._http


def _working(kind: str, found: dict[str, Any], *, active: bool) -> dict[str, Any]:
    return {"kind": kind, "id": str(found.get("id", "")), "name": str(found.get("name", "")), "active": active}


def shards_of(http: HttpApi) -> int:
    """How many shards InfluxDB holds, all buckets together: it opens each of them before it answers after a start.

    Raises:
        ServiceUnreachable: InfluxDB does not answer.
        UnexpectedAnswer: its metrics do not say it.
    """
    answer = http.ask("/metrics")
    count = sum(line.startswith(_SHARD) for line in answer.text.splitlines())
    if answer.status != 200 or not count:
        raise UnexpectedAnswer(f"InfluxDB answers {answer.status} to /metrics, which names no shard")
    return count


def token_header(token: str) -> dict[str, str]:
    """The header with which InfluxDB lets the token's owner in."""
    return {"Authorization": f"Token {token}"}


def identifier(name: str) -> str:
    """A name as InfluxQL takes it."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(text: str) -> str:
    """A text as InfluxQL takes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _parts_in(line: bytes, statement: str) -> list[Part]:
    try:
        answer = json.loads(line)
        results = answer.get("results", [])
        refusal = next(filter(None, [answer.get("error"), *(one.get("error") for one in results)]), None)
        series = [one for result in results for one in result.get("series") or []]
        parts = [Part(str(one["name"]), one.get("tags") or {}, one["columns"], one["values"]) for one in series]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise UnexpectedAnswer(f"InfluxDB's answer to {statement} cannot be read: {line[:100]!r}") from error
    if refusal:
        raise UnexpectedAnswer(f"InfluxDB does not answer {statement}: {refusal}")
    return parts
