"""With which versions of its ConfigMaps and Secrets the pods of a workload were started, or read them again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.model.k8s import annotations_of, template_of
from pipeline_services.platform.deploy import render

READS: Final = "conveyor.io/reads"
"""Annotation of a pod template: the stamp of the versions that its pods were started with."""
READ_AGAIN: Final = "conveyor.io/read-again"
"""Annotation of a workload: the stamp of the versions that its running pods have read again, without a restart."""

Versions = Mapping[tuple[str, str], str]
"""The resource version of each ConfigMap and Secret, by kind and name."""


def stamp_of(workload: Mapping[str, Any], versions: Versions) -> str:
    """What tells the versions of all that the workload's pods read from any other. Pure."""
    known = {source: versions[source] for source in sorted(render.reads(workload)) if source in versions}
    text = json.dumps(sorted([*source, version] for source, version in known.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def started_with(live: Mapping[str, Any] | None, stamp: str) -> str:
    """The stamp for the template: that of the live one where its pods have read this version again. Pure."""
    if live is not None and annotations_of(live).get(READ_AGAIN) == stamp:
        return annotations_of(template_of(live)).get(READS, stamp)
    return stamp


def is_up_to_date(live: Mapping[str, Any], stamp: str) -> bool:
    """Whether the template's pods start, or have read again, what is there now. Pure."""
    return stamp in (annotations_of(template_of(live)).get(READS), annotations_of(live).get(READ_AGAIN))
