"""What a deploy takes away stands in a file first, so that one command brings it back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import yaml

from pipeline_services.clients.kubernetes import Object
from pipeline_services.model.atomic import write_whole
from pipeline_services.model.k8s import as_new
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.text import file_time

FOLDER: Final = "removed"
KEPT: Final = 20
"""Files that are kept, the newest."""


def save(items: Sequence[Object], folder: Path) -> Path:
    """Write the objects as one list that ``kubectl create`` takes. Secrets may be among them: it is the owner's alone.

    Args:
        folder: where the files of all deploys are; it is made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{file_time(time.time())}.yaml"
    listed = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [{"apiVersion": KINDS[item["kind"]].api, **as_new(item)} for item in items],
    }
    write_whole(file, yaml.safe_dump(listed, sort_keys=False).encode(), 0o600)
    for old in sorted(folder.glob("*.yaml"))[:-KEPT]:
        old.unlink()
    return file
