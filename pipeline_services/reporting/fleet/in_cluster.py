"""A fleet in a cluster: manifests/fleet with its pipelines, for each an index of the Job and a RoleBinding. Pure."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import labels_of, name_of, spec_of
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.reporting.fleet.members import Fleet, Member

MANIFESTS: Final = REPOSITORY / "manifests" / "fleet"
NAMESPACE: Final = "conveyor-fleet"
JOB: Final = "fleet"
READER: Final = "fleet-reader"
CONTEXT: Final = "in-cluster"
KUBECONFIG: Final = "kubeconfig"
"""The context and the file that a pod has of the cluster that it is in."""
_MOST_BYTES: Final = 1_000_000
"""What a ConfigMap may hold, with room for its own fields."""

Manifest = dict[str, Any]


def objects_of(fleet: Fleet, manifests: Sequence[Manifest]) -> list[Manifest]:
    """The manifests of the folder, made to judge this fleet.

    Raises:
        PreconditionNotMet: a pipeline is in another cluster, or its profile or settings cannot be read, or all of them
            are too large for one ConfigMap.
    """
    found = [copy.deepcopy(one) for one in manifests]
    data = _one(found, "ConfigMap", JOB)["data"]
    files = _Files()
    data["fleet.toml"] = "\n".join(_table(fleet, member, files) for member in fleet.members)
    data |= files.texts
    if sum(len(text.encode()) for text in data.values()) > _MOST_BYTES:
        raise PreconditionNotMet("the profiles of the fleet are larger than the 1 MB that a ConfigMap holds")
    job = _one(found, "Job", JOB)
    job["spec"] = {**spec_of(job), "completions": len(fleet.members)}
    _open(_one(found, "NetworkPolicy", JOB), fleet)
    [template] = [one for one in found if one["kind"] == "RoleBinding" and name_of(one) == READER]
    found.remove(template)
    spaces = dict.fromkeys(_namespace(fleet, member) for member in fleet.members)
    return [*found, *(_bound(template, space) for space in spaces)]


def _open(policy: Manifest, fleet: Fleet) -> None:
    """Let the pods out to the brokers outside the cluster: only the ports of their addresses are known here."""
    parts = [part for member in fleet.members for part in fleet.profile(member).components.values()]
    ports = sorted({int(address.rpartition(":")[2]) for part in parts for address in part.addresses})
    if ports:
        egress = spec_of(policy)["egress"]
        to, open_ = [{"ipBlock": {"cidr": "0.0.0.0/0"}}], [{"protocol": "TCP", "port": port} for port in ports]
        policy["spec"] = {**spec_of(policy), "egress": [*egress, {"to": to, "ports": open_}]}


class _Files:
    """The files that the pipelines name, each once, under a name of its own in the ConfigMap."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._names: dict[Path, str] = {}

    def name_of(self, path: Path | None) -> str:
        """The name of a file there; that of a profile that is shipped with the suite stays."""
        if path is None or (not path.suffix and not path.exists()):
            return path.name if path else ""
        if path not in self._names:
            name = f"{len(self._names)}-{path.name}"
            try:
                self.texts[name] = path.read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                raise PreconditionNotMet(f"cannot read {path}: {error}") from error
            self._names[path] = name
        return self._names[path]


def _table(fleet: Fleet, member: Member, files: _Files) -> str:
    _require_here(member)
    values = {
        "name": member.name,
        "context": CONTEXT,
        "kubeconfig": KUBECONFIG,
        "namespace": _namespace(fleet, member),
        "pipeline": files.name_of(fleet.path(member.pipeline)),
        "settings": files.name_of(fleet.path(member.settings)),
    }
    return "\n".join(["[[pipelines]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items() if value), ""])


def _require_here(member: Member) -> None:
    if member.snapshot:
        raise PreconditionNotMet(f"pipelines: {member.name} is a snapshot: a Job in a cluster judges what runs there")
    if member.context not in ("", CONTEXT) or member.kubeconfig not in ("", KUBECONFIG):
        raise PreconditionNotMet(
            f"pipelines: {member.name} has a cluster of its own: a Job judges the cluster that it runs in",
            next_step="make fleet FLEET=FILE judges pipelines of several clusters from outside",
        )


def _namespace(fleet: Fleet, member: Member) -> str:
    return member.namespace or fleet.profile(member).namespace


def _one(manifests: Sequence[Manifest], kind: str, name: str) -> Manifest:
    return next(one for one in manifests if one["kind"] == kind and name_of(one) == name)


def _bound(template: Mapping[str, Any], namespace: str) -> Manifest:
    metadata = {"name": name_of(template), "namespace": namespace, "labels": labels_of(template)}
    return {**template, "metadata": metadata}
