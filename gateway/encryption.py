"""Text encrypted at rest: AES-256-GCM, bound to its row, under keys that have names.

A stored value is `\\x01key:base64(nonce + ciphertext + tag)`. The table, the column and the row's
primary key are authenticated too, so that a value that is copied to another row does not open there. Keys come from
`FIELD_ENCRYPTION_KEYS`, the first of which seals; `manage.py rotate_keys` seals everything anew under it.
"""

import hashlib
import hmac
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, models
from django.db.models.query_utils import DeferredAttribute

# No text of a client holds this character: control characters are refused.
_MARK = "\x01"
_NONCE_BYTES = 12


class SealedText(str):
    """A stored value that has not been opened."""

    __slots__ = ()


class CannotOpen(Exception):
    """A stored value that was not sealed for this row, or whose key is not there. It names the row, not the value."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value belongs."""

    table: str
    column: str
    pk: str

    @property
    def bound(self) -> bytes:
        return f"{self.table}\x00{self.column}\x00{self.pk}".encode()


def seal(text: str, place: Place) -> str:
    """`text` as it is stored at `place`, under the key in force."""
    name, cipher = next(iter(_keys().items()))
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + cipher.encrypt(nonce, text.encode(), place.bound)
    return f"{_MARK}{name}:{b64encode(sealed).decode()}"


def unseal(stored: str, place: Place) -> str:
    """What was sealed for `place`.

    Raises:
        CannotOpen: it was sealed for another place, was changed, or its key is not there.
    """
    name, _, body = stored.removeprefix(_MARK).partition(":")
    cipher = _keys().get(name)
    if cipher is None:
        raise CannotOpen(f"{place.table}.{place.column} of row {place.pk}: there is no key {name!r}")
    sealed = b64decode(body)
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.bound).decode()
    except InvalidTag as error:
        raise CannotOpen(f"{place.table}.{place.column} of row {place.pk} was not sealed for it") from error


def current_prefix() -> str:
    """How every value begins that was sealed under the key in force."""
    return f"{_MARK}{next(iter(_keys()))}:"


def fingerprint(value: str) -> str:
    """An HMAC of `value` by which equal ones are found without keeping them. Its key is never rotated."""
    return hmac.new(settings.FINGERPRINT_KEY.encode(), value.encode(), hashlib.sha256).hexdigest()


@cache
def _keys() -> dict[str, AESGCM]:
    keys: dict[str, AESGCM] = {}
    for entry in settings.FIELD_ENCRYPTION_KEYS:
        name, _, secret = entry.partition(":")
        key = b64decode(secret)
        if not name or len(key) != 32:
            raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS holds `name:key`, a key being 32 bytes in base64.")
        keys[name] = AESGCM(key)
    if not keys:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty.")
    return keys


class _Opening(DeferredAttribute):
    """Opens a stored value when it is read first."""

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, SealedText):
            return value
        field = self.field
        assert isinstance(field, EncryptedTextField)
        text = unseal(value, field.place(instance))
        instance.__dict__[field.attname] = text
        return text

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in its row, and plain to whoever reads it through its model.

    The row's primary key must be known before it is inserted: a UUID, another row's, or a `ReservedId`. A query that
    asks for the column alone gets it as it is stored, and looking for its content finds nothing.

    Args:
        only_when: a field's name and the value it has in rows that are encrypted; all are when left out.
    """

    descriptor_class = _Opening

    def __init__(self, *args: Any, only_when: tuple[str, str] | None = None, **kwargs: Any) -> None:
        self.only_when = only_when
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.only_when is not None:
            kwargs["only_when"] = self.only_when
        return name, path, args, kwargs

    def place(self, instance: models.Model) -> Place:
        """Where this field's value of `instance` belongs."""
        if instance.pk is None:
            raise ValueError(f"the id of a {self.model.__name__} must be known before it is written")
        return Place(self.model._meta.db_table, self.column, str(instance.pk))

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return SealedText(value) if value is not None and value.startswith(_MARK) else value

    def pre_save(self, instance: models.Model, add: bool) -> Any:
        text = getattr(instance, self.attname)
        if not text or not self.is_sealed_in(instance):
            return text
        return seal(text, self.place(instance))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if self.only_when is None and isinstance(value, str) and value and not value.startswith(_MARK):
            raise ValueError(f"{self.column} is encrypted for its row: save the row instead of updating a query")
        return super().get_db_prep_save(value, connection)

    def is_sealed_in(self, instance: models.Model) -> bool:
        """Whether the value is encrypted in this row."""
        return self.only_when is None or getattr(instance, self.only_when[0]) == self.only_when[1]


class ReservedId(models.BigAutoField):  # type: ignore[type-arg]
    """An id that is taken from its sequence before the row is inserted, so that the row can be bound to it."""

    def get_pk_value_on_save(self, instance: models.Model) -> Any:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, %s))", [self.model._meta.db_table, self.column])
            return cursor.fetchone()[0]
