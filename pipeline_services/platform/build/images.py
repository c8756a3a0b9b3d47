"""The container images: which recipe, which programs, which base, and the steps that build them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline_services.clients import shell
from pipeline_services.clients.engine import Engine
from pipeline_services.model import paths
from pipeline_services.platform.build.compile import Workshop
from pipeline_services.platform.build.graph import FETCH, Graph, Job, Step, files_in

PREFIX: Final = "localhost/conveyor"
SUITE: Final = "suite"
CLI_STEP: Final = "cli"
"""The folder with kind and kubectl."""
PLAIN_S: Final = 20.0
"""Seconds that an image of a few packages takes."""
BASE_PACKAGES: Final = ("ca-certificates", "curl", "netcat-openbsd", "usr-is-merged")
# usr-is-merged can stand in for usrmerge, which brings all of Perl; it is picked all the same, so it goes afterwards.
AFTERWARDS: Final = 'chroot "$1" apt-get --yes --auto-remove purge usrmerge'
APT_OPTIONS: Final = (
    'Acquire::Languages "none"',
    'APT::Install-Recommends "false"',
    'Dir::Cache::pkgcache ""',
    'Dir::Cache::srcpkgcache ""',
)
UNWANTED: Final = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image: a Dockerfile under manifests/images, what it stands on, and what is put into its context.

    Attributes:
        programs: steps whose output folders are laid beside the Dockerfile, each under its name.
        on: the image that the Dockerfile's ``ARG BASE`` gets.
        version: the component whose version is in the tag.
        sources: files from the checkout that go into the context, relative to the checkout.
        where: the folder of its Dockerfile under manifests/images, where that is not its name.
    """

    name: str
    version: str
    seconds: float
    programs: tuple[str, ...] = ()
    on: str = "base"
    sources: tuple[str, ...] = ()
    where: str = ""

    @property
    def folder(self) -> Path:
        return paths.IMAGES / (self.where or self.name)

    def own_files(self) -> tuple[Path, ...]:
        """The Dockerfile and what lies beside it; Go's and Maven's files belong to other steps."""
        return files_in(self.folder, only=_is_for_image)

    def source_files(self) -> tuple[Path, ...]:
        """The checkout's files that this image contains."""
        found: list[Path] = []
        for name in self.sources:
            path = paths.REPOSITORY / name
            found += files_in(path, only=lambda file: file.suffix != ".pyc") if path.is_dir() else [path]
        return tuple(found)


def _is_for_image(path: Path) -> bool:
    locks = ("requirements.lock", "requirements.in", "pom.xml", "checksums.txt")
    return path.suffix not in (".go", ".mod", ".sum") and path.name not in locks and not path.name.startswith(".")


def plain(folder: Path, others: Iterable[Recipe]) -> tuple[Recipe, ...]:
    """The images that a Dockerfile alone makes, of packages from Debian: each folder that has one and no recipe."""
    known = {recipe.name for recipe in others}
    names = sorted(file.parent.name for file in folder.glob("*/Dockerfile"))
    return tuple(Recipe(name, "", PLAIN_S) for name in names if name not in known)


_MADE_OF_MORE: Final = (
    Recipe("python-base", "", 25),
    Recipe("system", "kubernetes", 12, ("kubernetes", "cluster-tools", "etcd")),
    Recipe("coredns", "coredns", 3, on="system"),
    Recipe("metrics-server", "metrics-server", 3, on="system"),
    Recipe("local-path-provisioner", "local-path-provisioner", 3, on="system"),
    Recipe("kube-router", "kube-router", 20, ("kube-router",)),
    Recipe("kafka", "kafka", 45, ("kafka-jars",)),
    Recipe("prometheus", "prometheus", 6, ("prometheus",)),
    Recipe("influxdb", "influxdb", 8, ("influxd", "influx")),
    Recipe("grafana", "grafana", 10, ("grafana-server",)),
    Recipe("loki", "loki", 8, ("loki",)),
    Recipe("log-shipper", "log-shipper", 6, ("otelcol",)),
    Recipe(
        "node-base", "kubernetes", 60, ("kubernetes", "kind-files"), sources=("manifests/cluster/storage-class.yaml",)
    ),
    Recipe(
        "apps",
        "",
        15,
        ("apps-packages",),
        on="python-base",
        sources=(
            "pipeline_services/__init__.py",
            "pipeline_services/model/__init__.py",
            "pipeline_services/model/processor_log.py",
            "pipeline_services/model/message.py",
            "pipeline_services/apps",
        ),
    ),
    Recipe(
        SUITE,
        "",
        60,
        ("suite-packages",),
        on="python-base",
        sources=(
            *("conftest.py", "pytest.ini", "pyproject.toml", "RUNBOOK.md", "checks", "chaos", "pipeline_services"),
            *("manifests/base", "manifests/cluster", "manifests/overlays"),  # what the live objects are compared with
        ),
    ),
)
_PLAIN: Final = plain(paths.IMAGES, _MADE_OF_MORE)
RECIPES: Final = (*_MADE_OF_MORE, *_PLAIN)
BAKED_FIRST: Final = ("system", "coredns", "metrics-server", "local-path-provisioner", "kube-router", "kafka")
BAKED: Final = (
    *BAKED_FIRST,
    "influxdb",
    "prometheus",
    "grafana",
    "loki",
    "log-shipper",
    *(recipe.name for recipe in _PLAIN),
)
LOADED: Final = ("apps",)
"""Brought by ``up``; the suite's own image is not among them, since only the nightly run in a cluster needs it."""


