"""`docs/events.md`: every command and event for developers of clients."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from django.conf import settings
from msgspec import inspect

from gateway import errors
from gateway.docs.sources import (
    MissingWordsError,
    Shape,
    answer_example,
    answer_type,
    legacy,
    shape_of,
    source,
    summary,
    words,
)
from gateway.errors import ERRORS, CloseCode
from gateway.events import COMMANDS, EVENTS, Command, CommandSpec, EventSpec, Id

_LINE = 100
_ID_PATTERN = Id.__metadata__[0].pattern  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Row:
    """A field in a table; a field of a field has a dot in its name."""

    name: str
    type: str
    present: bool
    legacy: bool
    meaning: str

    def __str__(self) -> str:
        marks = ["**legacy**" if self.legacy else "new"]
        if not self.present:
            marks.append("optional")
        return f"| `{self.name}` | {self.type} | {', '.join(marks)} | {self.meaning} |"


def markdown() -> str:
    """The page for developers of clients."""
    parts = {
        "contents": "\n".join(_contents()),
        "events": "\n".join(_sections()),
        "limits": "\n".join(_limits()),
        "errors": "\n".join(_errors()),
        "close codes": "\n".join(_close_codes()),
    }
    page = source("events.md").read_text()
    for name, text in parts.items():
        page = page.replace(f"<!-- {name} -->", text)
    return page


def _app(spec: CommandSpec | EventSpec) -> str:
    return spec.type.__module__.partition(".")[0]


def _specs() -> list[CommandSpec | EventSpec]:
    return [*COMMANDS.values(), *EVENTS.values()]


def _names(app: str) -> dict[str, None]:
    return dict.fromkeys(spec.name for spec in _specs() if _app(spec) == app)


def _contents() -> Iterator[str]:
    for app, title in words()["sections"].items():
        links = " · ".join(f"[`{name}`](#{name.replace(':', '')})" for name in _names(app))
        yield f"- {title}: {links}"


def _sections() -> Iterator[str]:
    undeclared = {_app(spec) for spec in _specs()} - set(words()["sections"])
    if undeclared:
        raise MissingWordsError(f"[sections] of {source('words.toml')} lacks {', '.join(sorted(undeclared))}")
    for app, title in words()["sections"].items():
        yield f"## {title}\n"
        for name in _names(app):
            yield f"### `{name}`\n"
            if name in COMMANDS:
                yield from _command(COMMANDS[name])
            for spec in EVENTS.values():
                if spec.name == name:
                    yield from _event(spec)


def _command(spec: CommandSpec) -> Iterator[str]:
    limit = f"`{spec.limit}`" if spec.limit else words()["limits"][spec.name]
    yield f"**Client → server.** {summary(spec.type)}\n"
    yield f"Limit: {limit}." + (" Only over a live connection." if spec.needs_connection else "") + "\n"
    yield from _table(spec.type, shape_of(spec))
    data = answer_type(spec)
    if data is not None and data not in EVENTS:
        yield "Data of the answer:\n"
        yield from _table(data, None)
    yield from _command_example(spec, answer_example(spec))


def _command_example(spec: CommandSpec, answer: dict[str, Any]) -> Iterator[str]:
    body = _json(spec.example)
    data = shown if len(shown := _json(answer)) <= 60 else "{ … }"
    yield "```js"
    yield "// Socket.IO"
    yield f'socket.emit("{spec.name}", {body}, (answer) => {{ … }});'
    yield f'// answer: {{"ok": true, "data": {data}}}'
    yield ""
    yield "// WebSocket"
    yield f'→ {{"event": "{spec.name}", "data": {body}, "ref": 1}}'
    yield f'← {{"event": "reply", "ref": 1, "ok": true, "data": {data}}}'
    if not spec.needs_connection:
        yield ""
        yield "// REST"
        yield f"POST /api/events/{spec.name}/   {body}"
        yield f'200 {{"ok": true, "data": {data}}}'
    yield "```\n"


def _event(spec: EventSpec) -> Iterator[str]:
    yield f"**Server → client**, to {spec.to}. {summary(spec.type)}\n"
    yield f"Delivery: {spec.delivery}.\n"
    yield from _table(spec.type, shape_of(spec))
    yield "```js"
    yield "// Socket.IO"
    yield f'socket.on("{spec.name}", (data) => {{ … }});'
    yield f"// data: {_pretty(spec.example)}".replace("\n", "\n// ")
    yield ""
    yield "// WebSocket"
    yield f'← {{"event": "{spec.name}", "data": {{ … the same … }}}}'
    yield "```\n"


def _table(struct: type[msgspec.Struct], shape: Shape | None) -> Iterator[str]:
    yield "| field | type | | meaning |"
    yield "|---|---|---|---|"
    yield from map(str, rows(struct, shape.fields if shape is not None else {}))
    yield ""


def rows(struct: type[msgspec.Struct], old: dict[str, Any], prefix: str = "") -> Iterator[Row]:
    """The fields of `struct` and of the structs in it; those in `old` are legacy."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        name = field.encode_name
        if name == "cid":
            continue
        meaning = _meaning(info.cls, field)
        present = field.required or not (issubclass(struct, Command) or struct.__struct_config__.omit_defaults)
        yield Row(prefix + name, _words(field.type), present, name in old, meaning)
        inner, many = _inner_struct(field.type)
        if inner is not None:
            older = old.get(name)
            yield from rows(inner, older if isinstance(older, dict) else {}, f"{prefix}{name}{'[]' if many else ''}.")


