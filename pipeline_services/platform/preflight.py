"""What is looked at before work begins, so that it does not fail in the middle: room on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Final

from pipeline_services.platform.failures import PlatformError
from pipeline_services.platform.graph import COMPILE, Step
from pipeline_services.platform.paths import Cache

GIB: Final = 1 << 30
ROOM_TO_COMPILE: Final = 22 * GIB
ROOM_FOR_IMAGES: Final = 5 * GIB


def check(cache: Cache, todo: Sequence[Step]) -> None:
    """Hold the free disk against what the steps need.

    Raises:
        PlatformError: too little; says how much is there and how much is needed.
    """
    need = ROOM_TO_COMPILE if any(step.lane == COMPILE for step in todo) else ROOM_FOR_IMAGES
    cache.root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache.root).free
    if free < need:
        raise PlatformError(
            f"{free / GIB:.1f} GiB free where {cache.root} lies, {need / GIB:.0f} GiB needed",
            next_step="make room, or set XDG_CACHE_HOME to a folder on a bigger disk",
        )
