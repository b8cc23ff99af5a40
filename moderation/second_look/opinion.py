"""What a provider thinks of a message, and what every provider must be able to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol

import msgspec

from moderation.lexicon import Category

Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
ModelName = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]

# Categories that are named and by themselves take nothing back, as in the look before publication.
_NAMED_ONLY = frozenset((Category.PROFANITY, Category.SPAM, Category.LINKS, Category.PERSONAL_DATA))


@dataclass(frozen=True, slots=True)
class Opinion:
    """A provider's judgement of one message.

    Attributes:
        score: how bad it is, 0 to 1.
        categories: a score, 0 to 1, for each of our categories the provider knows.
        model: what judged it, as the provider names it.
    """

    score: float
    categories: Mapping[Category, float]
    model: str


class ProviderFailed(Exception):
    """A provider gave no answer that can be used. Says why in words without a message's text, a key or an address."""


class Provider(Protocol):
    """Somebody elsewhere who judges texts.

    Attributes:
        name: as the settings call it.
        most: how many texts one request may hold.
    """

    name: ClassVar[str]
    most: ClassVar[int]

    def judge(self, texts: Sequence[str]) -> list[Opinion]:
        """An opinion on each of the texts, at least one and at most `most`, in their order; by one request.

        Raises:
            ProviderFailed: there was no such answer in time.
        """
        ...


def opinion(scores: Mapping[Category, float], model: str) -> Opinion:
    """The opinion of a provider that scores categories: it is as bad as the worst of those that are more than named."""
    score = max((score for category, score in scores.items() if category not in _NAMED_ONLY), default=0.0)
    return Opinion(score=round(score, 4), categories=scores, model=model)


def worst(scores: Sequence[tuple[Category, float]]) -> dict[Category, float]:
    """The highest score of each category."""
    found: dict[Category, float] = {}
    for category, score in scores:
        found[category] = max(round(score, 4), found.get(category, 0.0))
    return found
