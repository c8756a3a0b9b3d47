"""A socket that is read in large pieces, for those who ask it for one byte at a time."""

from __future__ import annotations

import socket
import ssl
from typing import Any, Final

_PIECE: Final = 64 << 10


class BufferedSocket:
    """A connected socket; all but reading is the socket's own.

    A websocket's handshake is read byte by byte. Of dozens at once each byte is a change of threads.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._held = b""
        self._read = 0

    def recv(self, size: int) -> bytes:
        """At most so many bytes; raises as the socket does. No byte at all is the end."""
        if self._read == len(self._held):
            self._held, self._read = self._socket.recv(_PIECE), 0
        piece = self._held[self._read : self._read + size]
        self._read += len(piece)
        return piece

    def pending(self) -> int:
        """The bytes that are here though the socket no longer shows as readable."""
        of_tls = self._socket.pending() if isinstance(self._socket, ssl.SSLSocket) else 0
        return len(self._held) - self._read + of_tls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)
