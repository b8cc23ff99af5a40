"""The words, patterns and domains an operator blocks and allows."""

import re
from dataclasses import dataclass
from functools import cached_property

from moderation import detectors
from moderation.normalise import readings

MAX_PATTERN_CHARACTERS = 200
# How many ways a pattern may try at one place of a text. With 500 places a search stays under some 20 ms.
MAX_PATTERN_COST = 2_000
_UNBOUNDED_COST = 500

_ESCAPED = re.compile(r"\\.")
_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_QUANTIFIER = re.compile(r"\{(\d*)(,?)(\d*)\}|[*+?]")
_REFUSED = re.compile(r"\)\s*[*+{]|\(\?(?![:i)])")


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a list: `value` is what it matches, `name` is what is reported and stored in its place."""

    name: str
    value: str


def bounded_pattern(value: str) -> re.Pattern[str]:
    """`value` compiled, ignoring case, if matching it takes bounded time on any message.

    Allowed: literals, classes, anchors, alternatives, groups, and quantifiers whose worst cases multiply to
    `MAX_PATTERN_COST` at most (one `*` or `+`, a few `?` and `{m,n}`). Refused with ValueError: repeated groups,
    look-around, back-references, a pattern longer than `MAX_PATTERN_CHARACTERS`, and one that is no regular
    expression.
    """
    if not value or len(value) > MAX_PATTERN_CHARACTERS:
        raise ValueError(f"a pattern has 1 to {MAX_PATTERN_CHARACTERS} characters")
    if re.search(r"\\(?:[1-9]|Z|A)", value):
        raise ValueError("a pattern may not refer back to a group")
    bare = _CLASS.sub("x", _ESCAPED.sub("x", value))
    if _REFUSED.search(bare):
        raise ValueError("a pattern may not repeat a group or look around")
    if _cost(bare) > MAX_PATTERN_COST:
        raise ValueError("a pattern may have one * or + and a few short repeats")
    try:
        return re.compile(value, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error


def _cost(bare: str) -> int:
    cost = 1 + bare.count("|")
    for quantifier in _QUANTIFIER.finditer(bare):
        cost *= _choices(quantifier)
    return cost


def _choices(quantifier: re.Match[str]) -> int:
    if quantifier[0] == "?":
        return 2
    if quantifier[0] in "*+" or (quantifier[2] and not quantifier[3]):
        return _UNBOUNDED_COST
    least, most = int(quantifier[1] or 0), int(quantifier[3] or quantifier[1] or 0)
    return max(most - least, 0) + 1


@dataclass(frozen=True)
class Lists:
    """An operator's lists, compiled on first use. Build one and keep it: it is a value, and matching changes nothing.

    A word matches whole words in any reading of a message, so its disguises match too; several words match as a
    phrase. A pattern is one `bounded_pattern` accepts. A domain matches itself and its subdomains. An allowed word is
    taken out before the lexicon and the model judge; an allowed domain is no link. Raises ValueError, on first use,
    for a pattern that is refused.
    """

    blocked_words: tuple[Rule, ...] = ()
    blocked_patterns: tuple[Rule, ...] = ()
    blocked_domains: tuple[Rule, ...] = ()
    allowed_words: tuple[Rule, ...] = ()
    allowed_domains: tuple[Rule, ...] = ()

    def blocking(self, text: str) -> tuple[str, ...]:
        """The names of the blocking rules that match the message `text` in any of its readings, sorted."""
        if not (self._blocking_patterns or self.blocked_domains):
            return ()
        linked = detectors.hosts(text) if self.blocked_domains else ()
        names = {rule.name for rule in self.blocked_domains if any(_is_within(host, rule.value) for host in linked)}
        for reading in readings(text):
            names.update(name for name, pattern in self._blocking_patterns if pattern.search(reading))
        return tuple(sorted(names))

    def without_allowed(self, reading: str) -> str:
        """`reading`, a casefolded text, without the allowed words."""
        return self._allowed.sub(" ", reading) if self._allowed else reading

    def only_allowed_links(self, text: str) -> bool:
        """Whether every host that `text` links to is allowed; False without a link."""
        found = detectors.hosts(text)
        return bool(found) and all(any(_is_within(host, rule.value) for rule in self.allowed_domains) for host in found)

    @cached_property
    def _blocking_patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        words = ((rule.name, _whole_words((rule.value,))) for rule in self.blocked_words)
        patterns = ((rule.name, bounded_pattern(rule.value)) for rule in self.blocked_patterns)
        return (*words, *patterns)

    @cached_property
    def _allowed(self) -> re.Pattern[str] | None:
        return _whole_words(tuple(rule.value for rule in self.allowed_words)) if self.allowed_words else None


NO_LISTS = Lists()


def _whole_words(values: tuple[str, ...]) -> re.Pattern[str]:
    phrases = (r"\W+".join(map(re.escape, value.casefold().split())) for value in values)
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)")


def _is_within(host: str, domain: str) -> bool:
    domain = domain.casefold().removeprefix("www.").strip(".")
    return host == domain or host.endswith(f".{domain}")
