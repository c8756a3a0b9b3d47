"""The candidates in the checkout can be staged, and what is none is refused."""

from __future__ import annotations

import ast
import shutil
import tomllib
from pathlib import Path

import pytest

from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.release.candidate import Candidate, recipe, stage
from pipeline_services.release.gates import METRICS
from pipeline_services.release.trial import producer_rules, rules
from pipeline_services.release.verdict import Verdict

FOLDER = REPOSITORY / "tests" / "candidates"
CANDIDATES = sorted(path.name for path in FOLDER.iterdir())


@pytest.mark.parametrize("name", CANDIDATES)
def test_each_candidate_changes_the_apps_and_can_be_parsed(name: str, tmp_path: Path) -> None:
    key = stage(Candidate.of(str(FOLDER / name), tmp_path), tmp_path / "context")
    changed = [
        file
        for file in sorted((tmp_path / "context").rglob("*.py"))
        if file.read_bytes() != (REPOSITORY / file.relative_to(tmp_path / "context")).read_bytes()
    ]
    assert len(changed) == 1
    assert ast.parse(changed[0].read_text())
    assert len(key) == 8


@pytest.mark.parametrize("name", CANDIDATES)
def test_each_candidate_says_what_is_expected_of_it(name: str) -> None:
    said = tomllib.loads((FOLDER / name / "candidate.toml").read_text())
    known = {metric.id for metric in METRICS} | {rule.id for rule in (*rules(()), *producer_rules())}
    assert set(said) == {"what", "verdict", "because"}
    assert Verdict(said["verdict"]) is Verdict.GO or said["because"] in known


def checkout(folder: Path) -> Path:
    """A copy of what the image is built from."""
    for name in (*recipe().sources, "manifests/images/apps"):
        source, target = REPOSITORY / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)
    return folder


def test_another_checkout_is_a_candidate(tmp_path: Path) -> None:
    other = checkout(tmp_path / "other")
    (other / "pipeline_services/apps/sensors.py").write_text("# another\n")
    (other / "pipeline_services/apps/stopping.py").unlink()
    stage(Candidate.of("other", tmp_path), tmp_path / "context")
    assert (tmp_path / "context/pipeline_services/apps/sensors.py").read_text() == "# another\n"
    assert not (tmp_path / "context/pipeline_services/apps/stopping.py").exists()
    assert (tmp_path / "context/Dockerfile").read_text().startswith("ARG BASE\n")


def test_the_same_sources_are_no_candidate(tmp_path: Path) -> None:
    checkout(tmp_path / "same")
    with pytest.raises(PreconditionNotMet, match="nothing to try"):
        stage(Candidate.of("same", tmp_path), tmp_path / "context")


def test_other_packages_need_an_image_of_their_own(tmp_path: Path) -> None:
    other = checkout(tmp_path / "other")
    (other / "manifests/images/apps/requirements.lock").write_text("")
    with pytest.raises(PreconditionNotMet, match=r"from another requirements\.lock"):
        stage(Candidate.of("other", tmp_path), tmp_path / "context")


def test_a_patch_that_does_not_apply_is_told(tmp_path: Path) -> None:
    old = (FOLDER / "good" / "change.patch").read_text()
    (tmp_path / "change.patch").write_text(old.replace("decode(record.value)", "decode(record.other)"))
    with pytest.raises(PreconditionNotMet, match="does not apply to this checkout"):
        stage(Candidate.of(str(tmp_path), tmp_path), tmp_path / "context")


def test_an_image_is_a_candidate() -> None:
    assert Candidate.of("localhost/conveyor/apps:2", Path()).image == "localhost/conveyor/apps:2"


@pytest.mark.parametrize("asked", ["nowhere", "localhost:5000/apps"])
def test_what_is_no_candidate_is_refused(asked: str, tmp_path: Path) -> None:
    with pytest.raises(PreconditionNotMet, match="neither a folder nor an image"):
        Candidate.of(asked, tmp_path)


def test_a_candidate_has_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(PreconditionNotMet, match="no candidate was named"):
        Candidate.of("", tmp_path)


def test_a_folder_without_apps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PreconditionNotMet, match=r"neither a change\.patch nor"):
        Candidate.of(str(tmp_path), tmp_path)
