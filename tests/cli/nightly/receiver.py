"""A local receiver of notifications: up, refusing, slow, or gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.clients.fake_servers import FakeServer, running


class LocalReceiver(FakeServer):
    """Takes JSON posts. ``status``: what it answers; ``held``: set, unless it waits before; ``posts``: what it took."""

    def __init__(self, port: int = 0) -> None:
        super().__init__({"/": self._take}, port)
        self.status = 200
        self.held = threading.Event()
        self.held.set()
        self.posts: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        """As apprise takes it, with a short patience."""
        return f"json://user:secret@127.0.0.1:{self.port}/?cto=1&rto=1"

    @property
    def titles(self) -> list[str]:
        """The titles of what was taken."""
        return [title for title, _ in self.posts]

    def _take(self, _query: dict[str, str]) -> tuple[int, None]:
        post = self.posted[-1]
        self.held.wait(20)
        if self.status == 200:
            self.posts.append((post["title"], post["message"]))
        return self.status, None


@contextmanager
def listening(port: int = 0) -> Iterator[LocalReceiver]:
    """A receiver that answers while the block runs."""
    with running(LocalReceiver(port)) as server:
        try:
            yield server
        finally:
            server.held.set()
