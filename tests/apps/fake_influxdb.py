"""A stand-in for InfluxDB's write endpoint, for the faults that the real one cannot be told to have."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


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
def serving(fake: FakeInfluxDB, port: int = 0) -> Iterator[str]:
    """Serve the fake on loopback; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            threading.Event().wait(fake.delay)
            self._answer(fake.write(body))

        def do_GET(self) -> None:
            self._answer(204)

        def _answer(self, status: int) -> None:
            body = b"" if status == 204 else b'{"code":"x","message":"as told"}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
