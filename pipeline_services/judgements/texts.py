"""The files of two ConfigMaps compared: what is YAML or JSON by what it means, else by the first line that differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Final

import yaml

from pipeline_services.judgements.comparison import Difference, differences
from pipeline_services.model.yaml_text import LOADER
from pipeline_services.snapshot.redaction import REDACTED

_TREES: Final = (".yaml", ".yml", ".json")


def text_differences(declared: Mapping[str, str], live: Mapping[str, str]) -> Iterator[Difference]:
    """What differs in each key's text; of one that is the same in meaning the first line, be it in how it ends."""
    for key in {**declared, **live}:
        here, wanted = live.get(key), declared.get(key)
        if here is None or wanted is None:
            yield Difference(key, here, wanted)
        elif here != wanted:
            yield from _of_trees(key, here, wanted) or [_first_line(key, here, wanted)]


def _of_trees(key: str, here: str, wanted: str) -> list[Difference]:
    """In what two trees differ; nothing where what is declared is none."""
    meant = _tree(wanted) if key.endswith(_TREES) else None
    if not isinstance(meant, dict):
        return []
    there = _tree(here)
    if isinstance(there, yaml.MarkedYAMLError):
        broken = there.problem_mark.line + 1 if there.problem_mark else 1
        return [Difference(key, f"not valid up to line {broken}", "a valid file")]
    return [replace(one, path=f"{key}, {one.path}" if one.path else key) for one in differences(meant, there)]


def _tree(text: str) -> Any:
    """What a text means, or why it means nothing; that something in it is not shown may stand where no value may, so
    it is left out."""
    try:
        return yaml.load(text.replace(REDACTED, ""), Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        return error


def _first_line(key: str, here: str, wanted: str) -> Difference:
    lines = enumerate(zip_longest(here.split("\n"), wanted.split("\n")), 1)
    number, (one, other) = next((at, pair) for at, pair in lines if pair[0] != pair[1])
    if one and one.rstrip("\r") == other:
        one, other = f"{other} with a carriage return", f"{other} without one"
    return Difference(f"{key}, line {number}," if number > 1 else key, one, other)
