"""The words, patterns and domains an operator blocks and allows."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import re2

from moderation import detectors
from moderation.lexicon import LEVEL_SCORES, Category

MAX_VALUE_CHARACTERS = 120
# What the machine of one pattern, and that of all together, may take; RE2 refuses what needs more.
_PATTERN_BYTES = 1 << 20
_PATTERNS_BYTES = 64 << 20

_TOKEN = re.compile(r"\w+")
_DOMAIN = re.compile(r"(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a list: `value` is what it matches, `name` is what is reported and stored in its place.

    `category` and `level`, 1 to 4, say what a blocked thing counts as; of what is allowed they mean nothing.
    """

    name: str
    value: str
    category: Category = Category.PROFANITY
    level: int = 3

    @property
    def score(self) -> float:
        """The least score, 0 to 1, of a message in which the rule was found."""
        return LEVEL_SCORES[self.level]


def word(value: str) -> str:
    """`value` as a word or a phrase is kept.

    Raises:
        ValueError: it begins or ends with a sign, as a pattern may.
    """
    kept = " ".join(value.casefold().split())
    _require_length(kept)
    if not (_TOKEN.match(kept) and _TOKEN.match(kept[-1])):
        raise ValueError("a word begins and ends with a letter or a digit; use a pattern for signs")
    return kept


def domain(value: str) -> str:
    """`value` as a domain is kept.

    Raises:
        ValueError: it is none, such as an address with a path.
    """
    kept = value.strip().casefold().removeprefix("www.").strip(".")
    _require_length(kept)
    if not _DOMAIN.fullmatch(kept):
        raise ValueError("a domain is a name such as example.com, without scheme and path")
    return kept


def pattern(value: str) -> Any:
    """`value` compiled by RE2, ignoring case: matching takes time in proportion to the message, whatever the pattern.

    Raises:
        ValueError: RE2 cannot read it, as look-around and back-references; it matches everything; it is too long.
    """
    _require_length(value)
    try:
        compiled = _compiled(value, _PATTERN_BYTES)
    except re2.error as error:
        reason = error.args[0]
        raise ValueError(f"not a pattern of RE2: {reason.decode() if isinstance(reason, bytes) else reason}") from error
    if compiled.search(b""):
        raise ValueError("a pattern must not match the empty text: it would match every message")
    return compiled


@dataclass(frozen=True)
class Lists:
    """An operator's lists, compiled on first use. Build one and keep it: it is a value, and matching changes nothing.

    A word matches whole words in any reading of a message, so its disguises match too; several words match as a
    phrase. A pattern is one `pattern` accepts. A domain matches itself and its subdomains. What is allowed is taken
    out before the lexicon and the model judge; an allowed domain is no link. Raises ValueError, on first use, for a
    pattern that is refused.

    Attributes:
        wider: lists that hold too, as those for everywhere do in a stream.
    """

    blocked_words: tuple[Rule, ...] = ()
    blocked_patterns: tuple[Rule, ...] = ()
    blocked_domains: tuple[Rule, ...] = ()
    allowed_words: tuple[Rule, ...] = ()
    allowed_patterns: tuple[Rule, ...] = ()
    allowed_domains: tuple[Rule, ...] = ()
    wider: "Lists | None" = None

    def blocking(self, text: str, ways: Sequence[str]) -> frozenset[Rule]:
        """The blocking rules that match the message `text`, which can be read in `ways`."""
        found = set(self.wider.blocking(text, ways)) if self.wider is not None else set()
        if self.blocked_domains:
            linked = detectors.hosts(text)
            found.update(rule for rule in self.blocked_domains if any(_is_within(host, rule.value) for host in linked))
        for reading in ways if self.blocked_words or self.blocked_patterns else ():
            found.update(_words_in(reading, self._words))
            found.update(self._patterns_in(reading))
        return frozenset(found)

    def without_allowed(self, reading: str) -> str:
        """`reading`, a casefolded text, without what is allowed."""
        if self.wider is not None:
            reading = self.wider.without_allowed(reading)
        if self._allowed is not None:
            reading = self._allowed.sub(" ", reading)
        for compiled in self._allowed_patterns:
            reading = compiled.sub(b" ", _bytes(reading)).decode()
        return reading

    def only_allowed_links(self, text: str) -> bool:
        """Whether every host that `text` links to is allowed; False without a link."""
        found = detectors.hosts(text)
        return bool(found) and all(self.allows_host(host) for host in found)

    def allows_host(self, host: str) -> bool:
        """Whether links to `host` are allowed."""
        if any(_is_within(host, rule.value) for rule in self.allowed_domains):
            return True
        return self.wider is not None and self.wider.allows_host(host)

    def _patterns_in(self, reading: str) -> Iterator[Rule]:
        if not self._patterns:
            return
        text = _bytes(reading)
        # Nearly every message matches none of them, which one search tells.
        if self._any_pattern is None or self._any_pattern.search(text):
            yield from (rule for rule, compiled in self._patterns if compiled.search(text))

    @cached_property
    def _words(self) -> dict[str, list[tuple[list[str], Rule]]]:
        """Words and phrases by their first word: ten thousand cost a message no more than ten."""
        table: dict[str, list[tuple[list[str], Rule]]] = defaultdict(list)
        for rule in self.blocked_words:
            tokens = _TOKEN.findall(rule.value.casefold())
            table[tokens[0]].append((tokens, rule))
        return dict(table)

    @cached_property
    def _patterns(self) -> tuple[tuple[Rule, Any], ...]:
        return tuple((rule, pattern(rule.value)) for rule in self.blocked_patterns)

    @cached_property
    def _any_pattern(self) -> Any:
        """All blocked patterns as one; None when they cannot be, as with two groups of one name."""
        try:
            return _compiled("|".join(f"(?:{rule.value})" for rule in self.blocked_patterns), _PATTERNS_BYTES)
        except re2.error:
            return None

    @cached_property
    def _allowed_patterns(self) -> tuple[Any, ...]:
        return tuple(pattern(rule.value) for rule in self.allowed_patterns)

    @cached_property
    def _allowed(self) -> re.Pattern[str] | None:
        return _whole_words(rule.value for rule in self.allowed_words) if self.allowed_words else None


NO_LISTS = Lists()


def _compiled(value: str, most_bytes: int) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = most_bytes
    return re2.compile(value.encode(), options)


def _words_in(reading: str, table: dict[str, list[tuple[list[str], Rule]]]) -> Iterator[Rule]:
    if not table:
        return
    tokens = _TOKEN.findall(reading)
    for place, token in enumerate(tokens):
        for wanted, rule in table.get(token, ()):
            if tokens[place : place + len(wanted)] == wanted:
                yield rule


def _whole_words(values: Iterable[str]) -> re.Pattern[str]:
    phrases = (r"\W+".join(map(re.escape, value.casefold().split())) for value in values)
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)")


def _bytes(reading: str) -> bytes:
    # What no encoding knows, as half of a surrogate pair, matches no pattern.
    return reading.encode("utf-8", "replace")


def _is_within(host: str, name: str) -> bool:
    name = name.casefold().removeprefix("www.").strip(".")
    return host == name or host.endswith(f".{name}")


def _require_length(value: str) -> None:
    if not 0 < len(value) <= MAX_VALUE_CHARACTERS:
        raise ValueError(f"an entry has 1 to {MAX_VALUE_CHARACTERS} characters")
