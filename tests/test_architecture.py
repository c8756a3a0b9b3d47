"""The layout is the architecture: which way imports point, how long files are, where waiting happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = ("pipeline_services", "checks", "chaos", "tests", "conftest.py")
MODULES = sorted(file for top in CODE for file in ([ROOT / top] if top.endswith(".py") else (ROOT / top).rglob("*.py")))

PRODUCT = [module for module in MODULES if "tests" not in module.parts]


def by_path(module: Path) -> str:
    return str(module.relative_to(ROOT))


def test_imports_go_down_only() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("module", MODULES, ids=by_path)
def test_a_file_is_one_noun_long(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= 300


@pytest.mark.parametrize("module", PRODUCT, ids=by_path)
def test_nothing_sleeps_but_the_one_wait(module: Path) -> None:
    sleeps = re.findall(r"\b(?:time|asyncio)\.sleep\(", module.read_text())
    assert not sleeps or module.name == "waiting.py"


@pytest.mark.parametrize("module", MODULES, ids=by_path)
def test_no_module_is_named_like_a_library_it_uses(module: Path) -> None:
    assert not re.search(rf"^\s*(?:from|import) {module.stem}\b", module.read_text(), re.MULTILINE)