def _meaning(struct: type, field: inspect.Field) -> str:
    if isinstance(field.type, inspect.Metadata) and "description" in (field.type.extra_json_schema or {}):
        return str((field.type.extra_json_schema or {})["description"])
    attribute = re.search(rf"^ +{field.name}: (.+)$", (struct.__doc__ or "").partition("Attributes:")[2], re.MULTILINE)
    if attribute:
        return attribute[1]
    known = words()["fields"]
    meaning = known.get(f"{struct.__name__}.{field.encode_name}") or known.get(field.encode_name)
    if meaning is None:
        raise MissingWordsError(
            f'"{struct.__name__}.{field.encode_name}" has no meaning: add it to {source("words.toml")}'
        )
    return str(meaning)


def _inner_struct(kind: inspect.Type) -> tuple[type[msgspec.Struct] | None, bool]:
    match kind:
        case inspect.StructType():
            return kind.cls, False
        case inspect.ListType():
            return _inner_struct(kind.item_type)[0], True
        case inspect.UnionType():
            return next((found for found in map(_inner_struct, kind.types) if found[0]), (None, False))
        case inspect.Metadata():
            return _inner_struct(kind.type)
    return None, False


def _words(kind: inspect.Type) -> str:
    match kind:
        case inspect.StrType():
            return "id" if kind.pattern == _ID_PATTERN else "string"
        case inspect.IntType():
            return "integer"
        case inspect.FloatType():
            return "number"
        case inspect.BytesType():
            return "bytes"
        case inspect.BoolType():
            return "boolean"
        case inspect.NoneType():
            return "`null`"
        case inspect.LiteralType():
            return ", ".join(f"`{value}`" for value in kind.values)
        case inspect.ListType() | inspect.TupleType():
            return "array"
        case inspect.UnionType():
            return " or ".join(_words(one) for one in kind.types)
        case inspect.Metadata():
            return _words(kind.type)
        case inspect.RawType() | inspect.AnyType():
            return "JSON"
    return "object"


def _limits() -> Iterator[str]:
    yield "| limit | at most, a user |"
    yield "|---|---|"
    for name, pairs in settings.GATEWAY_RATE_LIMITS.items():
        yield f"| `{name}` | {', and '.join(f'{events} in {seconds:g} s' for events, seconds in pairs)} |"


def _errors() -> Iterator[str]:
    yield "| code | message | HTTP | what to do |"
    yield "|---|---|---|---|"
    for code, kind in ERRORS.items():
        message = f"**{kind.message}**" if code in legacy()["errors"] else kind.message
        yield f"| `{code}` | {message.replace('{seconds}', 'N')} | {kind.status} | {kind.advice} |"


def _close_codes() -> Iterator[str]:
    yield "| code | name | reconnect | meaning |"
    yield "|---|---|---|---|"
    for name, code in vars(errors).items():
        if isinstance(code, CloseCode):
            reconnect = "yes" if code.may_reconnect else "no"
            yield f"| {code} | {name.lower()} | {reconnect} | {words()['close_codes'][str(int(code))]} |"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _pretty(value: object, indent: str = "") -> str:
    """JSON on one line where it fits, else a line for each member."""
    line = _json(value)
    if len(indent) + len(line) <= _LINE or not isinstance(value, dict):
        return line
    members = ",\n".join(f"{indent}  {_json(key)}: {_pretty(inner, indent + '  ')}" for key, inner in value.items())
    return f"{{\n{members}\n{indent}}}"
