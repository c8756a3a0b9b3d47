"""Kept backups: a folder each, with a manifest of what is in it, that is whole or is not there.

An archive holds tokens and passwords: the folders are readable by their owner alone.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from pipeline_services.model.atomic import write_whole
from pipeline_services.model.errors import NoData, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.text import file_time

MANIFEST: Final = "archive.json"
DRAFT: Final = ".draft"
KEPT: Final = 7
"""Archives that are kept; an eighth deletes the oldest."""


@dataclass(frozen=True, slots=True)
class FileFact:
    """A file of an archive as it was written: bytes, and SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in an archive.

    Attributes:
        at: when it was taken; seconds since the epoch.
        source: of what: cluster and namespace.
        files: by path within the archive.
        facts: what each part says of itself, such as the prints of InfluxDB's buckets; JSON.
    """

    at: float
    source: str
    files: Mapping[str, FileFact] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(fact.size for fact in self.files.values())


@dataclass(frozen=True, slots=True)
class Archive:
    """A kept backup."""

    folder: Path
    manifest: Manifest


def flaws(manifest: Manifest, found: Mapping[str, FileFact]) -> list[str]:
    """What is wrong with an archive's files, a line each. Pure."""
    lines = []
    for name, fact in sorted(manifest.files.items()):
        there = found.get(name)
        if there is None:
            lines.append(f"the file {name} is missing")
        elif there.size < fact.size:
            lines.append(f"the file {name} is truncated: {there.size} of {fact.size} bytes")
        elif there != fact:
            lines.append(f"the file {name} is not what was written")
    return lines + [f"the file {name} does not belong to it" for name in sorted(found.keys() - manifest.files.keys())]


class Archives:
    """All archives of one cluster, in ``root``, oldest first: their names are the times that they were taken at."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> list[str]:
        """Of those that are whole: the manifest is written last."""
        return sorted(one.parent.name for one in self.root.glob(f"*/{MANIFEST}") if not one.parent.name.startswith("."))

    def to_choose(self) -> str:
        """What to type for a restore: with the archives that there are, the newest first."""
        names = ", ".join(reversed(self.names()))
        return (
            f"make restore FROM={self.root}/<{names}>"
            if names
            else f"there is no archive in {self.root}: make backup writes one"
        )

    def last(self) -> Archive | None:
        """The newest; None where there is none."""
        names = self.names()
        return opened(self.root / names[-1]) if names else None

    @contextmanager
    def new(self, at: float) -> Iterator[Path]:
        """A folder to write an archive into; it gets its name when the block ends well, and is deleted when not.

        What a killed run left is deleted, too: it holds tokens. No other run is at work, since the cluster is locked.

        Raises:
            PreconditionNotMet: there is one of that second.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = self.root / file_time(at)
        if target.exists():
            raise PreconditionNotMet(f"there is an archive {target} already", next_step="the same command again")
        for left in self.root.glob(f"{DRAFT}*"):
            shutil.rmtree(left)
        draft = self.root / DRAFT
        draft.mkdir(mode=0o700)
        try:
            yield draft
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def rotate(self) -> list[str]:
        """Delete all but the newest ``KEPT``; returns the names of those deleted."""
        gone = self.names()[:-KEPT]
        for name in gone:
            shutil.rmtree(self.root / name)
        return gone


def closed(folder: Path, at: float, source: str, facts: Mapping[str, Any]) -> Archive:
    """The archive of all that lies in a folder now, with its manifest written."""
    manifest = Manifest(at, source, facts_of(folder), facts)
    write_whole(folder / MANIFEST, json.dumps(asdict(manifest)).encode(), 0o600)
    return Archive(folder, manifest)


def opened(folder: Path) -> Archive:
    """The archive in a folder; its files are not looked at.

    Raises:
        NoData: there is none.
        UnexpectedAnswer: its manifest cannot be read.
    """
    try:
        raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {name: FileFact(**fact) for name, fact in raw.pop("files").items()}
        return Archive(folder, Manifest(**raw, files=files))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoData(f"there is no archive in {folder}: it has no {MANIFEST}") from error
    except OSError as error:
        raise NoData(f"the archive {folder} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UnexpectedAnswer(f"the manifest of {folder} cannot be read: {error}") from error


def require_whole(archive: Archive) -> None:
    """Every file is as it was written. Raises UnexpectedAnswer where it is not; every flaw is named."""
    found = flaws(archive.manifest, facts_of(archive.folder))
    if found:
        raise UnexpectedAnswer(f"the archive {archive.folder} is damaged: {'; '.join(found)}")


def facts_of(folder: Path) -> dict[str, FileFact]:
    """Size and hash of each file below a folder, by path within it; the manifest is left out."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file != folder / MANIFEST)
    return {str(file.relative_to(folder)): _fact(file) for file in files}


def _fact(path: Path) -> FileFact:
    with path.open("rb") as file:
        return FileFact(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
