"""The history of a case that was renamed goes on under the name that the history knows."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from allure_commons.utils import md5

FILE: Final = Path(__file__).with_name("renamed_tests.toml")


@cache
def renamed() -> dict[str, str]:
    """The old node id by the new one."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def history_id(node: str) -> str:
    """What allure-pytest's history knows a case with one parameter, or none, by."""
    path, _, name = node.partition("::")
    function, _, parameter = name.rstrip("]").partition("[")
    full_name = f"{path.removesuffix('.py').replace('/', '.')}#{function}"
    found: str = md5(full_name, *filter(None, [parameter]))
    return found
