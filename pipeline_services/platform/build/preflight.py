"""What is looked at before work begins, so that it does not fail in the middle: room on the disk, the registry."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Final

from pipeline_services.clients import shell
from pipeline_services.model.failures import PlatformError
from pipeline_services.platform.build import toolchains
from pipeline_services.platform.build.compile import Workshop
from pipeline_services.platform.build.graph import COMPILE, Step

GIB: Final = 1 << 30
ROOM_TO_COMPILE: Final = 24
ROOM_FOR_IMAGES: Final = 6
ANSWER_WITHIN: Final = 15.0
CHECK_NETWORK: Final = "check the network and the proxy settings, then run the same command again"


def check(workshop: Workshop, todo: Sequence[Step]) -> None:
    """Hold what the steps need against what is there.

    Raises:
        PlatformError: too little room on the disk, or a registry that does not answer.
    """
    check_disk(workshop, todo)
    if any(step.name.endswith("-modules") for step in todo):
        check_module_proxy(workshop)


def check_disk(workshop: Workshop, todo: Sequence[Step]) -> None:
    """Hold the free disk against the need.

    Raises:
        PlatformError: too little; says how much is there and how much is needed.
    """
    need = ROOM_TO_COMPILE if any(step.lane == COMPILE for step in todo) else ROOM_FOR_IMAGES
    folder = workshop.cache.build
    free = shutil.disk_usage(folder).free / GIB
    if free < need:
        raise PlatformError(
            f"{free:.1f} GiB are free where {folder} lies, {need} GiB are needed",
            next_step="make room, or set XDG_CACHE_HOME to a folder on a bigger disk",
        )


def check_module_proxy(workshop: Workshop) -> None:
    """Ask the Go module proxy that this machine is set up for; any answer will do.

    Raises:
        PlatformError: none came.
    """
    program = toolchains.go_program(workshop.cache, workshop.versions)
    if program is None:  # our own Go is still to be installed, and that asks another registry first
        return
    proxies = shell.run([program, "env", "GOPROXY"]).strip().replace("|", ",").split(",")
    addresses = [proxy for proxy in proxies if proxy.startswith("http")]
    for address in addresses:
        if not _answers(address):
            raise PlatformError(f"the Go module proxy {address} does not answer", next_step=CHECK_NETWORK)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=ANSWER_WITHIN):
            return True
    except urllib.error.HTTPError:
        return True  # an answer, if an unkind one
    except OSError:
        return False
