"""What the registries offer beyond what is pinned, asked through the programs and settings that the build uses.

Go's proxy, the Maven repository, pip's index and Debian's archive are whichever the machine is set up for.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from packaging.version import InvalidVersion, Version

from pipeline_services.clients import engine, shell
from pipeline_services.clients.engine import Engine
from pipeline_services.model import own_cluster, paths
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.failures import CommandFailed, PlatformError, ToolMissing
from pipeline_services.model.paths import Cache
from pipeline_services.model.text import one_line
from pipeline_services.platform.build import origin, toolchains, upstream, versions
from pipeline_services.platform.build.assembly import Assembly
from pipeline_services.platform.build.versions import Component, Versions

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "kafka": ("kafka", "jmx-agent", "log4j"),
    "influxdb": ("influxdb", "influx-cli"),
    "prometheus": ("prometheus",),
    "grafana": ("grafana",),
    "loki": ("loki",),
    "log-shipper": ("log-shipper",),
}
"""Image to the components of versions.toml that run in it."""
CLUSTER: Final = ("kubernetes", "etcd", "coredns", "kube-router", "metrics-server", "local-path-provisioner")
"""The components of versions.toml that the cluster itself is made of."""
INSIDE_NODE: Final = ("etcd", "coredns")
"""Those of them that kind's own node brings in versions of its own."""
APPS: Final = "apps"
"""The image whose parts are Python packages, pinned in its requirements.lock."""
GET: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get"
WITHIN_S: Final = 120.0
AT_ONCE: Final = 3
UPDATES: Final = "timeout 100 apt-get -qq update >/dev/null && apt-get -qq --simulate upgrade"
_INSTALLS: Final = re.compile(r"^Inst (\S+) \[(\S+)\] \((\S+) ", re.MULTILINE)
_PIN: Final = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
_WANTED: Final = re.compile(r"^([\w-]+)", re.MULTILINE)


def offered_here() -> dict[str, Any]:
    """``offered`` for this checkout on this machine.

    Raises:
        PreconditionNotMet: there is no container engine.
        PipelineError: the pinned versions cannot be read.
    """
    cache = Cache(paths.cache_root())
    present = engine.present(cache)
    if present is None:
        raise PreconditionNotMet("there is no container engine here, and so no image to ask about")
    chosen = origin.known(cache.origin(own_cluster.CLUSTER)) or origin.FROM_PACKAGES
    return offered(Assembly.of(cache, versions.load(), present, chosen))


def offered(assembly: Assembly) -> dict[str, Any]:
    """What runs, what is pinned of it, and what there is beyond that.

    ``images`` has by short name the full name as this checkout makes it, the ``source`` that it was pulled from (empty:
    it is built), its parts, and the ``updates``: of its Debian packages, or that its project has built it anew;
    ``cluster`` the parts of the cluster itself. ``parts`` has by name what is ``pinned``, the newest ``patch`` of that
    release line, and the ``newest`` of all. What could not be asked has an ``error`` in place of that. Each image is
    run once, to ask its apt, or pulled again.
    """
    names = (*PARTS, APPS)
    refs = {name: assembly.ref(name) for name in names}
    asked = _parts(assembly.cache, assembly.workshop.versions)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        updates = pool.map(lambda name: _known(lambda: {"updates": _updates(assembly, name)}), names)
        parts = dict(zip(asked, pool.map(_known, asked.values()), strict=True))
        images = {
            name: {
                "ref": refs[name],
                "source": _source(assembly, name),
                "parts": list(PARTS.get(name, _python_pins())),
                **update,
            }
            for name, update in zip(names, updates, strict=True)
        }
    inside = INSIDE_NODE if assembly.origin.is_registry else ()
    return {"images": images, "cluster": [name for name in CLUSTER if name not in inside], "parts": parts}


def compared(pinned: str, offers: Iterable[str], release: str = "") -> dict[str, str]:
    """What of the offers is newer than what is pinned: the newest ``patch`` of its release line, the ``newest`` of all.

    Pre-releases do not count.

    Args:
        release: the pinned version as the offers write it; by default ``pinned``.

    Raises:
        PlatformError: the offers have no release of that line, so there is nothing to compare with.
    """
    mine = Version(release or pinned)
    known = [version for text in offers if (version := _version(text)) and not version.is_prerelease]
    line = [version for version in known if version.release[:2] == mine.release[:2]]
    if not line:
        newest = f"; the newest that it has is {max(known)}" if known else ""
        raise PlatformError(f"the registry has no release of the line of {pinned}{newest}")
    return {
        "pinned": pinned,
        "patch": str(max(line)) if max(line) > mine else "",
        "newest": str(max(known)) if max(known) > mine else "",
    }


def release_of(component: Component) -> str:
    """The pinned release as the module's tags write it.

    Raises:
        PlatformError: the module's tags are not its releases.
    """
    if not component.module_version:
        return component.version
    major, minor, patch = component.version.split(".")
    if not component.module_version.startswith(f"v0.{major}{minor.zfill(2)}."):
        raise PlatformError(f"the tags of {component.module} are not its releases")
    return f"0.{major}{minor.zfill(2)}.{patch}"


