"""The suite's own kind cluster: its name, its context, and the marks that the suite leaves in it."""

from __future__ import annotations

from typing import Final

SYSTEM_NAMESPACE: Final = "kube-system"
NODE_LEASES: Final = "kube-node-lease"
"""The namespace in which every kubelet renews the Lease of its node."""
CLUSTER: Final = "conveyor"
CONTEXT: Final = "kind-conveyor"
READER_ACCOUNT: Final = "daily-reader"
BACKUP_TESTED: Final = "conveyor.io/backup-tested"
"""Annotation of a volume claim: when a backup of it was last restored, and what it lacked (JSON)."""
ROTATED: Final = "conveyor.io/rotated-"
"""Annotation of InfluxDB's volume claim, with ``tokens`` or ``tls`` at its end: when these were last rotated, how long
nothing was stored meanwhile, and what was lost (JSON)."""

IMAGES_PREFIX: Final = "localhost/conveyor/"
"""What the name of each image begins with that the suite builds."""
IMAGES_LABEL: Final = "conveyor.io/images"
UPSTREAM_IMAGES: Final = "registry"
"""Label of the pipeline's namespace, and its value where the projects' own images run."""

PUBLIC: Final = frozenset({SYSTEM_NAMESPACE, CLUSTER, CONTEXT, READER_ACCOUNT})
"""Names that are no secret, whatever Secret holds the same word."""
