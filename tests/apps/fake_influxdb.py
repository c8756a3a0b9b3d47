"""A stand-in for InfluxDB's write endpoint, for the faults that the real one cannot be told to have."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.clients.fake_servers import LocalHandler, LocalServer, running


class FakeInfluxDB:
    """Keeps lines by series and time, as InfluxDB does. ``answer`` may return another status than 204 for a body."""

    def __init__(self) -> None:
        self.points: dict[tuple[str, str], str] = {}
        self.writes = 0
        self.answer: Callable[[list[str]], int] = lambda lines: 204
        self.delay = 0.0

    def write(self, body: bytes) -> int:
        lines = body.decode().split("\n")
        status = self.answer(lines)
        self.writes += 1
        if status == 204:
            for line in lines:
                series, fields, when = line.split(" ")
                self.points[series, when] = fields
        return status


@contextmanager
def serving(fake: FakeInfluxDB) -> Iterator[str]:
    """Serve the fake on loopback; yields its URL."""

    class Handler(LocalHandler):
        def answer(self) -> None:
            status = 204
            if self.command == "POST":
                body = self.sent()
                threading.Event().wait(fake.delay)
                status = fake.write(body)
            self.reply(status, b"" if status == 204 else b'{"code":"x","message":"as told"}')

    with running(LocalServer(Handler)) as server:
        yield f"http://127.0.0.1:{server.port}"
