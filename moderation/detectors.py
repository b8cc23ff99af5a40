"""Links, personal data and spam: reported as categories, and no reason by themselves to call a message toxic."""

import re
from collections import Counter
from collections.abc import Iterator

from moderation.lexicon import Category

# Top-level domains people post bare ("example.com"); with a scheme any host counts. "etc.so" and "me.and" are no links.
_BARE_ENDINGS = (
    "com|net|org|io|gg|tv|co|uk|de|fr|ru|info|biz|xyz|app|dev|live|link|site|online|shop|store|club|top|ly|gl|eu|ca|au|jp"
    "|cn|nl|pl|br|in"
)
_LINK = re.compile(
    r"(?:https?://|www\.)(?P<host>[\w.-]{1,253})"
    rf"|(?<![\w@.-])(?P<bare>(?:[a-z0-9][a-z0-9-]{{0,62}}\.){{1,4}}(?:{_BARE_ENDINGS}))(?![\w.-]*\w@|\w)",
    re.IGNORECASE,
)
_SPELLED_DOT = re.compile(rf"(?<=\w)\s?[\[({{]?\s?\bdot\b\s?[\])}}]?\s?(?=(?:{_BARE_ENDINGS})\b)", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}\b", re.IGNORECASE)
# Nine to nineteen digits with single separators: a telephone number, or a payment card if the check digit agrees.
_DIGITS = re.compile(r"(?<![\w.,/])\+?\(?\d(?:[ ()./-]{0,2}\d){8,18}(?![\w])")
_PHONE_SHAPE = re.compile(r"[+(0]|(?:1[ .-])?\d{3}[ .-]\d{3}[ .-]\d{4}$")
_MIN_PHONE, _MAX_PHONE = 9, 15
_MIN_CARD = 13

_REPEATED_CHARACTER = re.compile(r"(\S)\1{19}")
_WORD = re.compile(r"\w+")
_SPAM_REPEATS = 8


def hosts(text: str) -> tuple[str, ...]:
    """The hosts that `text` links to, casefolded, without a leading `www.`; also bare ones and "example dot com"."""
    joined = _SPELLED_DOT.sub(".", text) if "dot" in text.casefold() else text
    if "." not in joined and "://" not in joined:
        return ()
    found = (match["host"] or match["bare"] for match in _LINK.finditer(joined))
    return tuple(host.casefold().strip(".-").removeprefix("www.") for host in found)


def has_personal_data(text: str) -> bool:
    """Whether `text` has an e-mail address, a telephone number of 9 to 15 digits or a payment card number (Luhn)."""
    if "@" in text and _EMAIL.search(text):
        return True
    return any(_is_phone_or_card(match[0]) for match in _DIGITS.finditer(text))


def _is_phone_or_card(number: str) -> bool:
    digits = [int(character) for character in number if character.isdecimal()]
    if len(digits) >= _MIN_CARD and is_luhn(digits):
        return True
    return _MIN_PHONE <= len(digits) <= _MAX_PHONE and bool(_PHONE_SHAPE.match(number))


def is_luhn(digits: list[int]) -> bool:
    """Whether the last of `digits` is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return any(digits) and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_spam(text: str) -> bool:
    """Whether `text` is filled with one character (20 in a row) or one word (8 times, more than half of all)."""
    if _REPEATED_CHARACTER.search(text):
        return True
    words = _WORD.findall(text)
    if len(words) < _SPAM_REPEATS:
        return False
    (_, most), *_ = Counter(words).most_common(1)
    return most >= _SPAM_REPEATS and most * 2 > len(words)


def find(text: str) -> Iterator[Category]:
    """The categories of LINKS, PERSONAL_DATA and SPAM that `text` falls in."""
    if hosts(text):
        yield Category.LINKS
    if has_personal_data(text):
        yield Category.PERSONAL_DATA
    if is_spam(text):
        yield Category.SPAM
