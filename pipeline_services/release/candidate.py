"""A candidate: the sources of another version of the apps, from a checkout, a patch, or an image that is there already.

Only what the image contains counts: ``pipeline_services/apps`` and the message. The candidate's image is the
baseline's with these sources in place of its own, so the two differ in nothing else.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline_services.clients import shell
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.failures import CommandFailed
from pipeline_services.model.paths import IMAGES, REPOSITORY
from pipeline_services.model.present import present
from pipeline_services.platform.build.images import RECIPES, Recipe

PATCH: Final = "change.patch"
APPS_IMAGE: Final = "apps"
APPS: Final = "pipeline_services/apps"
PATCHED_WITHIN_S: Final = 30.0
DOCKERFILE: Final = """\
ARG BASE
FROM ${BASE}
USER 0:0
RUN rm -rf /opt/conveyor/pipeline_services
COPY pipeline_services /opt/conveyor/pipeline_services
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /opt/conveyor/pipeline_services
USER 1000:1000
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What was asked for: ``folder`` with sources or a patch, or else an ``image`` that the engine has."""

    name: str
    folder: Path | None = None
    image: str = ""

    @classmethod
    def of(cls, asked: str, here: Path) -> Candidate:
        """What ``--candidate`` means, as seen from the folder ``here``.

        Raises:
            PreconditionNotMet: it is nothing that can be tried.
        """
        usage = "make release CANDIDATE=<checkout, folder with a patch, or image:tag>"
        if not asked:
            raise PreconditionNotMet("no candidate was named", next_step=usage)
        folder = (here / Path(asked).expanduser()).resolve()
        if folder.is_dir():
            if not ((folder / PATCH).is_file() or (folder / APPS).is_dir()):
                raise PreconditionNotMet(f"{asked} has neither a {PATCH} nor {APPS}: it is no candidate")
            return cls(asked, folder)
        if ":" in asked.rpartition("/")[2]:
            return cls(asked, image=asked)
        raise PreconditionNotMet(f"{asked} is neither a folder nor an image with a tag", next_step=usage)


def stage(candidate: Candidate, context: Path) -> str:
    """Lay the candidate's sources into a build context, an empty folder; returns their key.

    Raises:
        PreconditionNotMet: the patch does not apply, the candidate wants other packages, or it changes nothing.
    """
    folder = present(candidate.folder, "folder of the candidate")
    before = _lay(REPOSITORY, context)
    if (folder / PATCH).is_file():
        _apply(folder / PATCH, context)
    else:
        _require_same_packages(folder)
        shutil.rmtree(context / "pipeline_services")
        _lay(folder, context)
    after = _digest(context)
    if after == before:
        raise PreconditionNotMet(f"{candidate.name} has the same sources as this checkout: there is nothing to try")
    (context / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    return after


def recipe() -> Recipe:
    """The recipe of the apps' image."""
    return next(one for one in RECIPES if one.name == APPS_IMAGE)


def _lay(checkout: Path, context: Path) -> str:
    for name in recipe().sources:
        source, target = checkout / name, context / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        else:
            raise PreconditionNotMet(f"{checkout} has no {name}")
    return _digest(context)


def _apply(patch: Path, context: Path) -> None:
    try:
        # Inside a repository git would look for the files at its top.
        env = {"GIT_CEILING_DIRECTORIES": str(context.parent)}
        shell.run(["git", "apply", str(patch)], cwd=context, env=env, what="git apply", timeout=PATCHED_WITHIN_S)
    except CommandFailed as error:
        raise PreconditionNotMet(f"{patch} does not apply to this checkout: {error.tail or error.message}") from error


def _require_same_packages(checkout: Path) -> None:
    """The baseline's packages stay in the image; a candidate that wants others has to bring its image."""
    theirs = checkout / IMAGES.relative_to(REPOSITORY) / APPS_IMAGE
    own = IMAGES / APPS_IMAGE
    changed = [file.name for file in _files(own) if theirs.is_dir() and not _equal(file, theirs / file.name)]
    if changed:
        raise PreconditionNotMet(
            f"the candidate's image is built from another {', '.join(changed)}",
            next_step="make up in that checkout, then make release CANDIDATE=<its image> here",
        )


def _equal(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _digest(context: Path) -> str:
    digest = hashlib.sha256()
    for file in _files(context):
        digest.update(f"\0{file.relative_to(context)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]
