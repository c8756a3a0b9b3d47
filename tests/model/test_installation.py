"""A history belongs to one life of a namespace: what was there before, or is elsewhere, is nobody else's past."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from pipeline_services.model.installation import UID, Installation

MADE = 1_000.0
HERE = Installation("kind-a", "pipeline", "uid-2", MADE)
NAMES = {"context": "kind-a", "namespace": "pipeline"}


@pytest.mark.parametrize(
    ("line", "at", "is_past"),
    [
        ({**NAMES, UID: "uid-2"}, 2_000.0, True),
        ({"context": "by another name", "namespace": "pipeline", UID: "uid-2"}, 2_000.0, True),
        ({**NAMES, UID: "uid-1"}, 2_000.0, False),
        (NAMES, 2_000.0, True),
        ({**NAMES, UID: ""}, 2_000.0, True),
        (NAMES, 999.0, False),
        ({**NAMES, "context": "kind-b"}, 2_000.0, False),
        ({**NAMES, "namespace": "another"}, 2_000.0, False),
        ({}, 2_000.0, True),
        ({}, 999.0, False),
    ],
)
def test_whose_past_a_line_is(line: dict[str, Any], at: float, is_past: bool) -> None:
    assert HERE.has(line, at) is is_past


def test_where_nothing_is_known_nothing_is_the_past() -> None:
    assert not Installation("kind-a", "pipeline").has({**NAMES, UID: "uid-2"}, 2_000.0)
    assert not Installation("kind-a", "pipeline").has(NAMES, 2_000.0)


def test_it_is_read_of_the_namespace() -> None:
    made = {"metadata": {"name": "pipeline", "uid": "uid-2", "creationTimestamp": "1970-01-01T00:16:40Z"}}
    assert Installation.of("kind-a", "pipeline", made) == HERE
    assert Installation.of("kind-a", "pipeline", None) == Installation("kind-a", "pipeline", "", math.inf)


@pytest.mark.parametrize("one", [HERE, Installation("kind-a", "pipeline")])
def test_it_survives_a_file(one: Installation) -> None:
    assert Installation.from_document(json.loads(json.dumps(one.document(), allow_nan=False))) == one
