"""`docs/asyncapi.json`, and what `docs/openapi.json` says of commands; schemas come from the events' classes."""

import json
from typing import Any

import msgspec

from gateway.docs.sources import answer_example, answer_type, shape_of, source, summary
from gateway.errors import ErrorBody
from gateway.events import COMMANDS, EVENTS, CommandSpec, EventSpec

_SCHEMAS = "#/components/schemas/{name}"


def asyncapi() -> dict[str, Any]:
    """The real-time interface as an AsyncAPI 3.0.0 document."""
    answers = [data for spec in COMMANDS.values() if (data := answer_type(spec)) is not None]
    types = [*(spec.type for spec in COMMANDS.values()), *EVENTS, *answers, ErrorBody]
    schemas = msgspec.json.schema_components(types, ref_template=_SCHEMAS)[1]
    frame = json.loads(source("asyncapi.json").read_text())
    messages, operations = frame["components"]["messages"], frame["operations"]
    for command in COMMANDS.values():
        title = command.type.__name__
        messages[title] = _message(command, _reference(title), command.example)
        messages[f"{title}Answer"] = _answer_message(command)
        operations[f"receive{title}"] = {
            "action": "receive",
            "summary": summary(command.type),
            **_on_channel(title),
            "reply": _on_channel(f"{title}Answer"),
        }
    for event in EVENTS.values():
        title = event.type.__name__
        payload = {"allOf": [_reference(title), _reference("Envelope")]}
        messages[title] = {**_message(event, payload, event.example), "x-to": event.to, "x-delivery": event.delivery}
        operations[f"send{title}"] = {"action": "send", "summary": summary(event.type), **_on_channel(title)}
    frame["channels"]["main"]["messages"] = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    frame["components"]["schemas"].update(schemas)
    return frame  # type: ignore[no-any-return]


def _message(spec: CommandSpec | EventSpec, payload: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    shape = shape_of(spec)
    return {
        "name": spec.name,
        "title": spec.type.__name__,
        "summary": summary(spec.type),
        "payload": payload,
        "examples": [{"payload": example}],
        "x-legacy-fields": list(shape.fields) if shape is not None else [],
    }


def _answer_message(spec: CommandSpec) -> dict[str, Any]:
    data = answer_type(spec)
    success: dict[str, Any] = {
        "ok": {"const": True},
        "data": _reference(data.__name__) if data is not None else {"type": "object"},
    }
    refusal: dict[str, Any] = {"ok": {"const": False}, "error": _reference("ErrorBody")}
    return {
        "name": f"{spec.name} answer",
        "payload": {
            "oneOf": [
                {"type": "object", "properties": part, "required": list(part), "additionalProperties": False}
                for part in (success, refusal)
            ]
        },
        "examples": [{"payload": {"ok": True, "data": answer_example(spec)}}],
    }


def _reference(title: str) -> dict[str, str]:
    return {"$ref": _SCHEMAS.format(name=title)}


def _on_channel(message: str) -> dict[str, Any]:
    return {"channel": {"$ref": "#/channels/main"}, "messages": [{"$ref": f"#/channels/main/messages/{message}"}]}


def describe_commands(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: add the endpoint of commands, and the refusal every operation may answer."""
    offered = [spec for spec in COMMANDS.values() if not spec.needs_connection]
    types = [*(spec.type for spec in offered), ErrorBody]
    schemas = msgspec.json.schema_components(types, ref_template=_SCHEMAS)[1]
    frame = json.loads(source("openapi.json").read_text())
    components = result.setdefault("components", {})
    components["schemas"] = dict(sorted({**components.get("schemas", {}), **frame["schemas"], **schemas}.items()))
    components["responses"] = frame["responses"]
    operation = frame["operation"]
    operation["parameters"][0]["schema"]["enum"] = [spec.name for spec in offered]
    operation["requestBody"]["content"]["application/json"] = {
        "schema": {"anyOf": [_reference(spec.type.__name__) for spec in offered]},
        "examples": {spec.name: {"value": spec.example} for spec in offered},
    }
    result["paths"] = dict(sorted({**result["paths"], "/api/events/{name}/": {"post": operation}}.items()))
    for path in result["paths"].values():
        for method in path.values():
            method["responses"]["default"] = {"$ref": "#/components/responses/Refusal"}
    return result
