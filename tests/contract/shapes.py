"""Payloads held against `docs/source/legacy.toml`, field by field, and against the classes that declare them."""

import re
from typing import Any

import msgspec

from gateway.docs.sources import shape_of
from gateway.events import CommandSpec, EventSpec

# What an event of a room carries besides its own fields.
ENVELOPE = {"eventId", "seq", "epoch"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_ID = re.compile(r"[1-9][0-9]*")


def assert_legacy(spec: CommandSpec | EventSpec, payload: dict[str, Any]) -> None:
    """The payload has every legacy field of its event, with the JSON type released apps expect."""
    shape = shape_of(spec)
    if shape is not None:
        assert_shape(payload, shape.fields, spec.name)


def assert_shape(value: Any, expected: Any, where: str) -> None:
    """`value` is of the JSON type, one of the values, or has the fields, that `expected` names."""
    if isinstance(expected, dict):
        assert isinstance(value, dict), f"{where} is {value!r}"
        for name, inner in expected.items():
            assert name in value, f"{where} has no {name}: {value!r}"
            assert_shape(value[name], inner, f"{where}.{name}")
    elif isinstance(expected, list):
        assert value in expected, f"{where} is {value!r}"
    else:
        assert _is(value, expected), f"{where} is {value!r}, which is no {expected}"


def assert_declared(spec: EventSpec, payload: dict[str, Any]) -> None:
    """The payload is what the event's class declares: no field is missing, unknown or of another type."""
    declared = {field.encode_name: field for field in msgspec.structs.fields(spec.type)}
    needed = {name for name, field in declared.items() if field.required}
    assert needed <= set(payload) <= set(declared) | ENVELOPE, f"{spec.type.__name__}: {sorted(payload)}"
    msgspec.json.decode(msgspec.json.encode(payload), type=spec.type)


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "id":
            return isinstance(value, str) and _ID.fullmatch(value) is not None
        case "time":
            return isinstance(value, str) and _TIME.fullmatch(value) is not None
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "any":
            return True
    raise ValueError(f"no type is called {kind}")
