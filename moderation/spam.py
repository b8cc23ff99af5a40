"""Spam that one message alone does not show: the same words over and over, by one or by many, and storms of mentions.

Each rule is a bucket of the limits in Redis, charged together with those of the author's pace: counts are shared by all
processes, and a message costs no round trip of its own. A message that is refused for one counts for none.
"""

import hashlib
import re

from django.conf import settings

from gateway.errors import ErrorCode
from gateway.limits import Bucket
from moderation.detectors import hosts
from moderation.lists import Lists

# Shorter ones many say at once and mean it.
_CHORUS_CHARACTERS = 20
_MENTION = re.compile(r"(?<![\w@])@(\w{3,30})")

# Services whose links do not tell where they lead.
SHORTENERS = frozenset(
    [
        "adf.ly",
        "bit.do",
        "bit.ly",
        "bl.ink",
        "buff.ly",
        "clck.ru",
        "cutt.ly",
        "goo.gl",
        "is.gd",
        "j.mp",
        "lnkd.in",
        "ouo.io",
        "ow.ly",
        "qr.ae",
        "rb.gy",
        "rebrand.ly",
        "rotf.lol",
        "s.id",
        "shorte.st",
        "shorturl.at",
        "soo.gd",
        "t.co",
        "t.ly",
        "tiny.cc",
        "tiny.one",
        "tinyurl.com",
        "u.to",
        "v.gd",
        "x.co",
    ]
)


def buckets(author_id: str, stream_id: str, text: str) -> list[Bucket]:
    """What a message is charged besides its author's pace: `duplicate_message`, `flood` and `mention_storm`."""
    said = fingerprint(text)
    found = _buckets("repeat", f"{stream_id}:{author_id}:{said}", ErrorCode.DUPLICATE_MESSAGE)
    if len(text) >= _CHORUS_CHARACTERS:
        found += _buckets("chorus", f"{stream_id}:{said}", ErrorCode.FLOOD)
    mentioned = len({name.casefold() for name in _MENTION.findall(text)}) if "@" in text else 0
    if mentioned:
        found += _buckets("mention", author_id, ErrorCode.MENTION_STORM, mentioned)
    return found


def unique_bucket(stream_id: str, text: str) -> Bucket:
    """What a message is charged where nobody may repeat what somebody has just said."""
    key = f"unique:{stream_id}:{fingerprint(text)}"
    return Bucket(key, 1, settings.STREAM_UNIQUE_SECONDS, ErrorCode.NOT_UNIQUE)


def fingerprint(text: str) -> str:
    """What is the same for texts that differ in case and gaps alone; tells nothing of the text."""
    plain = " ".join(text.casefold().split())
    return hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=12).hexdigest()


def has_shortener(text: str, lists: Lists) -> bool:
    """Whether a text links to a shortener of links that `lists` do not allow."""
    return any(host in SHORTENERS and not lists.allows_host(host) for host in hosts(text))


def _buckets(name: str, key: str, code: ErrorCode, cost: int = 1) -> list[Bucket]:
    rates: list[tuple[int, float]] = settings.GATEWAY_RATE_LIMITS[name]
    return [Bucket(f"{name}:{seconds:g}:{key}", events, seconds, code, min(cost, events)) for events, seconds in rates]
