"""Judge messages: read through disguises, look them up, ask the model once, decide."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.conf import settings

from moderation import detectors, lexicon
from moderation.lexicon import LEVEL_SCORES, Category, Term
from moderation.lists import NO_LISTS, Lists, Rule
from moderation.model import ToxicityModel, load_model
from moderation.normalise import readings
from moderation.policy import Policy, Verdict, hardest

_NO_CATEGORIES: Mapping[str, float] = MappingProxyType({})
# Links, personal data and spam count like a term of this level.
_DETECTED = LEVEL_SCORES[2]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a message is judged by: a policy, and an operator's lists."""

    policy: Policy
    lists: Lists = NO_LISTS


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

    The score is the worst of the model's scores for every reading of the message, the levels of the lexicon's terms
    in them and the levels of the blocking rules of `lists`. Links, personal data and spam are reported as categories
    and raise no score. Without a `policy` the settings' thresholds hold. Pure: reads no database, and may run in any
    thread.
    """
    return judge(texts, [Rules(policy or Policy.from_settings(), lists)] * len(texts))


def judge(texts: Sequence[str], rules: Sequence[Rules]) -> list[Verdict]:
    """As `assess`, each text by rules of its own."""
    return [assessment.verdict for assessment in explain(texts, rules)]


def explain(texts: Sequence[str], rules: Sequence[Rules]) -> list[Assessment]:
    """As `judge`, with the readings that led to each verdict."""
    model = load_model(settings.MODERATION_MODEL)
    ways = [readings(text) for text in texts]
    heard = [[by.lists.without_allowed(way) for way in found] for found, by in zip(ways, rules, strict=True)]
    scores = iter(model.score([way for message in heard for way in message]))
    read = ([Reading(way, next(scores), lexicon.find(way)) for way in message] for message in heard)
    return [
        _assessment(text, by, by.lists.blocking(text, found), message, model)
        for text, by, found, message in zip(texts, rules, ways, read, strict=True)
    ]


def _assessment(
    text: str, rules: Rules, blocking: frozenset[Rule], read: Sequence[Reading], model: ToxicityModel
) -> Assessment:
    worst_first = sorted(read, key=lambda reading: -reading.score)
    terms = frozenset().union(*(reading.terms for reading in read))
    blocked = max((rule.score for rule in blocking), default=0.0)
    found = _found(text, terms, rules.lists)
    objection = round(max(reading.model_score for reading in read), 4)
    action = rules.policy.judge(model=objection, found=found, named={term.category for term in terms})
    verdict = Verdict(
        score=round(max(worst_first[0].score, blocked), 4),
        categories=_with_blocked(found, blocking),
        # What an operator blocks counts by its own level, however strictly its category is moderated.
        action=hardest((action, rules.policy.decide(blocked))),
        model_version=model.version,
        policy=rules.policy,
        matched=(*sorted(rule.name for rule in blocking), *sorted({term.name for term in terms})),
    )
    return Assessment(verdict, tuple(worst_first))


def _found(text: str, terms: Iterable[Term], lists: Lists) -> dict[Category, float]:
    found: dict[Category, float] = {}
    for term in terms:
        found[term.category] = max(term.score, found.get(term.category, 0.0))
    for category in detectors.find(text):
        if category is not Category.LINKS or not lists.only_allowed_links(text):
            found[category] = max(_DETECTED, found.get(category, 0.0))
    return found


def _with_blocked(found: Mapping[Category, float], blocking: Iterable[Rule]) -> Mapping[str, float]:
    categories = {category.value: score for category, score in found.items()}
    for rule in blocking:
        categories[rule.category] = max(rule.score, categories.get(rule.category, 0.0))
    return MappingProxyType(categories) if categories else _NO_CATEGORIES


def warm() -> None:
    """Load the model and judge once, so that the first message of a process does not pay for it."""
    assess(["warm up"])
