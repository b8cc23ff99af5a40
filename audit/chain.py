"""How entries are chained and signed. Both are pure; the keys are those of `AUDIT_KEYS`."""

import hashlib
import hmac
import json

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from audit.models import Entry

# What the first entry names as the hash of the one before it.
FIRST = "0" * 64

_CHAINED = (
    "created_at", "origin", "actor_id", "address", "action", "target_kind", "target_id", "before", "after", "reason",
)  # fmt: skip


def as_json(entry: Entry) -> str:
    """What of an entry is chained, in the one way it can be written."""
    body = {name: getattr(entry, name) for name in _CHAINED}
    body["created_at"] = entry.created_at.isoformat(timespec="microseconds")
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, cls=DjangoJSONEncoder)


def digest(entry: Entry) -> str:
    """The hash of an entry and of the one before it; without the id, so that a moved row is told from an edited one."""
    return hashlib.sha256(f"{entry.previous_hash}\n{as_json(entry)}".encode()).hexdigest()


def sign(data: bytes) -> str:
    """The HMAC-SHA256 of `data` with the first of the keys, in hexadecimal."""
    return _hmac(settings.AUDIT_KEYS[0], data)


def is_signed(data: bytes, signature: str) -> bool:
    """Whether one of the keys signed `data`."""
    return any(hmac.compare_digest(_hmac(key, data), signature) for key in settings.AUDIT_KEYS)


def head_bytes(last_id: int, last_hash: str) -> bytes:
    """What is signed of the end of the chain."""
    return f"{last_id}:{last_hash}".encode()


def _hmac(key: str, data: bytes) -> str:
    return hmac.new(key.encode(), data, hashlib.sha256).hexdigest()
