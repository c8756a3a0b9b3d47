"""What the containers of a pod, or of a template, are told: environment, arguments, files from ConfigMaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline_services.model.k8s.objects import K8sObject, spec_of
from pipeline_services.model.k8s.pods import Reference, containers_of, init_containers_of


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that a container is told, and where that stands.

    Attributes:
        name: of the variable, of the file, or empty for the command line.
        by: ``ConfigMap shop-config, KAFKA_BROKER``.
    """

    name: str
    value: str
    by: str


def data_of(config_map: K8sObject) -> Mapping[str, str]:
    """The values of a ConfigMap by their keys."""
    data: Mapping[str, str] = config_map.get("data") or {}
    return data


def volumes_of(pod: K8sObject) -> list[dict[str, Any]]:
    """The volumes of a pod or of a template."""
    volumes: list[dict[str, Any]] = spec_of(pod).get("volumes") or []
    return volumes


def ports_listened_on(container: K8sObject) -> dict[int, str]:
    """The ports that the container declares, each with its name, which may be empty."""
    return {int(one["containerPort"]): str(one.get("name") or "") for one in container.get("ports") or ()}


def command_line_of(container: K8sObject) -> str:
    """Command and arguments, one after the other."""
    return " ".join(str(word) for word in (*(container.get("command") or ()), *(container.get("args") or ())))


def mount_of(container: K8sObject, volume: str) -> str:
    """Where the container has the pod's volume of that name; empty where it has not."""
    mounts = container.get("volumeMounts") or ()
    return next((str(one["mountPath"]) for one in mounts if one["name"] == volume), "")


def claim_templates_of(stateful_set: K8sObject) -> list[str]:
    """The names of the claims that a StatefulSet makes for each of its pods."""
    templates = spec_of(stateful_set).get("volumeClaimTemplates") or ()
    return [str(one.get("metadata", {}).get("name") or "") for one in templates]


def variables_of(pod: K8sObject, config_maps: Mapping[str, Mapping[str, str]]) -> Iterator[Setting]:
    """The environment of its containers, as far as it is written in the pod or in ConfigMaps.

    Args:
        config_maps: their values, by name.
    """
    for container in (*init_containers_of(pod), *containers_of(pod)):
        for source in container.get("envFrom") or ():
            name, prefix = str((source.get("configMapRef") or {}).get("name") or ""), str(source.get("prefix") or "")
            for key, value in config_maps.get(name, {}).items():
                yield Setting(prefix + key, value, f"ConfigMap {name}, {key}")
        for one in container.get("env") or ():
            held = (one.get("valueFrom") or {}).get("configMapKeyRef")
            if held:
                values, key = config_maps.get(str(held["name"]), {}), str(held["key"])
                if key in values:
                    yield Setting(str(one["name"]), values[key], f"ConfigMap {held['name']}, {key}")
            elif "value" in one:
                yield Setting(str(one["name"]), str(one["value"]), f"env {one['name']} of {container['name']}")


def secret_variables_of(pod: K8sObject) -> Iterator[tuple[str, Reference]]:
    """The variables of its containers that come from a key of a Secret, with which it is."""
    for container in (*init_containers_of(pod), *containers_of(pod)):
        for one in container.get("env") or ():
            held = (one.get("valueFrom") or {}).get("secretKeyRef")
            if held:
                yield (
                    str(one["name"]),
                    Reference("Secret", str(held["name"]), str(held["key"]), bool(held.get("optional"))),
                )


def files_of(pod: K8sObject, config_maps: Mapping[str, Mapping[str, str]]) -> Iterator[Setting]:
    """The files that it mounts from ConfigMaps."""
    for volume in volumes_of(pod):
        sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
        for name in (str((one.get("configMap") or {}).get("name") or "") for one in sources):
            for key, value in config_maps.get(name, {}).items():
                yield Setting(key, value, f"ConfigMap {name}, {key}")


def command_lines_of(pod: K8sObject) -> Iterator[Setting]:
    """The command lines of its containers, where the pod says them."""
    for container in containers_of(pod):
        line = command_line_of(container)
        if line:
            yield Setting("", line, f"command of {container['name']}")
