"""The container engine: a Docker that works, else podman, else podman installed from Debian."""

from __future__ import annotations

import io
import os
import resource
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from pipeline_services.clients import apt, shell
from pipeline_services.model.atomic import write_whole
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.failures import CommandFailed, PlatformError, ToolMissing
from pipeline_services.model.paths import Cache
from pipeline_services.model.say import Say

PACKAGES: Final = ("podman", "runc", "netavark", "aardvark-dns", "iptables")
SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MODULES: Final = Path("/lib/modules")
PID_MAX: Final = Path("/proc/sys/kernel/pid_max")
STATIC_PROGRAM: Final = Path("/sbin/ldconfig")
PROBE: Final = "localhost/conveyor/probe:1"


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to run containers; docker and podman understand the same words for what is needed here."""

    program: Path
    is_podman: bool
    env: Mapping[str, str]

    def run(self, *words: str | Path, log: Path | None = None, stdin: IO[bytes] | None = None, what: str = "") -> str:
        """Run one of the engine's commands; what it wrote is returned or goes to ``log``.

        Raises:
            CommandFailed: the command ended with an error.
        """
        return shell.run([self.program, *words], log=log, env=self.env, stdin=stdin, what=what or self._named(words))

    def _named(self, words: Sequence[str | Path]) -> str:
        return f"{self.program.name} {words[0]}"

    def images(self) -> set[str]:
        """The full names of all images that are there."""
        return set(self.run("images", "--format", "{{.Repository}}:{{.Tag}}").split())

    def build(self, context: Path, tag: str, arguments: Mapping[str, str], log: Path) -> None:
        """Build the Dockerfile in ``context`` as one layer upon its base; the network is the host's, for apt."""
        flags = ["--network", "host", "--tag", tag]
        flags += [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        if self.is_podman:
            flags += ["--pull=never", "--layers=false", "--format=docker"]
        self.run("build", *flags, context, log=log, what=f"building {tag}")

    def pull(self, ref: str, log: Path | None = None, *, over_http: bool = False) -> None:
        """Bring an image from its registry; Docker takes one on this machine over HTTP without being told."""
        flags = ["--tls-verify=false"] if over_http and self.is_podman else []
        self.run("pull", "--quiet", *flags, ref, log=log, what=f"pulling {ref}")

    def forget(self, ref: str) -> None:
        """Take a name from an image that has another; one that was pulled by its digest has got none."""
        if "@" not in ref:
            self.run("rmi", ref)

    def load_command(self, tags: Sequence[str]) -> list[str]:
        """The command that writes images with what they share as one archive to its standard output."""
        more = ["--format", "docker-archive", "--multi-image-archive"] if self.is_podman else []
        return [str(self.program), "save", *more, *tags]


def find(cache: Cache, note: Say) -> Engine:
    """The engine to use, installed if need be.

    Raises:
        ToolMissing: there is none and it cannot be installed; names the command.
        PreconditionNotMet: only root may use it.
    """
    engine = present(cache)
    if os.geteuid() and (engine is None or engine.is_podman):
        raise PreconditionNotMet(
            "the suite's own cluster needs root, for its container engine",
            next_step="the same command as root, or judge another cluster: .venv/bin/pytest -m daily --context NAME",
        )
    if engine is None:
        note(f"installing the container engine from Debian: {' '.join(PACKAGES)}")
        apt.install(PACKAGES, cache.logs / "engine.log")
        engine = present(cache)
    if engine is None:
        raise ToolMissing("no container engine that works", next_step=f"apt-get install {' '.join(PACKAGES)}")
    if engine.is_podman:
        _prepare_host(note)
    return engine


def present(cache: Cache) -> Engine | None:
    """The engine that is there already and works."""
    docker = shutil.which("docker")
    if docker and _docker_works(Path(docker)):
        return Engine(Path(docker), is_podman=False, env={})
    podman = _complete_podman()
    if podman is None:
        return None
    return Engine(Path(podman), is_podman=True, env={"CONTAINERS_CONF": str(_settings(cache))})


def _complete_podman() -> str | None:
    """podman, if what it calls is there too: it starts without, and fails at the first container."""
    path = f"{os.environ.get('PATH', '')}{os.pathsep}{SYSTEM_PATH}"
    found = {name: shutil.which(name, path=path) for name in ("podman", "runc", "iptables")}
    return found["podman"] if all(found.values()) else None


def environment(engine: Engine, tools: Path) -> dict[str, str]:
    """What kind and kubectl need in the environment: the engine's settings and our programs first on PATH."""
    provider = {"KIND_EXPERIMENTAL_PROVIDER": "podman"} if engine.is_podman else {}
    return {**engine.env, **provider, "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"}


def _settings(cache: Cache) -> Path:
    """podman's settings for this project; /etc stays as it is.

    The limits are the host's: a container may not have more than we may, and kind's node wants all there is. crun
    refuses the mixed layout of control groups that some hosts have; runc takes any.
    """
    most = {"nofile": _hard(resource.RLIMIT_NOFILE), "nproc": _most_processes()}
    limits = ", ".join(f'"{name}={limit}:{limit}"' for name, limit in most.items() if limit > 0)
    text = f'[containers]\ndefault_ulimits = [{limits}]\n\n[engine]\nruntime = "runc"\n'
    path = cache.engine / "containers.conf"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text.encode())
    return path


def _hard(limit: int) -> int:
    return resource.getrlimit(limit)[1]


def _most_processes() -> int:
    """The limit on processes; podman lowers its own to the number of process ids, and nobody below may have more."""
    ids = int(PID_MAX.read_text(encoding="ascii"))
    hard = _hard(resource.RLIMIT_NPROC)
    return ids if hard < 0 else min(hard, ids)


def _prepare_host(note: Say) -> None:
    if not MODULES.exists():
        try:
            MODULES.mkdir(parents=True)
        except PermissionError as error:
            raise PlatformError(
                f"{MODULES} is missing; kind mounts it", next_step=f"sudo mkdir -p {MODULES}"
            ) from error
    if forward_dropped():
        note("the firewall of a Docker daemon (FORWARD DROP) is on: it may cut traffic between podman's containers")


def forward_dropped() -> bool:
    """Whether a Docker daemon has set the host to drop what it forwards."""
    program = shutil.which("iptables", path=SYSTEM_PATH)
    if not program or os.geteuid() != 0:
        return False
    try:
        rules = shell.run([program, "-S", "FORWARD"], timeout=5)
    except CommandFailed:
        return False
    return "-P FORWARD DROP" in rules and "DOCKER" in rules


def _docker_works(docker: Path) -> bool:
    """Whether a daemon answers and can run a privileged container, which some hosts do not let it."""
    try:
        shell.run([docker, "info"], timeout=10)
        if not STATIC_PROGRAM.exists():
            return True
        _import_probe(docker)
        shell.run(
            [docker, "run", "--rm", "--privileged", "--network", "none", PROBE, "/probe", "--version"], timeout=30
        )
    except CommandFailed:
        return False
    return True


def _import_probe(docker: Path) -> None:
    """An image with one static program of the host, since none can be pulled."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(STATIC_PROGRAM.resolve(), arcname="probe")
    with open(os.memfd_create("probe"), "w+b") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(archive.getvalue())
        file.seek(0)
        shell.run([docker, "import", "-", PROBE], stdin=file, timeout=30)