def updates_in(answer: str) -> list[str]:
    """What ``apt-get --simulate upgrade`` would install: ``openssl 3.0.15-1 -> 3.0.17-1``."""
    return [f"{name} {old} -> {new}" for name, old, new in _INSTALLS.findall(answer)]


def versions_in(metadata: str) -> list[str]:
    """The versions that a maven-metadata.xml lists."""
    return [found.text or "" for found in ElementTree.fromstring(metadata).iter("version")]


def _parts(cache: Cache, versions: Versions) -> dict[str, Callable[[], dict[str, str]]]:
    """By name how each part is asked for."""
    found: dict[str, Callable[[], dict[str, str]]] = {}
    for name in dict.fromkeys(name for names in (*PARTS.values(), CLUSTER) for name in names):
        component = versions.components[name]
        ask = _from_go if component.module else _from_maven
        found[name] = lambda component=component, ask=ask: ask(cache, versions, component)  # type: ignore[misc]
    for name, pinned in _python_pins().items():
        found[name] = lambda name=name, pinned=pinned: _from_pip(versions, name, pinned)  # type: ignore[misc]
    return found


def _known(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return ask()
    except CommandFailed as error:
        return {"error": one_line(f"{error.message}: {error.tail}", 200)}
    except PipelineError as error:
        return {"error": one_line(error, 200)}


def _from_go(cache: Cache, versions: Versions, component: Component) -> dict[str, str]:
    release, program = release_of(component), toolchains.go_program(cache, versions)
    if program is None:
        raise ToolMissing("no Go", next_step="make up")
    answer = _asked([program, "list", "-m", "-versions", component.module], paths.IMAGES / component.recipe)
    return compared(component.version, answer.split()[1:], release)


def _from_maven(cache: Cache, versions: Versions, component: Component) -> dict[str, str]:
    program = toolchains.maven(versions).find()
    if program is None:
        raise ToolMissing("no Maven", next_step="make up")
    home, (group, name) = cache.root / "offers", component.artifacts[0].split(":")
    artifact = (f"-Dartifact={group}:{name}:RELEASE:pom", "-Dtransitive=false", f"-Dmaven.repo.local={home}")
    _asked([program, "--batch-mode", "--quiet", "--update-snapshots", GET, *artifact], paths.IMAGES / "kafka")
    files = sorted((home / group.replace(".", "/") / name).glob("maven-metadata-*.xml"))
    offers = [version for file in files for version in versions_in(file.read_text(encoding="utf-8"))]
    return compared(component.version, offers)


def _from_pip(versions: Versions, name: str, pinned: str) -> dict[str, str]:
    pip = [sys.executable, "-m", "pip", "index", "versions", name, "--disable-pip-version-check"]
    answer = _asked([*pip, "--only-binary=:all:", f"--python-version={versions.image_python}"], paths.REPOSITORY)
    listed = next((line for line in answer.splitlines() if line.startswith("Available versions:")), "")
    return compared(pinned, listed.partition(":")[2].replace(",", " ").split())


def _source(assembly: Assembly, name: str) -> str:
    """The name that an image, or what it stands on, was pulled by; empty for one that is built."""
    pulled = upstream.pulled_for(name) if assembly.origin.is_registry else ""
    return upstream.UPSTREAM[pulled].ref(assembly.workshop.versions, assembly.origin) if pulled else ""


def _updates(assembly: Assembly, name: str) -> list[str]:
    """What there is for an image besides newer versions of its parts."""
    source = _source(assembly, name)
    if not source:
        return _from_apt(assembly.images.engine, assembly.ref(name))
    return _built_anew(assembly, source, assembly.ref(upstream.pulled_for(name)))


def _built_anew(assembly: Assembly, source: str, ours: str) -> list[str]:
    """Whether the same tag is another image by now."""
    engine = assembly.images.engine
    engine.pull(source, over_http=assembly.origin.is_local)
    ids = {engine.run("image", "inspect", "--format", "{{.Id}}", image).strip() for image in (ours, source)}
    engine.forget(source)
    return [f"{source} was built anew"] if len(ids) > 1 else []


def _from_apt(engine: Engine, image: str) -> list[str]:
    words = ("run", "--rm", "--network=host", "--user=0", "--entrypoint=sh", image, "-c", UPDATES)
    return updates_in(engine.run(*words, what=f"asking apt in {image}"))


def _asked(command: Sequence[str | Path], where: Path) -> str:
    return shell.run(command, cwd=where, timeout=WITHIN_S, env={"GOFLAGS": "-mod=mod"})


def _python_pins() -> dict[str, str]:
    """The packages that the apps ask for, with the version that is locked."""
    folder = paths.IMAGES / APPS
    pins = dict(_PIN.findall((folder / "requirements.lock").read_text(encoding="utf-8")))
    return {name: pins[name] for name in _WANTED.findall((folder / "requirements.in").read_text(encoding="utf-8"))}


def _version(text: str) -> Version | None:
    try:
        return Version(text.removesuffix("+incompatible"))
    except InvalidVersion:
        return None
