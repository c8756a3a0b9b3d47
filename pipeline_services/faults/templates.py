"""Faults of a workload's own pod template: the image, the command, a probe, what it asks for, where it may run.

The lists of a template are replaced whole, since a merge patch knows no other way, and so put back as they were.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pipeline_services.faults.model import Api, Fault, Proof, object_path, patched
from pipeline_services.model.component import Component
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import is_complete, is_observed, spec_of, template_of

Edit = Callable[[dict[str, Any], str], None]
"""Changes a pod's spec in place, of which the container with that name does the work."""
BACK_WITHIN: Final = 90.0
"""Seconds in which a workload whose template was put back has all its pods again."""


def edited(api: Api, part: Component, namespace: str, edit: Edit, *, summary: str) -> Fault:
    """The fault that changes a workload's pod template. It has landed once the controller works on it.

    Raises:
        PreconditionNotMet: the edit changes nothing.
    """
    path, name = object_path(part.list_name, part.workload, namespace), f"{part.list_name}/{part.workload}"
    old = spec_of(template_of(api.call("GET", path)))
    new = copy.deepcopy(dict(old))
    edit(new, part.container)
    changed = {key: new.get(key) for key in sorted({*old, *new}) if old.get(key) != new.get(key)}
    if not changed:
        raise PreconditionNotMet(f"the template of {part.workload} is like that already: {summary}")
    fault = patched(api, path, {"spec": {"template": {"spec": changed}}}, f"{name}: {summary}")
    return fault.proved(
        Proof(f"the controller to work on {name}", lambda: is_observed(api.call("GET", path))),
        Proof(f"every pod of {name} to be ready", lambda: is_complete(api.call("GET", path)), within=BACK_WITHIN),
    )


def image(tag: str) -> Edit:
    """Another tag of the same image."""

    def edit(pod: dict[str, Any], container: str) -> None:
        found = _container(pod, container)
        found["image"] = f"{found['image'].partition('@')[0].rpartition(':')[0] or found['image']}:{tag}"

    return edit


def command(words: Sequence[str]) -> Edit:
    """Another program in place of the container's own."""
    return lambda pod, container: _container(pod, container).update(command=list(words))


def probe(which: str, changes: Mapping[str, Any]) -> Edit:
    """Another ``readinessProbe`` (or ``startupProbe``, ``livenessProbe``): ``changes`` replace its fields."""

    def edit(pod: dict[str, Any], container: str) -> None:
        found = _container(pod, container)
        found[which] = {**found[which], **changes}

    return edit


def resources(requests: Mapping[str, str], limits: Mapping[str, str]) -> Edit:
    """Other requests and limits; those that are not named stay."""

    def edit(pod: dict[str, Any], container: str) -> None:
        known = _container(pod, container)["resources"]
        known["requests"] = {**known.get("requests", {}), **requests}
        known["limits"] = {**known.get("limits", {}), **limits}

    return edit


def environment_twice(name: str, first: str, second: str) -> Edit:
    """A variable that stands there twice: the later one counts."""

    def edit(pod: dict[str, Any], container: str) -> None:
        found = _container(pod, container)
        found["env"] = [*(found.get("env") or ()), *({"name": name, "value": value} for value in (first, second))]

    return edit


def without_request(resource: str) -> Edit:
    """No request for a resource, and no limit, which would be taken for one."""

    def edit(pod: dict[str, Any], container: str) -> None:
        known = _container(pod, container)["resources"]
        for kind in ("requests", "limits"):
            known[kind] = {key: amount for key, amount in known.get(kind, {}).items() if key != resource}

    return edit


def pod_fields(**fields: Any) -> Edit:
    """Other fields of the pod's own."""
    return lambda pod, _container: pod.update(fields)


def port_of_the_node(number: int) -> Edit:
    """The container's first port is reached on its node, too, under that number."""

    def edit(pod: dict[str, Any], container: str) -> None:
        first, *others = _container(pod, container)["ports"]
        _container(pod, container)["ports"] = [{**first, "hostPort": number}, *others]

    return edit


def waits_before(words: Sequence[str]) -> Edit:
    """One more program that has to end before the container starts, with the container's own image."""

    def edit(pod: dict[str, Any], container: str) -> None:
        image, shared = _container(pod, container)["image"], _container(pod, container).get("securityContext") or {}
        first = {"name": "wait", "image": image, "command": list(words), "securityContext": shared}
        pod["initContainers"] = [*(pod.get("initContainers") or ()), first]

    return edit


def node_selector(labels: Mapping[str, str]) -> Edit:
    """Only nodes with these labels will do."""
    return lambda pod, _container: pod.update(nodeSelector=dict(labels))


def volume_from_claim(volume: str, claim: str) -> Edit:
    """The volume of that name is a claim's."""

    def edit(pod: dict[str, Any], _container: str) -> None:
        wanted = {"name": volume, "persistentVolumeClaim": {"claimName": claim}}
        pod["volumes"] = [wanted if entry["name"] == volume else entry for entry in pod["volumes"]]

    return edit


def _container(pod: Mapping[str, Any], name: str) -> dict[str, Any]:
    for container in pod["containers"]:
        if container["name"] == name:
            found: dict[str, Any] = container
            return found
    raise PreconditionNotMet(f"the pod has no container {name}")
