"""A small InfluxDB on 127.0.0.1: points in memory, a shard for each bucket, and what the suite asks of it."""

from __future__ import annotations

import copy
import gzip
import json
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.clients.fake_servers import LocalHandler, LocalServer, running
from tests.maintenance.influxdb.hand_made import Points

OPERATOR = "operator-token"
TAGS = re.compile(r'"(\w+)" = \'([^\']*)\'')
Held = dict[str, dict[str, Points]]
"""By bucket and series (line protocol) the points."""


class FakeInflux(LocalServer):
    """``rights`` and ``kept_s`` are its metadata; ``held`` its points. Both come along in a backup."""

    def __init__(self, held: Held) -> None:
        super().__init__(Handler)
        self.held = held
        self.kept_s = dict.fromkeys(held, 0)
        self.rights = {OPERATOR: "operator", "reader-token": "checks"}
        self.chunk = 3
        self.broken: dict[str, tuple[int, bytes]] = {}


class Handler(LocalHandler):
    server: FakeInflux

    def answer(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        raw = self.sent()
        if self.headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        token = self.headers.get("Authorization", "").removeprefix("Token ")
        if parts.path in self.server.broken:
            self._say(*self.server.broken[parts.path])
        elif token not in self.server.rights:
            self._say(401, b"{}")
        else:
            self._say(*self._answer(parts.path.removeprefix("/api/v2"), query, raw))

    def _say(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.reply(status, body, {"Content-Type": kind})

    def _answer(self, path: str, query: dict[str, str], raw: bytes) -> tuple[int, bytes] | tuple[int, bytes, str]:
        kind, _, name = path.strip("/").partition("/")
        verb = f"{self.command} {kind}"
        if kind in ("backup", "restore"):
            return self._moved(path, raw)
        if kind == "query":
            lines = (json.dumps({"results": [{"series": [one]}]}) for one in self._asked(query["db"], query["q"]))
            return 200, "\n".join(lines).encode()
        if verb == "POST write":
            self._write(query["bucket"], raw.decode())
        elif verb == "POST delete":
            marker = json.loads(raw).get("predicate", "").partition('"')[2].rstrip('"')
            held = self.server.held[query["bucket"]]
            self.server.held[query["bucket"]] = {
                one: held[one] for one in held if marker and not one.startswith(marker)
            }
        elif verb == "DELETE authorizations":
            self.server.rights = {token: said for token, said in self.server.rights.items() if said != name}
        elif verb in ("POST buckets", "PATCH buckets"):
            wanted = json.loads(raw)
            self._kept(wanted.get("name", name), wanted["retentionRules"][0]["everySeconds"])
        else:
            return 200, json.dumps(self._list(kind)).encode()
        return 204, b""

    def _list(self, kind: str) -> Any:
        right = {"action": "read", "resource": {"type": "buckets", "id": "1"}}
        buckets = [
            {"id": name, "orgID": "o", "name": name, "retentionRules": [{"type": "expire", "everySeconds": kept}]}
            for name, kept in sorted(self.server.kept_s.items())
        ]
        tokens = [
            {"id": said, "token": token, "description": said, "status": "active", "permissions": [right]}
            for token, said in self.server.rights.items()
        ]
        return {"buckets": {"buckets": buckets}, "authorizations": {"authorizations": tokens}}.get(kind, {"tasks": []})

    def _kept(self, bucket: str, seconds: int) -> None:
        self.server.kept_s[bucket] = seconds
        held = self.server.held.setdefault(bucket, {})
        if seconds:
            oldest = (time.time() - seconds) * 1e9
            kept = {one: {at: values for at, values in held[one].items() if at >= oldest} for one in held}
            self.server.held[bucket] = {one: points for one, points in kept.items() if points}

    def _write(self, bucket: str, lines: str) -> None:
        for line in lines.splitlines():
            series, fields, at = line.split(" ")
            values = {name: float(value) for name, value in (pair.split("=") for pair in fields.split(","))}
            self.server.held[bucket].setdefault(series, {}).setdefault(int(at), {}).update(values)

    def _asked(self, bucket: str, statement: str) -> Iterator[dict[str, Any]]:
        held = self.server.held.get(bucket, {})
        measurements = sorted({series.partition(",")[0] for series in held})
        if statement == "SHOW MEASUREMENTS":
            yield {"name": "measurements", "columns": ["name"], "values": [[name] for name in measurements]}
        elif statement == "SHOW FIELD KEYS":
            for name in measurements:
                fields = sorted(self._fields(held, name))
                values = [[field, "integer" if field == "sequence" else "float"] for field in fields]
                yield {"name": name, "columns": ["fieldKey", "fieldType"], "values": values}
        else:
            yield from self._selected(held, statement)

    @staticmethod
    def _fields(held: dict[str, Points], measurement: str) -> set[str]:
        points = [
            values for series in held if series.partition(",")[0] == measurement for values in held[series].values()
        ]
        return {name for values in points for name in values}

    def _selected(self, held: dict[str, Points], statement: str) -> Iterator[dict[str, Any]]:
        measurement = statement.partition('FROM "')[2].partition('"')[0]
        start, stop = (int(n) for n in re.findall(r"time (?:>=|<) (-?\d+)", statement))
        fields = sorted(self._fields(held, measurement))
        for series in sorted(held):
            name, _, rest = series.partition(",")
            tags = dict(pair.split("=") for pair in rest.split(",") if pair)
            if name != measurement or not set(TAGS.findall(statement)) <= tags.items():
                continue
            points = {at: values for at, values in sorted(held[series].items()) if start <= at < stop}
            rows = [[at, *(values.get(field) for field in fields)] for at, values in points.items()]
            for number in range(0, len(rows), self.server.chunk):
                part = rows[number : number + self.server.chunk]
                yield {"name": name, "tags": tags, "columns": ["time", *fields], "values": part}

    def _moved(self, path: str, raw: bytes) -> tuple[int, bytes] | tuple[int, bytes, str]:
        server, names = self.server, sorted(self.server.kept_s)
        if path == "/backup/metadata":
            shards = {name: [{"id": number}] for number, name in enumerate(names)}
            groups = [{"retentionPolicies": [{"shardGroups": [{"shards": shards[name]}]}]} for name in names]
            kv = {"rights": server.rights, "kept_s": server.kept_s}
            parts = {"kv": kv, "sql": {}, "buckets": groups}
            head = '--x\r\nContent-Disposition: attachment; name="{}"\r\n\r\n{}\r\n'
            body = "".join(head.format(name, json.dumps(part)) for name, part in parts.items()) + "--x--\r\n"
            return 200, body.encode(), "multipart/mixed; boundary=x"
        if path.startswith("/backup/shards/"):
            return 200, json.dumps(server.held[names[int(path.rpartition("/")[2])]]).encode()
        if path == "/restore/kv":
            known = json.loads(raw)
            server.rights, server.kept_s = known["rights"], known["kept_s"]
            server.held = {name: {} for name in server.kept_s}
            return 200, json.dumps({"token": OPERATOR}).encode()
        if path.startswith("/restore/shards/"):
            held = json.loads(raw)
            points = {series: {int(at): values for at, values in held[series].items()} for series in held}
            server.held[names[int(path.rpartition("/")[2])]] = points
        return 204, b""


def serving(held: Held) -> AbstractContextManager[FakeInflux]:
    """A running server with these points."""
    return running(FakeInflux(copy.deepcopy(held)))
