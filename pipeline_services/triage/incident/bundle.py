"""The evidence bundle: one bounded archive for the next level, made of the redacted snapshot alone."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Sequence
from typing import Final

from pipeline_services.model.atomic import json_text
from pipeline_services.model.text import file_time
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.incident.describe import described, events_text, logs
from pipeline_services.triage.model import Diagnosis, Finding

LARGEST: Final = 5 << 20
LEFT_OUT: Final = "LEFT-OUT.txt"
Member = tuple[str, str]


def file_name(at: float) -> str:
    """``evidence-<UTC time>.tar.gz``."""
    return f"evidence-{file_time(at)}.tar.gz"


def members(snapshot: Snapshot, diagnosis: Diagnosis, findings: Sequence[Finding], incident: str) -> list[Member]:
    """Path in the archive and text, the most important first."""
    return [
        ("incident.md", incident),
        ("triage.json", json_text(diagnosis.to_dict())),
        *((f"objects/{name}", text) for name, text in described(snapshot, findings).items()),
        *((f"logs/{name}", text) for name, text in logs(snapshot)),
        ("events.txt", events_text(snapshot)),
        ("snapshot.json", snapshot.to_json()),
    ]


def packed(parts: Sequence[Member], at: float, largest: int = LARGEST) -> bytes:
    """The archive in at most ``largest`` bytes: what does not fit is left out, the least important first, and named."""
    kept = list(parts)
    left: list[str] = []
    while True:
        note = [(LEFT_OUT, f"The archive may have {largest} bytes. Left out: {', '.join(left)}\n")] if left else []
        archive = _archive([*kept, *note], at)
        if len(archive) <= largest or len(kept) <= 1:
            return archive
        left.append(kept.pop()[0])


def _archive(parts: Sequence[Member], at: float) -> bytes:
    """The same parts always give the same bytes; no owner's name is in it."""
    folder = file_name(at).removesuffix(".tar.gz")
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for path, text in parts:
            content = text.encode()
            entry = tarfile.TarInfo(f"{folder}/{path}")
            entry.size, entry.mtime, entry.mode = len(content), int(at), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), 6, mtime=int(at))
