"""What the documentation is made of: the registries of the code, and what only people can say.

In `docs/source/`, `events.md` is the frame of the page, `words.toml` says what fields mean, `legacy.toml`
what released apps rely on; `asyncapi.json` and `openapi.json` are the frames of those documents.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
from django.conf import settings

from gateway.dispatch import HANDLERS
from gateway.events import EVENTS, CommandSpec, EventSpec


class MissingWordsError(Exception):
    """Something has no words yet; the text says where to write them."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A payload released apps rely on: the event, who sends it (`client` or `server`), and its fields' types."""

    event: str
    sender: str
    fields: dict[str, Any]

    def fits(self, struct: type[msgspec.Struct]) -> bool:
        """Whether `struct` has all of the shape's fields; `eventId` every event has."""
        return set(self.fields) - {"eventId"} <= {field.encode_name for field in msgspec.structs.fields(struct)}


def source(name: str) -> Path:
    """A hand-written source of the documentation."""
    return Path(settings.BASE_DIR) / "docs" / "source" / name


@cache
def words() -> dict[str, dict[str, Any]]:
    """What the code does not say of itself."""
    return tomllib.loads(source("words.toml").read_text())


@cache
def legacy() -> dict[str, Any]:
    """What released apps rely on."""
    return tomllib.loads(source("legacy.toml").read_text())


def shapes() -> list[Shape]:
    """Every payload released apps rely on."""
    return [Shape(shape["event"], shape["from"], shape["fields"]) for shape in legacy()["shape"]]


def shape_of(spec: CommandSpec | EventSpec) -> Shape | None:
    """The legacy shape a command or event carries, if any."""
    sender = "client" if isinstance(spec, CommandSpec) else "server"
    fitting = [
        shape for shape in shapes() if (shape.event, shape.sender) == (spec.name, sender) and shape.fits(spec.type)
    ]
    return fitting[0] if fitting else None


def answer_type(spec: CommandSpec) -> type[msgspec.Struct] | None:
    """The class of a successful answer's data, when the handler declares one."""
    declared = get_type_hints(HANDLERS[spec.type])["return"]
    is_data = isinstance(declared, type) and issubclass(declared, msgspec.Struct)
    return declared if is_data else None


def answer_example(spec: CommandSpec) -> dict[str, Any]:
    """An example of a successful answer's data."""
    event = EVENTS.get(answer_type(spec))  # type: ignore[arg-type]
    example: dict[str, Any] = event.example if event is not None else words()["answers"].get(spec.name, {})
    return example


def summary(struct: type) -> str:
    """What a class says of itself, without its attributes."""
    return (struct.__doc__ or "").partition("\n\n")[0].replace("\n    ", " ").strip()
