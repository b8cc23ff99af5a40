"""Judge messages: read through disguises, look them up, ask the model once, decide."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.conf import settings

from moderation import detectors, lexicon
from moderation.lexicon import Category, Term
from moderation.lists import NO_LISTS, Lists
from moderation.model import ToxicityModel, load_model
from moderation.normalise import readings
from moderation.policy import Policy, Verdict

_NO_CATEGORIES: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reading:
    """One way a message may be read, what the model gives it, 0 to 1, and the terms of the lexicon found in it."""

    text: str
    model_score: float
    terms: frozenset[Term]

    @property
    def score(self) -> float:
        """The worst of the model's score and the terms' levels, 0 to 1."""
        return max(self.model_score, *(term.score for term in self.terms)) if self.terms else self.model_score


@dataclass(frozen=True, slots=True)
class Assessment:
    """A verdict with the readings behind it, the worst first. Holds the text: for a terminal, not for storage."""

    verdict: Verdict
    readings: tuple[Reading, ...]


def assess(texts: Sequence[str], policy: Policy | None = None, lists: Lists = NO_LISTS) -> list[Verdict]:
    """Judge `texts`, messages as they were written, with one call of the model: a verdict each, in their order.

    The score is the worst of the model's scores for every reading of the message and the levels of the lexicon's
    terms in them; a blocking rule of `lists` makes it at least `policy.stop`. Links, personal data and spam are
    reported as categories and raise nothing. Without a `policy` the settings' thresholds hold. Pure: reads no
    database, and may run in any thread.
    """
    return [assessment.verdict for assessment in explain(texts, policy, lists)]


def explain(texts: Sequence[str], policy: Policy | None = None, lists: Lists = NO_LISTS) -> list[Assessment]:
    """As `assess`, with the readings that led to each verdict."""
    judge = _Judge(load_model(settings.MODERATION_MODEL), policy or Policy.from_settings(), lists)
    ways = [[lists.without_allowed(way) for way in readings(text)] for text in texts]
    scores = iter(judge.model.score([way for message in ways for way in message]))
    read = ([Reading(way, next(scores), lexicon.find(way)) for way in message] for message in ways)
    return [judge.assessment(text, message) for text, message in zip(texts, read, strict=True)]


@dataclass(frozen=True, slots=True)
class _Judge:
    """What every message of a batch is judged with."""

    model: ToxicityModel
    policy: Policy
    lists: Lists

    def assessment(self, text: str, read: Sequence[Reading]) -> Assessment:
        worst_first = sorted(read, key=lambda reading: -reading.score)
        terms = frozenset().union(*(reading.terms for reading in read))
        blocking = self.lists.blocking(text)
        score = round(max(worst_first[0].score, self.policy.stop if blocking else 0.0), 4)
        verdict = Verdict(
            score=score,
            categories=self._categories(text, terms),
            action=self.policy.decide(score),
            model_version=self.model.version,
            policy_version=self.policy.version,
            matched=(*blocking, *sorted({term.name for term in terms})),
        )
        return Assessment(verdict, tuple(worst_first))

    def _categories(self, text: str, terms: Iterable[Term]) -> Mapping[str, float]:
        found: dict[str, float] = {}
        for term in terms:
            found[term.category] = max(term.score, found.get(term.category, 0.0))
        for category in detectors.find(text):
            if category is not Category.LINKS or not self.lists.only_allowed_links(text):
                found[category] = 1.0
        return MappingProxyType(found) if found else _NO_CATEGORIES


def warm() -> None:
    """Load the model and judge once, so that the first message of a process does not pay for it."""
    assess(["warm up"])
