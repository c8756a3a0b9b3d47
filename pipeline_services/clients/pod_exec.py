"""A program in a running container, as ``kubectl exec`` starts it: what it wrote, and whether it ended well."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from websocket import ABNF, WebSocketException

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import websocket_to
from pipeline_services.clients.refusals import quoted
from pipeline_services.model.errors import ServiceUnreachable, UnexpectedAnswer

STDOUT: Final = 1
STDERR: Final = 2
STATUS: Final = 3


def output_of(cluster: Cluster, pod: str, container: str, words: Sequence[str]) -> bytes:
    """What a program writes to its standard output in a container.

    Raises:
        AccessDenied: the account may not start programs.
        ServiceUnreachable: the pod is gone, its node does not answer, or the program says nothing for too long.
        UnexpectedAnswer: it cannot be started, or ends with an error.
    """
    query = [("container", container), ("stdout", "true"), ("stderr", "true"), *(("command", word) for word in words)]
    remote = websocket_to(cluster, pod, "exec", query)
    try:
        said = _received(remote)
    except (WebSocketException, OSError) as error:
        raise ServiceUnreachable(f"{words[0]} in {pod} was broken off: {quoted(error)}") from error
    finally:
        remote.shutdown()
    failure = failure_in(said.get(STATUS, b""))
    if failure:
        raise UnexpectedAnswer(
            f"{words[0]} in {pod}: {failure}: {quoted(said.get(STDERR, b'').decode(errors='replace'))}"
        )
    return said.get(STDOUT, b"")


def failure_in(status: bytes) -> str:
    """Why the program did not end well, from the status that the kubelet sends at the end; empty where it did."""
    try:
        known = json.loads(status)
        return "" if known["status"] == "Success" else str(known.get("message") or known["status"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"it did not come to its end ({status[:100]!r})"


def _received(remote: Any) -> dict[int, bytes]:
    """By channel all that came until the other side closed."""
    said: dict[int, bytes] = {}
    while True:
        opcode, frame = remote.recv_data_frame(True)
        if opcode == ABNF.OPCODE_CLOSE:
            return said
        if opcode == ABNF.OPCODE_BINARY and frame.data:
            said[frame.data[0]] = said.get(frame.data[0], b"") + frame.data[1:]
