"""Who wrote what, and when: the API server keeps that with every object, and nearly every incident begins with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from typing import Any, Final

from pipeline_services.model.errors import PipelineError
from pipeline_services.model.k8s import managed_fields_of, name_of
from pipeline_services.model.kinds import WORKLOAD_KINDS, kind_of

WRITTEN: Final = (
    *(kind.source for kind in WORKLOAD_KINDS),
    *(
        "configmaps",
        "secrets",
        "services",
        "networkpolicies",
        "hpas",
        "pvcs",
        "system_deployments",
        "system_daemonsets",
    ),
)
"""The lists whose objects somebody writes on purpose."""
STATUS: Final = "status"
MOST_FIELDS: Final = 40
SHALLOWEST: Final = 2

_Tree = Mapping[str, Any]


def changes_in(lists: Mapping[str, Future[list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """What was written to the objects of all lists, the newest last. Names of fields only, never a value.

    A list that could not be read is left out here, where its own source says why.

    Raises:
        PipelineError: no list could be read.
    """
    found: list[dict[str, Any]] = []
    failures: list[PipelineError] = []
    read = 0
    for source in sorted(lists.keys() & set(WRITTEN)):
        try:
            items = lists[source].result()
        except PipelineError as error:
            failures.append(error)
            continue
        read += 1
        found += [change for item in items for change in _changes(kind_of(source).name, item)]
    if failures and not read:
        raise failures[0]
    return sorted(found, key=lambda change: str(change["time"]))


def _changes(kind: str, item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One entry for each manager; what controllers report about an object is no change of it."""
    for entry in managed_fields_of(item):
        if entry.get("subresource") != STATUS and entry.get("time"):
            yield {
                "kind": kind,
                "name": name_of(item),
                "manager": entry.get("manager", ""),
                "operation": entry.get("operation", ""),
                "time": entry["time"],
                "fields": fields_of(entry.get("fieldsV1") or {}),
            }


def fields_of(tree: _Tree) -> list[str]:
    """The paths of a set of fields, like ``spec.template.spec.containers[kafka].image``.

    As deep as at most ``MOST_FIELDS`` paths allow: who wrote a whole object is told in a few broad ones.
    """
    deep = list(_paths(tree, ""))
    depth = max((len(path) for path in deep), default=0)
    while depth > SHALLOWEST and len({path[:depth] for path in deep}) > MOST_FIELDS:
        depth -= 1
    return ["".join(path).removeprefix(".") for path in dict.fromkeys(path[:depth] for path in deep)][:MOST_FIELDS]


def _paths(tree: _Tree, key: str) -> Iterator[tuple[str, ...]]:
    """Every leaf as the steps that lead to it. A member of a set (``v:``) is a value, so its set is the leaf."""
    steps = {_step(name): below for name, below in tree.items() if name[:2] in ("f:", "k:", "i:")}
    here = (key,) if key else ()
    if not steps and key:
        yield here
    for step, below in steps.items():
        for path in _paths(below, step):
            yield (*here, *path)


def _step(name: str) -> str:
    """``f:spec`` is a field, ``k:{"name":"kafka"}`` an entry of a list by its key, ``i:0`` one by its place."""
    sort, _, rest = name.partition(":")
    if sort == "f":
        return f".{rest}"
    if sort == "i":
        return f"[{rest}]"
    return f"[{'/'.join(str(value) for value in json.loads(rest).values())}]"
