"""Tells a registry that does not answer from everything else that can go wrong in a build."""

from __future__ import annotations

import re
from typing import Final

from pipeline_services.clients import shell
from pipeline_services.model.failures import CommandFailed
from pipeline_services.platform.build.graph import FETCH

NEXT_STEP: Final = "check the network and the proxy settings, then run the same command: it goes on from there"

# The words of Go, pip, Maven, Cargo, apt and curl for "no answer".
SIGNS: Final = re.compile(
    r"dial tcp|i/o timeout|TLS handshake timeout|no such host|server misbehaving"
    r"|Could not resolve|Temporary failure|Name or service not known|Could not connect|Unable to connect"
    r"|Connection (?:refused|timed out|reset)|Network is unreachable|Failed to establish a new connection"
    r"|Max retries exceeded|Read timed out|ReadTimeoutError|Could not transfer artifact|Failed to fetch"
    r"|spurious network error|failed to download from",
    re.IGNORECASE,
)
LONGEST: Final = 160


def silence(error: CommandFailed, lane: str) -> str:
    """The line that shows that a registry did not answer; empty when that is not what went wrong."""
    lines = [line.strip() for line in error.tail.splitlines() if SIGNS.search(line)]
    if lines:
        return lines[-1][:LONGEST]
    return error.message if lane == FETCH and error.code == shell.TOO_LONG else ""
