"""Buckets, tokens and tasks of a copy: each that is lost, added or changed is named, and no token's text is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline_services.maintenance.influxdb.contents import Contents, contents, differing
from pipeline_services.model.errors import UnexpectedAnswer

BUCKET = {
    "name": "sensors",
    "retentionRules": [{"type": "expire", "everySeconds": 3600, "shardGroupDurationSeconds": 60}],
}
RIGHT = {"action": "read", "resource": {"type": "buckets", "id": "0f", "orgID": "0a"}}
TOKEN = {"description": "checks", "status": "active", "token": "very-secret", "permissions": [RIGHT]}
TASK = {"name": "down", "status": "active", "every": "1h", "flux": "from(\n  bucket: x)"}
WHOLE = contents([BUCKET], [TOKEN, TOKEN], [TASK])


def but(one: dict[str, Any], **change: Any) -> dict[str, Any]:
    return {**one, **change}


def test_what_is_kept_can_be_read_and_holds_no_secret() -> None:
    assert WHOLE.buckets == ("sensors: retention 3600 s, shards of 60 s",)
    assert WHOLE.tokens == ("checks (active): read buckets/0f",) * 2
    assert WHOLE.tasks == ("down (active, 1h): from( bucket: x)",)
    assert "very-secret" not in json.dumps(WHOLE.to_dict())
    assert Contents.from_dict(json.loads(json.dumps(WHOLE.to_dict()))) == WHOLE


def test_an_equal_copy_differs_in_nothing() -> None:
    assert differing(WHOLE, contents([BUCKET], [but(TOKEN, token="other"), TOKEN], [TASK])) == []


@pytest.mark.parametrize(
    ("copy", "line"),
    [
        (contents([], [TOKEN, TOKEN], [TASK]), "bucket missing: sensors: retention 3600 s, shards of 60 s"),
        (contents([BUCKET], [TOKEN], [TASK]), "token missing: checks (active): read buckets/0f"),
        (
            contents([BUCKET], [TOKEN, but(TOKEN, status="inactive")], [TASK]),
            "token missing: checks (active): read buckets/0f",
        ),
        (contents([BUCKET], [TOKEN, but(TOKEN, permissions=[])], [TASK]), "token never stored: checks (active): "),
        (contents([BUCKET], [TOKEN, TOKEN], []), "task missing: down (active, 1h): from( bucket: x)"),
        (
            contents([BUCKET], [TOKEN, TOKEN], [but(TASK, every="2h")]),
            "task never stored: down (active, 2h): from( bucket: x)",
        ),
        (
            contents([but(BUCKET, retentionRules=[])], [TOKEN, TOKEN], [TASK]),
            "bucket never stored: sensors: retention 0 s, shards of 0 s",
        ),
    ],
)
def test_what_differs_is_named(copy: Contents, line: str) -> None:
    assert line in differing(WHOLE, copy)


@pytest.mark.parametrize("bucket", [{}, {"name": "x"}, {"name": "x", "retentionRules": None}, "x"])
def test_a_list_with_something_else_is_refused(bucket: Any) -> None:
    with pytest.raises(UnexpectedAnswer, match="cannot be read"):
        contents([bucket], [], [])


@pytest.mark.parametrize("known", [{}, {"buckets": 1, "tokens": [], "tasks": []}])
def test_a_file_with_something_else_is_refused(known: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer, match="cannot be read"):
        Contents.from_dict(known)
