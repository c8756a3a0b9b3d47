"""What is asked for byte by byte is read at once, and what is here already is known."""

from __future__ import annotations

import socket

from pipeline_services.clients.buffered_socket import BufferedSocket


def test_one_read_serves_many() -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"head\r\nand more")
        buffered = BufferedSocket(here)
        assert b"".join(buffered.recv(1) for _ in range(6)) == b"head\r\n"
        assert buffered.pending() == 8
        there.sendall(b", later")
        assert buffered.recv(100) == b"and more"
        assert (buffered.pending(), buffered.recv(100)) == (0, b", later")
        there.shutdown(socket.SHUT_WR)
        assert buffered.recv(1) == b""


def test_all_else_is_the_sockets_own() -> None:
    here, there = socket.socketpair()
    with here, there:
        buffered = BufferedSocket(here)
        buffered.settimeout(0.5)
        assert (here.gettimeout(), buffered.fileno()) == (0.5, here.fileno())