@dataclass(slots=True)
class Images:
    """All images of this checkout with one engine.

    Attributes:
        pulled: images that are not built, each with the component whose version it has.
    """

    engine: Engine
    workshop: Workshop
    recipes: Sequence[Recipe] = RECIPES
    pulled: Mapping[str, str] = field(default_factory=dict)
    _present: set[str] = field(default_factory=set)
    _asked: bool = False

    def present(self, tag: str) -> bool:
        """Whether the engine has an image; it is asked once for all."""
        if not self._asked:
            self._present, self._asked = self.engine.images(), True
        return tag in self._present

    def built(self, tag: str) -> None:
        """Note an image that was made since."""
        self._present.add(tag)

    def tag(self, name: str, key: str) -> str:
        """The full name of an image with this content key."""
        component = next((recipe.version for recipe in self.recipes if recipe.name == name), self.pulled.get(name))
        versions = self.workshop.versions
        version = versions.of(component) if component else versions.suite
        return f"{PREFIX}/{name}:{version}-{key}"

    def refs(self, names: Iterable[str], graph: Graph) -> dict[str, str]:
        """Full names by short names, as the recipes are now."""
        return {name: self.tag(name, graph.key(f"image-{name}")) for name in names}

    def steps(self) -> list[Step]:
        """The base image, then each recipe's."""
        return [self._base_step(), *(self._step(recipe) for recipe in self.recipes)]

    def _base_step(self) -> Step:
        suite, renewed = self.workshop.versions.suite, self.workshop.versions.renewed
        return Step(
            "image-base",
            FETCH,
            75,
            done=lambda key: self.present(self.tag("base", key)),
            run=self._make_base,
            needs=("mmdebstrap",),
            salt=(suite, *BASE_PACKAGES, *UNWANTED, *APT_OPTIONS, AFTERWARDS, *((renewed,) if renewed else ())),
        )

    def _make_base(self, job: Job) -> None:
        archive = job.work / "base.tar"
        excluded = [f"--dpkgopt=path-exclude={pattern}" for pattern in UNWANTED]
        shell.run(
            [
                "mmdebstrap",
                "--variant=minbase",
                f"--include={','.join(BASE_PACKAGES)}",
                *(f"--aptopt={option}" for option in APT_OPTIONS),
                *excluded,
                f"--customize-hook={AFTERWARDS}",
                self.workshop.versions.suite,
                archive,
            ],
            log=job.log,
            what="mmdebstrap",
            timeout=shell.FETCH_WITHIN,
        )
        tag = self.tag("base", job.key)
        self.engine.run("import", archive, tag, log=job.log)
        self.built(tag)

    def _step(self, recipe: Recipe) -> Step:
        return Step(
            f"image-{recipe.name}",
            FETCH,
            recipe.seconds,
            done=lambda key: self.present(self.tag(recipe.name, key)),
            run=lambda job: self._make(recipe, job),
            needs=(f"image-{recipe.on}", *recipe.programs),
            files=(*recipe.own_files(), *recipe.source_files()),
        )

    def _make(self, recipe: Recipe, job: Job) -> None:
        context = job.work / "context"
        context.mkdir()
        for file in recipe.own_files():
            lay(file, context / file.relative_to(recipe.folder))
        for file in recipe.source_files():
            lay(file, context / file.relative_to(paths.REPOSITORY))
        for program in recipe.programs:
            output = self.workshop.output(program, job.inputs[program])
            for file in files_in(output, only=lambda _: True):
                lay(file, context / program / file.relative_to(output))
        tag = self.tag(recipe.name, job.key)
        base = self.tag(recipe.on, job.inputs[f"image-{recipe.on}"])
        version = self.workshop.versions.of(recipe.version) if recipe.version else ""
        self.engine.build(context, tag, {"BASE": base, "VERSION": version, "KEY": job.key}, job.log)
        self.built(tag)


def lay(source: Path, target: Path) -> None:
    """Put a file into a build context, without copying where the file system allows it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
