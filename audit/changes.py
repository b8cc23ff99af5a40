"""What an act changed of a row, told without text: that may be a message or name a person, and entries stay."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, Model

Values = dict[str, Any]


def snapshot(row: Model) -> Values:
    """The columns of `row` as they are in memory, and the ids it is linked to as they are in the database."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    if row.pk is not None:
        for link in row._meta.many_to_many:
            values[link.name] = sorted(getattr(row, link.name).values_list("pk", flat=True))
    return values


def stored(row: Model) -> Values:
    """The same, all as the database has it; empty when it has no such row."""
    found = type(row)._base_manager.filter(pk=row.pk).first()
    return snapshot(found) if found is not None else {}


def difference(before: Values, after: Values) -> tuple[Values, Values]:
    """What of two snapshots differs, before and after; a name only one of them has counts as different."""
    names = [name for name in {**before, **after} if before.get(name, ...) != after.get(name, ...)]
    return (
        {name: before[name] for name in names if name in before},
        {name: after[name] for name in names if name in after},
    )


def told(values: Mapping[str, Any], model: type[Model], plain: Sequence[str] = ()) -> Values:
    """`values` of a row of `model`: of text only the length, but for fields with choices and those in `plain`."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return {
        name: to_json(value) if name in plain or _is_a_choice(fields.get(name)) else without_text(value)
        for name, value in values.items()
    }


def without_text(value: Any) -> Any:
    """`value` as JSON takes it, with the length of text in place of text."""
    if isinstance(value, str):
        return f"text of {len(value)} characters" if value else ""
    if isinstance(value, Mapping):
        return {str(name): without_text(part) for name, part in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return [without_text(part) for part in value]
    return to_json(value)


def to_json(value: Any) -> Any:
    """`value` as JSON gives it back."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder, default=None))


def _is_a_choice(field: "Field[Any, Any] | None") -> bool:
    return field is not None and bool(field.choices)
