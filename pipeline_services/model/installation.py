"""One life of a pipeline's namespace, until it or its cluster is deleted: a history belongs to one.

A cluster that is made again has the same context and the same namespace, and yet nothing of what was there before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.model.k8s import created_at, uid_of

UID: Final = "namespace_uid"
"""What a line of a history has it under; the lines of older suites have none."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Whose past a line of a history may be.

    Attributes:
        uid: of the namespace, which no two namespaces share, be it in two clusters; empty where it is not known.
        since: when the namespace was made (epoch seconds); infinite where it is not known.
    """

    context: str = ""
    namespace: str = ""
    uid: str = ""
    since: float = math.inf

    @classmethod
    def of(cls, context: str, name: str, namespace: Mapping[str, Any] | None) -> Installation:
        """That of a Namespace as the API server has it; None: the account may not read it."""
        if namespace is None:
            return cls(context, name)
        return cls(context, name, uid_of(namespace), created_at(namespace))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Installation:
        """What ``document`` wrote."""
        since = document.get("since")
        known = math.inf if since is None else float(since)
        return cls(str(document["context"]), str(document["namespace"]), str(document[UID]), known)

    def document(self) -> dict[str, Any]:
        """For a line of a history, or a report."""
        since = self.since if math.isfinite(self.since) else None
        return {"context": self.context, "namespace": self.namespace, UID: self.uid, "since": since}

    def has(self, line: Mapping[str, Any], at: float) -> bool:
        """Whether a line of a history, written at that time (epoch seconds), is about this installation.

        Where the line, or this, has no UID, it is by the names, as far as the line has them, and where it is not older
        than the namespace.
        """
        known = line.get(UID)
        if known and self.uid:
            return bool(known == self.uid)
        names = {"context": self.context, "namespace": self.namespace}
        return at >= self.since and all(line.get(key, name) == name for key, name in names.items())
