"""As much of JSON schema as the published one uses. Whatever else it says fails here: nothing goes unchecked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list}
_SAYS_NOTHING = {"$schema", "$defs", "title", "description"}


def mistakes(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any] | None = None, at: str = "") -> list[str]:
    """What is wrong with ``value``: a line for each place; empty where it keeps to the schema."""
    return list(_mistakes(value, schema, schema if root is None else root, at))


def _mistakes(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    known = {"$ref", "type", "enum", "minimum", "maximum", "pattern", "items", "properties", "required"}
    assert not schema.keys() - known - {"additionalProperties", "propertyNames"} - _SAYS_NOTHING
    if "$ref" in schema:
        yield from _mistakes(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
        return
    if "type" in schema and (not isinstance(value, _TYPES[schema["type"]]) or _a_bool_for_a_number(value, schema)):
        yield f"{at}: {value!r} is no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if value < schema["minimum"] if "minimum" in schema else False:
        yield f"{at}: {value!r} is too small"
    if value > schema["maximum"] if "maximum" in schema else False:
        yield f"{at}: {value!r} is too large"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _mistakes(one, schema["items"], root, f"{at}[{number}]")
    if isinstance(value, dict):
        yield from _mistakes_of_a_table(value, schema, root, at)


def _mistakes_of_a_table(
    table: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], at: str
) -> Iterator[str]:
    yield from (f"{at}: {key} is missing" for key in schema.get("required", ()) if key not in table)
    properties, other = schema.get("properties", {}), schema["additionalProperties"]
    for key, inner in table.items():
        yield from _mistakes(key, schema.get("propertyNames", {}), root, f"{at}.{key}")
        if key not in properties and other is False:
            yield f"{at}: {key} is unknown"
        else:
            yield from _mistakes(inner, properties.get(key, other), root, f"{at}.{key}".removeprefix("."))


def _a_bool_for_a_number(value: Any, schema: Mapping[str, Any]) -> bool:
    return isinstance(value, bool) and schema["type"] in ("integer", "number")
