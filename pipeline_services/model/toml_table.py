"""Typed values from TOML tables, strictly: an unknown key or a value of the wrong type is an error that names it."""

from __future__ import annotations

import dataclasses
import difflib
import math
import tomllib
import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from pipeline_services.model.errors import PreconditionNotMet

T = TypeVar("T")
_MOST_NAMED: Final = 20
_TYPES: Final = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The document in ``path``. Raises PreconditionNotMet where it cannot be read, or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PreconditionNotMet(f"cannot read {what}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PreconditionNotMet(f"{what} is not TOML: it is not UTF-8 text") from error
    except ValueError as error:
        raise PreconditionNotMet(f"{what} is not TOML: {error}") from error


def dataclass_from(kind: type[T], table: object, where: str) -> T:
    """A dataclass whose fields are the table's keys.

    Raises:
        PreconditionNotMet: a key is unknown (the nearest known one is named) or missing, or a value has another type.
    """
    if not isinstance(table, Mapping):
        raise PreconditionNotMet(f"{where} must be a table, not {table!r}")
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}  # type: ignore[arg-type]
    for key in table:
        if key not in fields:
            raise PreconditionNotMet(f"unknown key {key!r} in {where}; {_meant(str(key), fields)}")
    for name, field in fields.items():
        if name not in table and not has_default(field):
            raise PreconditionNotMet(f"{where} has no {name!r}")
    hints = _hints(kind)  # type: ignore[arg-type]
    return kind(**{str(key): _value(hints[str(key)], value, f"{where}.{key}") for key, value in table.items()})


def is_none_of(name: str, known: Iterable[str]) -> str:
    """Words for a name that is not known: which the known ones are, as far as a line holds them, and the nearest."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    others = f", … ({len(names)} in all)" if len(names) > _MOST_NAMED else ""
    return f"is none of {', '.join(names[:_MOST_NAMED])}{others}" + (f"; did you mean {near[0]!r}?" if near else "")


def require_one_of(where: str, value: str, known: Collection[str]) -> None:
    """Raise ``PreconditionNotMet``, with the nearest known name, where the value is none of them."""
    if value not in known:
        raise PreconditionNotMet(f"{where}: {value!r} {is_none_of(value, known)}")


def _meant(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"


def table_of(value: Any) -> Any:
    """The table that ``dataclass_from`` reads as this value, fit for JSON. What is as by default is left out."""
    if dataclasses.is_dataclass(value):
        fields = {field: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {field.name: table_of(inner) for field, inner in fields.items() if inner != _default(field)}
    if isinstance(value, Mapping):
        return {str(key): table_of(inner) for key, inner in value.items()}
    return [table_of(inner) for inner in value] if isinstance(value, tuple) else value


def texts_in(value: object) -> Iterator[str]:
    """Every text in a value made of dataclasses, mappings and tuples, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts_in(key)
            yield from texts_in(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from texts_in(inner)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from texts_in(getattr(value, name))


def has_default(field: dataclasses.Field[Any]) -> bool:
    """Whether a table may leave the field out."""
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, value: object, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        [hint] = [one for one in arguments if one is not type(None)]
        return _value(hint, value, where)
    if dataclasses.is_dataclass(hint):
        return dataclass_from(hint, value, where)  # type: ignore[arg-type]
    if origin is tuple:
        if not isinstance(value, list):
            raise PreconditionNotMet(f"{where} must be a list, not {value!r}")
        return tuple(_value(arguments[0], one, f"{where}[{index}]") for index, one in enumerate(value))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(arguments, value, where)
    return _scalar(hint, value, where)


def _mapping(arguments: tuple[Any, ...], value: object, where: str) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise PreconditionNotMet(f"{where} must be a table, not {value!r}")
    key_type, value_type = arguments
    found = {}
    for key, inner in value.items():
        if key_type is int and not str(key).isdigit():
            raise PreconditionNotMet(f"{where}: the key {key!r} must be a whole number")
        found[key_type(key)] = _value(value_type, inner, f"{where}.{key}")
    return found


def _scalar(hint: Any, value: object, where: str) -> Any:
    wanted = (int, float) if hint is float else (hint,)
    if not isinstance(value, wanted) or (isinstance(value, bool) and hint is not bool):
        raise PreconditionNotMet(f"{where} must be {_TYPES[hint]}, not {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise PreconditionNotMet(f"{where} must be a finite number, not {value!r}")
    return hint(value)
