"""The app image holds every module that the apps import, and nothing else of the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import kafka
import pytest

from pipeline_services.model import paths
from pipeline_services.platform.build.images import BAKED, RECIPES, Recipe, lay, plain

# As in the image: site-packages without its .pth files (one of them names this checkout), and what the recipe lays.
IMPORT = """
import importlib, sys
image, packages, *modules = sys.argv[1:]
sys.path += [image, packages]
print(*(importlib.import_module(module).__file__ for module in modules), sep="\\n")
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The context of the app image, as the build lays it."""
    context = tmp_path_factory.mktemp("apps")
    (recipe,) = (recipe for recipe in RECIPES if recipe.name == "apps")
    for file in recipe.source_files():
        lay(file, context / file.relative_to(paths.REPOSITORY))
    return context


def imported(image: Path, *modules: str) -> subprocess.CompletedProcess[str]:
    packages = Path(kafka.__file__).parent.parent
    command = [sys.executable, "-I", "-S", "-c", IMPORT, str(image), str(packages), *modules]
    return subprocess.run(command, cwd=image, capture_output=True, text=True, check=False)


def test_the_apps_import_from_the_files_of_their_image_alone(image: Path) -> None:
    run = imported(image, *(f"pipeline_services.apps.{app}" for app in ("producer", "processor", "bench")))
    assert run.returncode == 0, run.stderr
    assert [Path(file).is_relative_to(image) for file in run.stdout.splitlines()] == [True, True, True]


def test_the_rest_of_the_project_is_not_in_the_image(image: Path) -> None:
    run = imported(image, "pipeline_services.model.settings")
    assert "ModuleNotFoundError: No module named 'pipeline_services.model.settings'" in run.stderr


def test_every_package_of_the_image_is_a_regular_one(image: Path) -> None:
    """Without its __init__.py a package would still be found, as a namespace that any folder on the path joins."""
    assert not [str(file) for file in image.rglob("*.py") if not (file.parent / "__init__.py").exists()]


def test_a_folder_with_a_dockerfile_is_an_image_and_needs_no_recipe(tmp_path: Path) -> None:
    for name in ("broker", "cache", "programs-only"):
        (tmp_path / name).mkdir()
    for name in ("broker", "cache"):
        (tmp_path / name / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    assert [recipe.name for recipe in plain(tmp_path, [Recipe("cache", "", 1.0)])] == ["broker"]
    assert plain(tmp_path / "nowhere", []) == ()


def test_no_image_is_made_or_baked_twice() -> None:
    names = [recipe.name for recipe in RECIPES]
    assert len(set(names)) == len(names)
    assert len(set(BAKED)) == len(BAKED)
