"""CONTRIBUTING.md shows the packages and the layers as they are."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.layers import PACKAGES, ROOT, layers, packages, picture

TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def test_the_picture_is_the_contract() -> None:
    assert picture() in TEXT, f"replace the picture by:\n{picture()}"


def test_the_map_is_the_packages() -> None:
    assert packages() in TEXT, f"replace the map by:\n{packages()}"


def test_every_package_stands_in_a_layer() -> None:
    named = {name for layer in layers() for name in layer.split(" | ")} - {"checks", "chaos"}
    assert named == {path.parent.name for path in PACKAGES.glob("*/__init__.py")}


@pytest.mark.parametrize("package", sorted(path.parent.name for path in PACKAGES.glob("*/__init__.py")))
def test_a_package_says_what_it_is_in_one_line(package: str) -> None:
    text = ast.get_docstring(ast.parse((PACKAGES / package / "__init__.py").read_text()))
    assert text
    assert text.partition("\n")[0].endswith(".")


def test_the_licence_is_the_one_that_is_declared() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()


def places() -> set[str]:
    """The paths in the table of what to change where."""
    table = TEXT.partition("| to change | go to |\n")[2].partition("\n\n")[0]
    targets = " ".join(line.rpartition(" | ")[2] for line in table.splitlines()[1:])
    return {path for path in re.findall(r"`([\w./<>-]+)`", targets) if "/" in path}


def test_what_to_change_is_where_it_says() -> None:
    assert not [path for path in sorted(places()) if not is_there(path)]


def is_there(path: str) -> bool:
    pattern = re.sub(r"<\w+>", "*", path.rstrip("/"))
    return any(list(folder.glob(pattern)) for folder in (PACKAGES, ROOT))


def test_there_are_places() -> None:
    assert len(places()) > 20
