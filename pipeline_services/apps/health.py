"""Probes and metrics over HTTP: ``/healthz``, ``/readyz``, ``/metrics``.

Liveness is the age of the main loop's last stamp and nothing else: an outage of Kafka or InfluxDB is no reason to
restart an app. Readiness says whether the app has lately worked with its peers.
"""

from __future__ import annotations

import faulthandler
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

STALE_AFTER = 15.0  # seconds without a stamp: the liveness probe fails
DUMP_AFTER = 25.0  # seconds without a stamp: every thread's stack goes to standard error and the process ends


class Heart:
    """The main loop's stamp."""

    def __init__(self, *, dump_when_stuck: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._dump = dump_when_stuck
        self._stamp = clock()

    def beat(self) -> None:
        """To be called in every turn of the loop and before each step of it that may take seconds."""
        self._stamp = self._clock()
        if self._dump:
            faulthandler.dump_traceback_later(DUMP_AFTER, exit=True, file=sys.stderr)

    def age(self) -> float:
        """Seconds since the last stamp."""
        return self._clock() - self._stamp


class Readiness:
    """Ready while the last work with each named peer is younger than ``within`` seconds."""

    def __init__(self, *peers: str, within: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._within = within
        self._worked: dict[str, float | None] = dict.fromkeys(peers)

    def worked(self, peer: str) -> None:
        """The peer has just done what was asked of it."""
        self._worked[peer] = self._clock()

    def failed(self, peer: str) -> None:
        """The peer is known not to work: not ready until it does."""
        self._worked[peer] = None

    def missing(self) -> list[str]:
        """The peers that have not worked lately."""
        now = self._clock()
        return [peer for peer, at in self._worked.items() if at is None or now - at > self._within]


def serve(port: int, heart: Heart, readiness: Readiness, registry: CollectorRegistry) -> ThreadingHTTPServer:
    """Answer probes and scrapes on a daemon thread; ``port`` 0 takes a free one (``server.server_port``)."""

    def healthz() -> tuple[int, str]:
        age = heart.age()
        return (200, "ok") if age <= STALE_AFTER else (503, f"the main loop has not moved for {age:.0f} s")

    def readyz() -> tuple[int, str]:
        missing = readiness.missing()
        return (503, f"no recent work with: {', '.join(missing)}") if missing else (200, "ok")

    probes = {"/healthz": healthz, "/readyz": readyz}

    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/metrics":
                self._answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)
            elif path in probes:
                status, text = probes[path]()
                self._answer(status, f"{text}\n".encode(), "text/plain; charset=utf-8")
            else:
                self._answer(404, b"not found\n", "text/plain; charset=utf-8")

        def _answer(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            with suppress(ConnectionError):  # who asked did not wait for the answer
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
            """Probes are not worth a log line."""

    server = ThreadingHTTPServer(("", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.1,), name="http", daemon=True).start()
    return server
