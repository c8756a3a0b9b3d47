"""What a pipeline stands on and does not bring along: the cluster's own parts, in the system's namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LEASE: Final = "Lease"
COREFILE: Final = "Corefile"
"""The key of a DNS server's ConfigMap with what it answers."""
KINDS_OF_PARTS: Final = ("Deployment", "DaemonSet", LEASE)


@dataclass(frozen=True, slots=True)
class ClusterPart:
    """A part of the cluster itself, known by the name of its object.

    Attributes:
        kind: of that object. A Lease is renewed every few seconds by the program of its name, as long as that works.
        component: the one that findings about it name.
        does: what it does for pods, in words.
        impact: what a finding about it means.
        config_map: that of a DNS server, which holds its Corefile; empty: it has none.
        zone: the zone whose names that server answers.
        manifest: the file of this checkout that declares its object, of a DNS server its Corefile; empty: others do.
    """

    kind: str
    component: str
    does: str
    impact: str
    config_map: str = ""
    zone: str = "cluster.local"
    manifest: str = ""


def declared_here(parts: Mapping[str, ClusterPart]) -> dict[str, str]:
    """Name of each part that this checkout declares to the component that findings about it name."""
    return {name: part.component for name, part in parts.items() if part.manifest}
