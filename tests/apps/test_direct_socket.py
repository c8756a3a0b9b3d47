"""A connection with a refusal in its error queue is ready for ever; one that has forgotten it is not."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from kafka.net.inet import KafkaNetSocket

from pipeline_services.apps.direct_socket import forget_errors
from pipeline_services.apps.kafka_link import COMMON
from pipeline_services.model.waiting import wait_until

IP_RECVERR = 11


@pytest.fixture
def refused() -> Iterator[socket.socket]:
    """A socket whose packet was answered with an ICMP error that nobody has read from its queue."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = taken.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.setblocking(False)
        found.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        found.connect(nobody)
        found.send(b"anybody?")
        wait_until(lambda: events(found), within=2.0, what="the refusal", every=0.01)
        with suppress(ConnectionRefusedError):
            found.recv(1)  # told once; in the queue it stays
        yield found


def events(sock: socket.socket) -> list[tuple[int, int]]:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return poll.poll(0)


def test_a_refusal_in_the_queue_makes_it_ready_though_there_is_nothing_to_read(refused: socket.socket) -> None:
    for _ in range(3):
        assert [what & select.POLLERR for _, what in events(refused)] == [select.POLLERR]
        with pytest.raises(BlockingIOError):
            refused.recv(1)


def test_forgotten_it_is_at_rest(refused: socket.socket) -> None:
    forget_errors(refused)
    assert events(refused) == []


def test_the_apps_connections_forget(refused: socket.socket) -> None:
    connecting = KafkaNetSocket(COMMON["proxy_url"])
    assert connecting.connect_ex(refused, refused.getpeername()) == 0
    assert events(refused) == []


def test_without_a_proxy_url_they_would_not(refused: socket.socket) -> None:
    assert KafkaNetSocket(None).connect_ex(refused, refused.getpeername()) == 0
    assert events(refused) != []


def test_other_kinds_of_sockets_are_left_alone() -> None:
    one, other = socket.socketpair()
    with one, other:
        forget_errors(one)
