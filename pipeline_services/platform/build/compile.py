"""The steps that turn Go modules into programs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline_services.clients import shell
from pipeline_services.model import paths
from pipeline_services.model.failures import ToolMissing
from pipeline_services.model.paths import Cache
from pipeline_services.platform.build import toolchains
from pipeline_services.platform.build.graph import COMPILE, FETCH, Job, Step, files_in
from pipeline_services.platform.build.versions import Versions

STRIPPED: Final = "-s -w"
STATIC: Final = "-linkmode external -extldflags -static"
"""For a program with C in it, so that it runs whatever the C library of the machine that built it."""
CORES: Final = os.cpu_count() or 1
THREADS: Final = max(1, CORES // 2)
"""Of one compiler: a core compiles a package of its own sooner than it helps with another one."""
# GOGC=off: the compiler never stops to collect, 17 % faster for 2.5 GB at most. Without what a debugger needs, which is
# stripped anyway, and with fewer threads it takes another 16 %.
GO_ENVIRONMENT: Final = {
    "GOTOOLCHAIN": "local",
    "GOGC": "off",
    "GOMAXPROCS": str(THREADS),
    "GOFLAGS": f"-mod=readonly -trimpath -buildvcs=false -p={CORES} '-gcflags=all=-dwarf=false -c={THREADS}'",
    "GOWORK": "off",
}

KIND: Final = "sigs.k8s.io/kind"
CLUSTER_TOOLS: Final = (KIND, "github.com/rancher/local-path-provisioner", "./coredns", "./pause")
ROUTER: Final = "github.com/cloudnativelabs/kube-router/v2"
INFLUX: Final = "github.com/influxdata/influx-cli/v2/cmd/influx"
LOKI: Final = "github.com/grafana/loki/v3"
PROMETHEUS: Final = "github.com/prometheus"


@dataclass(frozen=True, slots=True)
class Program:
    """A Go program: the packages that become it, in the module of its recipe.

    Attributes:
        recipe: folder under manifests/images with go.mod and go.sum.
        packages: import paths, or paths in the recipe, each of which becomes one program.
        stamp: linker flags beyond those that strip the program.
        tags: build tags.
        after: programs that share most of their packages with this one.
        seconds: to compile on 2 cores; ``fetch`` to download the modules.
    """

    name: str
    recipe: str
    packages: tuple[str, ...]
    seconds: float
    fetch: float
    stamp: str = ""
    tags: str = ""
    after: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return paths.IMAGES / self.recipe


def programs(versions: Versions) -> list[Program]:
    """The plain Go programs, those that others wait for first; of each the seconds to compile and to download it."""
    kubernetes = versions.of("kubernetes")
    major, minor, _ = kubernetes.split(".")
    git = {"Version": f"v{kubernetes}", "Major": major, "Minor": minor}
    stamp = " ".join(_set(f"k8s.io/component-base/version.git{name}", value) for name, value in git.items())
    router, prometheus, loki = (
        f"{ROUTER}/cmd/kube-router",
        f"{PROMETHEUS}/prometheus/cmd/prometheus",
        f"{LOKI}/cmd/loki",
    )
    routes = _set(f"{ROUTER}/pkg/version.Version", f"v{versions.of('kube-router')}")
    scrapes = _set(f"{PROMETHEUS}/common/version.Version", versions.of("prometheus"))
    kubernetes_only = "remove_all_sd,enable_kubernetes_sd"
    return [
        Program("etcd", "etcd", (".",), 20, 10),
        Program("kubernetes", "kubernetes", (".",), 330, 65, stamp),
        Program("cluster-tools", "kubernetes", CLUSTER_TOOLS, 50, 5, after=("kubernetes",)),
        Program("kind", "kubernetes", (KIND,), 25, 15),  # alone, where the node's image is pulled
        Program("kube-router", "kube-router", (router,), 85, 15, routes),
        Program("otelcol", "otel-collector", (".",), 48, 15, _set("main.version", versions.of("log-shipper"))),
        Program("influx", "influx-cli", (INFLUX,), 10, 5, _set("main.version", f"v{versions.of('influx-cli')}")),
        Program("registry", "registry", ("github.com/distribution/distribution/v3/cmd/registry",), 70, 20),
        Program("loki", "loki", (loki,), 330, 60, _set(f"{LOKI}/pkg/util/build.Version", versions.of("loki"))),
        Program("prometheus", "loki", (prometheus,), 50, 5, scrapes, kubernetes_only, ("loki",)),
    ]


def _set(variable: str, value: str) -> str:
    """The linker's flag that gives a variable of a program its text."""
    return f"-X {variable}={value}"


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where compiled things go and which Go makes them."""

    cache: Cache
    versions: Versions

    def output(self, name: str, key: str) -> Path:
        """The folder with the outputs of a step."""
        return self.cache.build / f"{name}-{key}"

    def go(
        self, *words: str | Path, job: Job, cwd: Path, env: Mapping[str, str] | None = None, keep: bool = True
    ) -> str:
        """Run the go command; its words go to the job's log unless they are wanted (``keep=False``)."""
        program = toolchains.go_program(self.cache, self.versions)
        if program is None:
            raise ToolMissing("no Go", next_step="run the same command again")
        settings = {**GO_ENVIRONMENT, "CGO_ENABLED": "0", **(env or {})}
        settings["PATH"] = os.pathsep.join([str(program.parent), settings.get("PATH", os.environ.get("PATH", ""))])
        return shell.run(
            [program, *words],
            cwd=cwd,
            env=settings,
            log=job.log,
            answer=not keep,
            what=f"go {words[0]}",
            timeout=None if words[0] == "build" else shell.FETCH_WITHIN,
        )

    def folder_step(
        self,
        name: str,
        lane: str,
        seconds: float,
        make: Callable[[Job, Path], None],
        *,
        needs: Sequence[str],
        files: Sequence[Path],
        salt: Sequence[str],
        tool: bool = False,
        after: Sequence[str] = (),
    ) -> Step:
        """A step whose output is a folder, which appears under its final name only when it is complete."""

        def run(job: Job) -> None:
            draft = job.work / "output"
            draft.mkdir()
            make(job, draft)
            target = self.output(name, job.key)
            shutil.rmtree(target, ignore_errors=True)
            draft.rename(target)

        def done(key: str) -> bool:
            return self.output(name, key).is_dir()

        return Step(name, lane, seconds, done, run, tuple(needs), tuple(after), tuple(files), tuple(salt), tool)

    def go_steps(self) -> list[Step]:
        """Two steps for each program: its modules, beside the compilation of another one, then its compilation."""
        return [step for program in programs(self.versions) for step in self._steps_of(program)]

    def _steps_of(self, program: Program) -> list[Step]:
        files = go_files(program.folder)
        salt = (*program.packages, STRIPPED, program.stamp, program.tags)

        def compile_it(job: Job, out: Path) -> None:
            flags = ["-tags", program.tags, "-ldflags", f"{STRIPPED} {program.stamp}".strip(), "-o", f"{out}/"]
            self.go("build", *flags, *program.packages, job=job, cwd=program.folder)

        modules = self.modules_step(program.name, program.folder, program.packages, program.fetch, program.tags)
        compilation = self.folder_step(
            program.name,
            COMPILE,
            program.seconds,
            compile_it,
            needs=("go", modules.name),
            after=program.after,
            files=files,
            salt=salt,
        )
        return [modules, compilation]

    def modules_step(self, name: str, folder: Path, packages: Sequence[str], seconds: float, tags: str = "") -> Step:
        """Download just the modules that these packages are compiled from."""

        def fetch(job: Job, _out: Path) -> None:
            self.go("list", "-deps", "-tags", tags, "-f", "{{.ImportPath}}", *packages, job=job, cwd=folder)

        return self.folder_step(
            f"{name}-modules",
            FETCH,
            seconds,
            fetch,
            needs=("go",),
            files=go_files(folder),
            salt=(*packages, tags),
            tool=True,
        )


def make_readable(folder: Path) -> None:
    """Let everybody read what lies in a folder, and its owner change it: files of Go's cache are nobody's to change."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def go_files(folder: Path) -> tuple[Path, ...]:
    """What a compilation depends on in a recipe's folder."""
    return files_in(folder, only=lambda path: path.name in ("go.mod", "go.sum") or path.suffix == ".go")
