"""The JSON schema of a pipeline's profile, made from the types that read it: editors check and complete by it.

``python -m pipeline_services.model.pipeline_schema`` writes the published file anew.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from pipeline_services.model.arguments import Parser
from pipeline_services.model.atomic import json_text
from pipeline_services.model.cluster_part import KINDS_OF_PARTS, ClusterPart
from pipeline_services.model.component import ESCALATIONS, Component
from pipeline_services.model.flows import LAST_PORT, PROTOCOLS, Flow
from pipeline_services.model.paths import PIPELINES, short
from pipeline_services.model.pipeline import DELIVERIES, MEASURED_BY, WORKLOADS, Pipeline
from pipeline_services.model.toml_table import has_default

PUBLISHED: Final = PIPELINES / "schema.json"
COMMENT: Final = "#:schema"
"""How a TOML file's first line begins that tells an editor its schema."""
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_SCALARS: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}
_PORT: Final = {"minimum": 1, "maximum": LAST_PORT}
_LIMITS: Final[Mapping[type, Mapping[str, Mapping[str, Any]]]] = {
    Pipeline: {"usage": {"enum": [*MEASURED_BY]}, "delivery": {"enum": [*DELIVERIES]}},
    Component: {"kind": {"enum": [*WORKLOADS]}, "escalation": {"enum": [*ESCALATIONS]}},
    ClusterPart: {"kind": {"enum": [*KINDS_OF_PARTS]}},
    Flow: {"protocol": {"enum": [*PROTOCOLS]}, "port": _PORT},
}
"""What a value has to keep to beside its type."""
_FROM_ELSEWHERE: Final[Mapping[type, tuple[str, ...]]] = {Component: ("id",)}
"""Fields that no key of a table fills: a component's id is the name of its table."""


def schema() -> dict[str, Any]:
    """The schema of the whole document."""
    tables: dict[str, Any] = {}
    document = _table(Pipeline, tables)
    return {"$schema": _DIALECT, "title": "Profile of a pipeline", **document, "$defs": dict(sorted(tables.items()))}


def text() -> str:
    """The published file, as it should be."""
    return json_text(schema())


def _table(kind: type, tables: dict[str, Any]) -> dict[str, Any]:
    """The schema of a dataclass; those of the dataclasses in it are put into ``tables`` by their names."""
    hints, limits = get_type_hints(kind), _LIMITS.get(kind, {})
    fields = [one for one in dataclasses.fields(kind) if one.init and one.name not in _FROM_ELSEWHERE.get(kind, ())]
    needed = [one.name for one in fields if not has_default(one)]
    return {
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "type": "object",
        "additionalProperties": False,
        "properties": {one.name: {**_value(hints[one.name], tables), **limits.get(one.name, {})} for one in fields},
        **({"required": needed} if needed else {}),
    }


def _value(hint: Any, tables: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):  # what may be left out: TOML has no null
        [inner] = [one for one in arguments if one is not type(None)]
        return _value(inner, tables)
    if dataclasses.is_dataclass(hint):
        name = hint.__name__  # type: ignore[union-attr]
        if name not in tables:
            tables[name] = _table(hint, tables)  # type: ignore[arg-type]
        return {"$ref": f"#/$defs/{name}"}
    if origin is tuple:
        return {"type": "array", "items": _value(arguments[0], tables)}
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(arguments[0], arguments[1], tables)
    return {"type": _SCALARS[hint]}


def _mapping(key: type, value: Any, tables: dict[str, Any]) -> dict[str, Any]:
    names = {"propertyNames": {"pattern": "^[0-9]+$"}} if key is int else {}
    return {"type": "object", **names, "additionalProperties": _value(value, tables)}


def main(file: Path = PUBLISHED) -> int:
    """Write the published file."""
    file.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{short(file)} is as the model says\n")
    return 0


if __name__ == "__main__":
    Parser(prog="python -m pipeline_services.model.pipeline_schema", description=__doc__).parse_args()
    sys.exit(main())
