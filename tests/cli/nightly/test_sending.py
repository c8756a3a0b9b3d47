"""A receiver that never ends its answer holds nothing up."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from pipeline_services.clients import notifications


def test_a_receiver_that_never_ends_its_answer_took_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "SEND_WITHIN_S", 1.0)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            client, _ = server.accept()
            client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not over.wait(0.1):
                client.sendall(b"a")
            client.close()

        dripping = threading.Thread(target=drip)
        dripping.start()
        [receiver] = notifications.Receiver.of(f"json://127.0.0.1:{server.getsockname()[1]}/")
        began = time.monotonic()
        assert not receiver.send("title", "body")
        assert time.monotonic() - began < 20
        over.set()
        dripping.join()
