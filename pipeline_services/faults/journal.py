"""What the suite has changed in a cluster and not yet put back, on disk before the change is made.

One file per fault, readable by its owner alone (an undo may hold a secret's value). The folder belongs to the cluster,
not to the checkout, so that every clone on the machine sees what any run left behind.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline_services.model import own_cluster
from pipeline_services.model.atomic import write_whole
from pipeline_services.model.errors import readable
from pipeline_services.model.settings import own_kubeconfig


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API server; ``body`` is JSON, ``content_type`` says which kind of patch it is."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    content_type: str = "application/json"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def is_within(self, namespace: str) -> bool:
        """Whether it is about something in the namespace, or the namespace itself."""
        return ("namespaces", namespace) in pairwise(urlsplit(self.path).path.split("/"))


@dataclass(frozen=True, slots=True)
class Command:
    """A program run as root on the node, which is how the suite's own cluster is reached below Kubernetes.

    ``what`` says in words what it does. ``namespace`` is that of the container in which it changes something, and
    nothing outside that; empty: it changes the node.
    """

    words: list[str]
    what: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        return f"on the node: {self.what or ' '.join(self.words)}"

    def is_within(self, namespace: str) -> bool:
        """As ``Call.is_within``."""
        return self.namespace == namespace


Step = Call | Command


@dataclass(frozen=True, slots=True)
class Entry:
    """A fault in force: who made it, until when it may last (seconds since the epoch), and how it is undone.

    ``cluster`` is the UID of the cluster it was made in: a new cluster of the same name has nothing to undo.
    """

    id: str
    run: str
    pid: int
    summary: str
    injected_at: float
    expires_at: float
    undo: list[Step] = field(default_factory=list)
    cluster: str = ""

    def is_within(self, namespace: str) -> bool:
        """Whether nothing outside the namespace has to be undone, so that it ends with the namespace."""
        return bool(self.undo) and all(one.is_within(namespace) for one in self.undo)

    @property
    def is_expired(self) -> bool:
        """Whether its time is up, so that whoever comes undoes it, even if its owner still runs: it hangs."""
        return time.time() >= self.expires_at

    @property
    def is_abandoned(self) -> bool:
        """Whether its owner does not undo it any more: that has ended, or the time is up."""
        return self.is_expired or not self.owner_alive

    @property
    def owner_alive(self) -> bool:
        """Whether the process that made this entry still runs: no zombie, and no younger process of the same number."""
        import psutil  # noqa: PLC0415 - an empty journal does not need it

        try:
            owner = psutil.Process(self.pid)
            ended = owner.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
            return not ended and owner.create_time() <= self.injected_at + 1
        except psutil.NoSuchProcess:
            return False


class Journal:
    """The faults in force on one cluster, one file each in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, entry: Entry) -> None:
        """Record ``entry`` durably: it is on disk, whole, when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self._file(entry.id), json.dumps(asdict(entry)).encode(), 0o600)

    def remove(self, entry_id: str) -> None:
        """Forget a fault that is undone."""
        self._file(entry_id).unlink(missing_ok=True)

    def forget(self, namespace: str) -> list[Entry]:
        """Forget the faults that ended with a namespace that is deleted; returns them, oldest first.

        Raises:
            UnexpectedAnswer: as ``entries``.
        """
        ended = [entry for entry in self.entries() if entry.is_within(namespace)]
        for entry in ended:
            self.remove(entry.id)
        return ended

    def holds(self, entry_id: str) -> bool:
        """Whether a fault is in force: nobody has undone it."""
        return self._file(entry_id).exists()

    def entries(self) -> list[Entry]:
        """The faults in force, oldest first.

        Raises:
            UnexpectedAnswer: a file cannot be read as an entry; it is named, for a person to look at.
        """
        return sorted(self._read(), key=lambda entry: entry.injected_at)

    def _read(self) -> Iterator[Entry]:
        for file in self.folder.glob("*.json"):
            with readable(f"the fault journal's {file}", next_step="undo by hand what it names, then delete it"):
                raw = json.loads(file.read_text())
                undo = [Command(**step) if "words" in step else Call(**step) for step in raw.pop("undo")]
                yield Entry(**raw, undo=undo)

    def _file(self, entry_id: str) -> Path:
        return self.folder / f"{entry_id}.json"


def own_journal(cluster: str = own_cluster.CLUSTER) -> Journal:
    """The journal of the suite's own cluster, whether that is there or not."""
    return Journal(own_kubeconfig(cluster).parent / "journal")
