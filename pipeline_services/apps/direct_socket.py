"""Connections to Kafka that forget what was refused while they were made.

A policy that rejects a connection answers its first packet with an ICMP error. Where that comes while the kernel is at
work on the socket, it goes on trying, and once the policy is gone the connection stands with the refusal still in its
error queue. To ``epoll`` such a socket is ready for ever, and the client, which never reads that queue, asks again
without a pause: one of two cores, until the connection is lost. After the connection is made none can come.
"""

from __future__ import annotations

import socket
from typing import Any, Final

from kafka.net.inet import KafkaNetSocket

SCHEME: Final = "direct"
DIRECT: Final = f"{SCHEME}://"
"""The ``proxy_url`` that selects these connections: no proxy, the broker's own address."""
# Linux: taking the option away empties the queue. The socket module has no names for them.
_RECVERR: Final = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}


class _DirectSocket(KafkaNetSocket):  # type: ignore[misc]
    SCHEMES = (SCHEME,)

    def connect_ex(self, sock: socket.socket, sockaddr: Any) -> int:
        outcome = int(super().connect_ex(sock, sockaddr))
        forget_errors(sock)
        return outcome


def forget_errors(sock: socket.socket) -> None:
    """Empty the socket's error queue; what an operation on it returns is not touched.

    Raises:
        OSError: the socket is closed.
    """
    option = _RECVERR.get(socket.AddressFamily(sock.family))
    if option is not None:
        sock.setsockopt(*option, 0)
