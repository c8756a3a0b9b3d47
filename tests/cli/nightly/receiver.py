"""A local receiver of notifications: up, refusing, slow, or gone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class LocalReceiver(ThreadingHTTPServer):
    """Takes JSON posts. ``status``: what it answers; ``hold_s``: how long it waits before; ``posts``: what came."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.status = 200
        self.held = threading.Event()
        self.held.set()
        self.posts: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        """As apprise takes it, with a short patience."""
        return f"json://user:secret@127.0.0.1:{self.server_port}/?cto=1&rto=1"

    @property
    def titles(self) -> list[str]:
        """The titles of what was taken."""
        return [title for title, _ in self.posts]


class _Handler(BaseHTTPRequestHandler):
    server: LocalReceiver

    def do_POST(self) -> None:
        post = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.held.wait(20)
        if self.server.status == 200:
            self.server.posts.append((post["title"], post["message"]))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Not on the terminal."""


@contextmanager
def listening(port: int = 0) -> Iterator[LocalReceiver]:
    """A receiver that answers while the block runs."""
    with LocalReceiver(port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.held.set()
            server.shutdown()
            thread.join()
