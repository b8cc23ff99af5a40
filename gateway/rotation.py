"""Sealing stored values anew: those under older keys, and those that were stored before they were encrypted."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q, QuerySet

from gateway.encryption import EncryptedTextField, current_prefix

_BATCH = 500


@dataclass(frozen=True, slots=True)
class EncryptedColumn:
    """One encrypted field of one model."""

    model: type[models.Model]
    field: EncryptedTextField

    @property
    def name(self) -> str:
        return f"{self.model._meta.db_table}.{self.field.column}"

    def stale(self) -> "QuerySet[models.Model]":
        """The rows whose value is not under the key in force."""
        name = self.field.attname
        rows = self.model._default_manager.exclude(
            Q(**{name: ""}) | Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__startswith": current_prefix()})
        )
        if self.field.only_when is not None:
            rows = rows.filter(**dict([self.field.only_when]))
        return rows.order_by("pk")

    def reseal(self) -> Iterator[int]:
        """Seal every stale row anew, a batch a transaction; yields how many each was. May be stopped at any time."""
        while done := self._reseal_batch():
            yield done

    def _reseal_batch(self) -> int:
        with transaction.atomic():
            stale = self.stale().select_for_update(of=("self",)).only("pk", self.field.attname, *self._condition)
            rows = list(stale[:_BATCH])
            for row in rows:
                # What is saved is opened, and sealed under the key in force.
                row.save(update_fields=[self.field.attname], force_update=True)
        return len(rows)

    @property
    def _condition(self) -> list[str]:
        return [self.field.only_when[0]] if self.field.only_when is not None else []


def encrypted_columns() -> list[EncryptedColumn]:
    """Every encrypted field of the project, in the order of its apps."""
    return [column for model in apps.get_models() for column in columns_of(model)]


def columns_of(model: type[models.Model]) -> list[EncryptedColumn]:
    """The encrypted fields of a model, which may be a migration's."""
    fields = model._meta.local_concrete_fields
    return [EncryptedColumn(model, field) for field in fields if isinstance(field, EncryptedTextField)]
