"""What InfluxDB holds besides points: buckets with their retention, tokens with their rights, tasks. Pure.

A token's own text is never part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipeline_services.model.errors import readable

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Contents:
    """Each kind as lines that people can read, equal where the thing itself is equal."""

    buckets: Sequence[str]
    tokens: Sequence[str]
    tasks: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, known: Json) -> Contents:
        """Back from JSON. Raises UnexpectedAnswer where it is something else."""
        with readable("the contents of a backup"):
            return cls(*(tuple(map(str, known[kind])) for kind in ("buckets", "tokens", "tasks")))


def contents(buckets: Iterable[Json], tokens: Iterable[Json], tasks: Iterable[Json]) -> Contents:
    """From the lists of InfluxDB's API. Raises UnexpectedAnswer where a list has something else in it."""
    with readable("InfluxDB's list of buckets, tokens or tasks"):
        return Contents(
            *(tuple(sorted(map(line, items))) for line, items in ((_bucket, buckets), (_token, tokens), (_task, tasks)))
        )


def differing(expected: Contents, found: Contents) -> list[str]:
    """What a copy lacks or has too much, a line each."""
    pairs = (
        ("bucket", expected.buckets, found.buckets),
        ("token", expected.tokens, found.tokens),
        ("task", expected.tasks, found.tasks),
    )
    lines: list[str] = []
    for kind, wanted, there in pairs:
        lines += [f"{kind} missing: {one}" for one in sorted((Counter(wanted) - Counter(there)).elements())]
        lines += [f"{kind} never stored: {one}" for one in sorted((Counter(there) - Counter(wanted)).elements())]
    return lines


def retention_of(bucket: Json) -> int:
    """Seconds that a bucket stores its points; 0 for ever. Raises KeyError where it does not say."""
    return next((int(rule["everySeconds"]) for rule in bucket["retentionRules"] if rule["type"] == "expire"), 0)


def _bucket(one: Json) -> str:
    shards = [rule.get("shardGroupDurationSeconds", 0) for rule in one["retentionRules"]]
    return f"{one['name']}: retention {retention_of(one)} s, shards of {shards[0] if shards else 0} s"


def _token(one: Json) -> str:
    rights = sorted(_right(permission) for permission in one["permissions"])
    return f"{one['description'] or 'without a description'} ({one['status']}): {', '.join(rights)}"


def _right(permission: Json) -> str:
    resource = permission["resource"]
    what = resource.get("name") or resource.get("id")
    return f"{permission['action']} {resource['type']}{f'/{what}' if what else ''}"


def _task(one: Json) -> str:
    when = one.get("every") or one.get("cron") or "never"
    return f"{one['name']} ({one['status']}, {when}): {' '.join(one['flux'].split())}"
