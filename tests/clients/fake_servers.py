"""Small real servers on 127.0.0.1: an API server with lists, logs and port-forwards, and what stands behind it."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import yaml

Reply = tuple[int, Any] | tuple[int, Any, Mapping[str, str]]
Routes = Mapping[str, Reply | Callable[[dict[str, str]], Reply]]
_Server = TypeVar("_Server", bound="LocalServer")
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class LocalHandler(BaseHTTPRequestHandler):
    """Gives every request to ``answer``, over connections that stay open, and says nothing on the terminal."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        raise NotImplementedError

    def do_GET(self) -> None:
        self.answer()

    do_HEAD = do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def sent(self) -> bytes:
        """The body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def reply(self, status: int, data: bytes = b"", headers: Mapping[str, str] = MappingProxyType({})) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        body = b"" if self.command == "HEAD" else data
        self._headers_buffer += [b"\r\n", body]  # in one packet: two would wait for each other
        self.flush_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class LocalServer(ThreadingHTTPServer):
    """A server on a port of 127.0.0.1, which handles each connection in a thread."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[LocalHandler], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(LocalHandler):
    server: FakeServer

    def answer(self) -> None:
        parts = urlsplit(self.path)
        if self.command not in ("GET", "HEAD"):
            self.server.posted.append(json.loads(self.sent() or b"null"))
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        if "websocket" in self.headers.get("Upgrade", "").lower():
            self._opened(parts.path, parse_qs(parts.query))
            return
        reply = self.server.routes.get(parts.path, (404, {"message": "not found"}))
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self._answer(*(reply(query) if callable(reply) else reply))

    def _answer(self, status: int, body: Any, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        self.reply(status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)

    def _opened(self, path: str, query: Mapping[str, list[str]]) -> None:
        pod = path.split("/")[-2]
        if self.server.forward_status != 101:
            self._answer(self.server.forward_status, {"message": "no"})
            return
        accept = base64.b64encode(hashlib.sha1(self.headers["Sec-WebSocket-Key"].encode() + MAGIC).digest())
        self.send_response(101)
        for header, value in (
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", accept.decode()),
        ):
            self.send_header(header, value)
        self.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
        self.end_headers()
        self.close_connection = True
        if path.endswith("/exec"):
            for frame in self.server.programs[pod, *query["command"]]:
                _send_frame(self.wfile, frame)
            self.wfile.write(b"\x88\x00")
        else:
            self._forward(pod, int(query["ports"][0]))

    def _forward(self, pod: str, port: int) -> None:
        for channel in (0, 1):
            _send_frame(self.wfile, bytes((channel,)) + struct.pack("<H", port))
        try:
            with socket.create_connection(("127.0.0.1", self.server.pods[pod, port])) as backend:
                self._pump(backend)
        except (KeyError, OSError) as error:
            _send_frame(self.wfile, b"\x01" + f"cannot reach port {port}: {error}".encode())

    def _pump(self, backend: socket.socket) -> None:
        threading.Thread(target=self._answers, args=(backend,), daemon=True).start()
        while frame := _read_frame(self.rfile):
            backend.sendall(frame[1:])

    def _answers(self, backend: socket.socket) -> None:
        try:
            while data := backend.recv(30_000):
                _send_frame(self.wfile, b"\x00" + data)
            self.connection.shutdown(socket.SHUT_RDWR)
        except (OSError, ValueError):
            pass  # either side went away, or has closed its stream


def _send_frame(stream: Any, data: bytes) -> None:
    size = bytes((len(data),)) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
    stream.write(b"\x82" + size + data)
    stream.flush()


def _read_frame(stream: Any) -> bytes:
    """The payload of one frame; nothing when the peer is gone or says good-bye."""
    head = stream.read(2)
    if len(head) < 2 or head[0] & 0x0F == 8:
        return b""
    size = head[1] & 0x7F
    if size >= 126:
        wide, form = (2, ">H") if size == 126 else (8, ">Q")
        size = struct.unpack(form, stream.read(wide))[0]
    mask = stream.read(4)
    data = stream.read(size)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data) ^ int.from_bytes(repeated)).to_bytes(size)


class FakeServer(LocalServer):
    """Answers what ``routes`` say, forwards ports of ``pods`` to local ports, and sends the frames of ``programs``."""

    def __init__(self, routes: Routes, port: int = 0) -> None:
        super().__init__(_Handler, port)
        self.routes = dict(routes)
        self.pods: dict[tuple[str, int], int] = {}
        self.programs: dict[tuple[str, ...], list[bytes]] = {}
        self.forward_status = 101
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.posted: list[Any] = []


@contextmanager
def running(server: _Server) -> Iterator[_Server]:
    """The server answers from a thread of its own until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def serving(routes: Routes) -> AbstractContextManager[FakeServer]:
    """A running server."""
    return running(FakeServer(routes))


def echoing() -> AbstractContextManager[int]:
    """A TCP server that sends back what it gets; yields its port."""

    def echo(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(65536):
                connection.sendall(data)

    return accepting(echo)


@contextmanager
def accepting(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server that handles each connection in a thread; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@contextmanager
def tunnelling(port: int) -> Iterator[tuple[str, list[str]]]:
    """An HTTP proxy that leads wherever it is asked to a local port; yields its address, and what it was asked."""
    asked: list[str] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        while data := _quietly(source):
            sink.sendall(data)
        sink.close()

    class Tunnel(StreamRequestHandler):
        rbufsize = 0

        def handle(self) -> None:
            head = iter(self.rfile.readline, b"\r\n")
            asked.append("".join(line.decode() for line in head))
            self.wfile.write(b"HTTP/1.1 200 go on\r\n\r\n")
            with socket.create_connection(("127.0.0.1", port)) as backend:
                threading.Thread(target=pump, args=(backend, self.connection), daemon=True).start()
                pump(self.connection, backend)

    with ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as proxy:
        proxy.daemon_threads, proxy.block_on_close = True, False
        threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{proxy.server_address[1]}", asked
        proxy.shutdown()


def _quietly(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except OSError:
        return b""


def kubeconfig(path: Path, port: int, context: str = "fake", **cluster: Any) -> Path:
    """Writes a kubeconfig for a server on a local port; ``cluster`` has other entries of its cluster."""
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": context,
                "clusters": [{"name": "fake", "cluster": {"server": f"http://127.0.0.1:{port}", **cluster}}],
                "users": [{"name": "reader", "user": {"token": "a-reader-token"}}],
                "contexts": [{"name": context, "context": {"cluster": "fake", "user": "reader"}}],
            }
        )
    )
    return path
