"""Where things lie: the recipes in the checkout, everything that is built in the user's cache folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from pipeline_services.model.errors import PreconditionNotMet

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PIPELINES: Final = REPOSITORY / "pipeline_services" / "pipelines"
IMAGES: Final = REPOSITORY / "manifests" / "images"
CLUSTER_MANIFESTS: Final = REPOSITORY / "manifests" / "cluster"
VERSIONS: Final = IMAGES / "versions.toml"


def cache_root() -> Path:
    """The folder for everything that can be built again: ``$XDG_CACHE_HOME/conveyor`` or ``~/.cache/conveyor``."""
    return user_cache_path("conveyor")


def short(path: Path) -> str:
    """The path as it is typed from where the program was started."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


@dataclass(frozen=True, slots=True)
class Cache:
    """The parts of the cache folder; those that are written to are made when they are asked for.

    Raises:
        PreconditionNotMet: such a part cannot be made.
    """

    root: Path

    @property
    def build(self) -> Path:
        """Finished outputs, one folder for each content key."""
        return _made(self.root / "build")

    @property
    def work(self) -> Path:
        """Half-done work; nothing in here is ever read again."""
        return _made(self.root / "work")

    @property
    def logs(self) -> Path:
        return _made(self.root / "logs")

    @property
    def toolchains(self) -> Path:
        return _made(self.root / "toolchains")

    @property
    def engine(self) -> Path:
        """The engine's settings for this project."""
        return _made(self.root / "engine")

    @property
    def durations(self) -> Path:
        return self.root / "durations.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    def cluster(self, name: str) -> Path:
        """The folder with the files of one cluster; there is none without a cluster."""
        return self.root / "clusters" / name

    def origin(self, name: str) -> Path:
        """The file that says where the images of one cluster come from."""
        return self.cluster(name) / "images"


def _made(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(path, error) from error
    return path


def not_writable(path: Path, error: OSError) -> PreconditionNotMet:
    """What to say where the suite cannot keep what it needs there."""
    return PreconditionNotMet(
        f"cannot write to {path}: {error.strerror}",
        next_step="make room or get the right to write there, or set XDG_CACHE_HOME to another folder",
    )
