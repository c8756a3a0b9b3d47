"""The map of the packages and the picture of their layers, drawn from the code and the import contract."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "pipeline_services"
WIDTH = 74


def layers() -> list[str]:
    """The layers of the import contracts, the highest first: ``checks | chaos``."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [inside] = [one for one in contracts if one["type"] == "layers" and one.get("containers")]
    [top] = [one for one in contracts if one["type"] == "layers" and not one.get("containers")]
    return [top["layers"][0], *inside["layers"]]


def picture() -> str:
    """The layers as boxes, one on top of the other; each may import what is below it."""
    edge = "+" + "-" * WIDTH + "+"
    rows = [f"|{layer.replace(' | ', '   |   ').center(WIDTH)}|" for layer in layers()]
    return "\n".join(line for row in rows for line in (edge, row)) + f"\n{edge}"


def packages() -> str:
    """One row of Markdown a package: its name and the first line of its docstring."""
    found = {
        path.parent.name: ast.get_docstring(ast.parse(path.read_text())) for path in PACKAGES.glob("*/__init__.py")
    }
    rows = [f"| `{name}/` | {_plain(text)} |" for name, text in sorted(found.items())]
    return "\n".join(["| package | what it is |", "|---|---|", *rows])


def _plain(docstring: str | None) -> str:
    return (docstring or "").partition("\n")[0].replace("``", "`")
