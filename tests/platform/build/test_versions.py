"""versions.toml and the locks beside it say the same."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from pipeline_services.model import paths
from pipeline_services.platform.build import versions
from pipeline_services.platform.build.images import RECIPES

ALL = versions.load().components
MODULES = [name for name, component in ALL.items() if component.module and component.recipe != "grafana"]
ARTIFACTS = [(name, artifact) for name, component in ALL.items() for artifact in component.artifacts]
POM = "{http://maven.apache.org/POM/4.0.0}"


@pytest.mark.parametrize("name", MODULES)
def test_go_lock_has_the_version(name: str) -> None:
    component = ALL[name]
    lock = (paths.IMAGES / component.recipe / "go.mod").read_text(encoding="utf-8")
    found = re.findall(rf"^(?:require\s+|\s+){re.escape(component.module)} (\S+)", lock, re.MULTILINE)
    assert found == [component.locked_version]


@pytest.mark.parametrize(("name", "artifact"), ARTIFACTS, ids=[artifact for _, artifact in ARTIFACTS])
def test_maven_lock_has_the_version(name: str, artifact: str) -> None:
    root = ET.parse(paths.IMAGES / "kafka" / "pom.xml").getroot()
    found = {
        f"{entry.findtext(f'{POM}groupId')}:{entry.findtext(f'{POM}artifactId')}": entry.findtext(f"{POM}version")
        for entry in root.iter(f"{POM}dependency")
    }
    assert found[artifact] == ALL[name].version


@pytest.mark.parametrize(("name", "artifact"), ARTIFACTS, ids=[artifact for _, artifact in ARTIFACTS])
def test_list_of_checksums_has_the_jar(name: str, artifact: str) -> None:
    sums = (paths.IMAGES / "kafka" / "checksums.txt").read_text(encoding="utf-8")
    assert re.search(rf"^[0-9a-f]{{64}}  {artifact.split(':')[1]}-{ALL[name].version}\.jar$", sums, re.MULTILINE)


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in paths.IMAGES.rglob("go.mod")}), ids=lambda path: path.name
)
def test_each_go_module_has_its_sums(folder: object) -> None:
    assert (folder / "go.sum").stat().st_size > 0  # type: ignore[operator]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_each_image_has_a_dockerfile_and_a_known_version(recipe: object) -> None:
    assert (recipe.folder / "Dockerfile").is_file()  # type: ignore[attr-defined]
    assert not recipe.version or recipe.version in ALL  # type: ignore[attr-defined]
