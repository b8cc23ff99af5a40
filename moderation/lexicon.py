"""Words and phrases that are never, or hardly ever, meant kindly.

The lexicon is a second opinion beside the model, not a replacement for it. It says *why* a message was stopped (the
model knows one number only), it gives the reader of disguises (`moderation.normalise`) the words worth looking for,
and it holds what a model of single words cannot see: threats and wishes of harm made of harmless words. It stays
short on purpose: a word belongs here only when nearly every use of it in a chat falls in its category.

The data is `lexicon.toml`: `words` have a category and a level; `phrases` are patterns, one alternative a line, in
which a space is any gap between two words and `<you>` stands for the pattern of that name under `parts`. A phrase is
searched only in a message with one of its `words`, so a clean message pays for one intersection of sets. `idioms` are
what the model should not hear.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any


class Category(StrEnum):
    """What a message can be held for."""

    PROFANITY = "profanity"
    HARASSMENT = "harassment"
    HATE = "hate"
    SEXUAL = "sexual"
    THREAT = "threat"
    SELF_HARM = "self_harm"
    SPAM = "spam"
    LINKS = "links"
    PERSONAL_DATA = "personal_data"


# Level 0 is "not at all". Under the default thresholds level 3 stops and level 4 bans, whatever the model says.
LEVEL_SCORES: tuple[float, ...] = (0.0, 0.3, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Term:
    """One rule of the lexicon: its category and how bad it is, from 1 (mild) to 4 (ban)."""

    category: Category
    level: int

    @property
    def score(self) -> float:
        """The least score, 0 to 1, of a message in which the term was found."""
        return LEVEL_SCORES[self.level]

    @property
    def name(self) -> str:
        """The name a verdict reports, such as `lexicon.hate`; never the matched text."""
        return f"lexicon.{self.category}"


_Phrase = tuple[Term, re.Pattern[str]]

_DATA: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text("utf-8"))


def _term(entry: Mapping[str, Any]) -> Term:
    return Term(Category(entry["category"]), entry["level"])


def _words() -> Mapping[str, Term]:
    return MappingProxyType({word: _term(entry) for entry in _DATA["words"] for word in entry["words"].split()})


def _phrase(entry: Mapping[str, Any]) -> _Phrase:
    pattern = "|".join(entry["patterns"])
    # Parts are given in an order in which none names an earlier one.
    for name, part in _DATA["parts"].items():
        pattern = pattern.replace(f"<{name}>", part)
    return _term(entry), re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")


def _phrases_by_word() -> Mapping[str, tuple[_Phrase, ...]]:
    table: dict[str, tuple[_Phrase, ...]] = {}
    for entry in _DATA["phrases"]:
        phrase = _phrase(entry)
        for word in entry["words"].split():
            table[word] = (*table.get(word, ()), phrase)
    return MappingProxyType(table)


WORDS: Mapping[str, Term] = _words()
_PHRASES = _phrases_by_word()
_IDIOMS = re.compile("|".join(_DATA["idioms"]["patterns"]))
_TOKEN = re.compile(r"[\w']+|🖕")

# Every word worth looking for behind a disguise: those of the lexicon, and those its phrases are made of.
KNOWN: frozenset[str] = frozenset(WORDS) | frozenset(word for word in _PHRASES if len(word) > 2)


def without_idioms(reading: str) -> str:
    """`reading`, a casefolded text, without the kind idioms ("damn good") that a model of single words misjudges."""
    return _IDIOMS.sub(" ", reading)


def find(reading: str) -> frozenset[Term]:
    """The terms of the lexicon found in `reading`, a casefolded text; punctuation does not hide a phrase."""
    tokens = _TOKEN.findall(reading)
    distinct = set(tokens)
    found = {WORDS[token] for token in WORDS.keys() & distinct}
    triggers = _PHRASES.keys() & distinct
    if triggers:
        line = " ".join(tokens)
        phrases = {phrase for trigger in triggers for phrase in _PHRASES[trigger]}
        found.update(term for term, pattern in phrases if pattern.search(line))
    return frozenset(found)
