"""From scores to what is done about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from math import inf
from types import MappingProxyType
from typing import Any

from django.conf import settings

from moderation.lexicon import LEVEL_SCORES, Category


class Action(StrEnum):
    """What is done with a message, from the mildest to the hardest."""

    ALLOW = "allow"
    HOLD = "hold"
    STOP = "stop"
    BAN = "ban"


HARDNESS: Mapping[Action, int] = MappingProxyType({action: place for place, action in enumerate(Action)})

# How strictly a category is moderated: 0 not at all, 4 so that nothing of it passes.
LEVELS = range(5)
_NORMAL, _MILD = 2, 1
# Links, personal data and spam are named and not acted on, until somebody asks for more.
DEFAULT_LEVELS: Mapping[Category, int] = MappingProxyType(
    {
        category: _MILD if category in (Category.SPAM, Category.LINKS, Category.PERSONAL_DATA) else _NORMAL
        for category in Category
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """The least scores, 0 to 1, at which a message is held, stopped, and costs its author a mute.

    Raises ValueError unless 0 < hold <= stop <= ban <= 1 and every level is one of `LEVELS`.

    Attributes:
        levels: how strictly each category is moderated; the default one where it is left out.
        undecided: what becomes of a held message nobody decides in time, `show` or `hide`.
        name: names the rows the policy was read from; empty for the settings' thresholds.
    """

    hold: float
    stop: float
    ban: float
    levels: Mapping[Category, int] = field(default_factory=dict)
    undecided: str = "hide"
    name: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.hold <= self.stop <= self.ban <= 1:
            raise ValueError(
                f"thresholds must rise from above 0 to 1: hold {self.hold}, stop {self.stop}, ban {self.ban}"
            )
        if not set(self.levels.values()) <= set(LEVELS):
            raise ValueError(f"a level is a whole number from {LEVELS[0]} to {LEVELS[-1]}")

    @property
    def version(self) -> str:
        """Names the policy; stored with every decision, so that it can be understood after the policy has changed."""
        return self.name or f"{self.hold:g}/{self.stop:g}/{self.ban:g}"

    @classmethod
    def from_settings(cls) -> "Policy":
        """The settings' thresholds (`MODERATION_HOLD_SCORE` and so on) and `MODERATION_UNDECIDED_OUTCOME`."""
        return cls(
            settings.MODERATION_HOLD_SCORE,
            settings.MODERATION_STOP_SCORE,
            settings.MODERATION_BAN_SCORE,
            undecided=settings.MODERATION_UNDECIDED_OUTCOME,
        )

    def level(self, category: Category) -> int:
        """How strictly the category is moderated."""
        return self.levels.get(category, DEFAULT_LEVELS[category])

    def decide(self, score: float, level: int = _NORMAL) -> Action:
        """The action for `score`, 0 to 1, of a category moderated at `level`; a score on a threshold has reached it."""
        hold, stop, ban = self._thresholds(level)
        if score >= ban:
            return Action.BAN
        if score >= stop:
            return Action.STOP
        if score >= hold:
            return Action.HOLD
        return Action.ALLOW

    def judge(self, *, model: float, found: Mapping[Category, float], named: Iterable[Category]) -> Action:
        """The action for a message: the hardest for any category found, and for what the model gives it.

        Args:
            model: the model's score, 0 to 1.
            found: the score of each category found.
            named: those of them that say what the model may have objected to. What nothing names counts as harassment.
        """
        strictest = max((self.level(category) for category in named), default=self.level(Category.HARASSMENT))
        actions = [self.decide(model, strictest)]
        if model >= self.ban:
            # The model knows no categories: what it is nearly certain of is stopped where a category is let pass, too.
            actions.append(Action.STOP)
        actions += (self.decide(score, self.level(category)) for category, score in found.items())
        return hardest(actions)

    def as_stored(self) -> dict[str, Any]:
        """The thresholds and levels, as a decision keeps them."""
        levels = {category.value: self.level(category) for category in Category}
        return {"hold": self.hold, "stop": self.stop, "ban": self.ban, "levels": levels}

    def _thresholds(self, level: int) -> tuple[float, float, float]:
        """The least scores to hold, to stop and to mute at `level`: 1 is a step milder than 2, 3 and 4 are harder."""
        named = min(LEVEL_SCORES[1], self.hold)
        return (
            (inf, inf, inf),
            (self.stop, self.ban, inf),
            (self.hold, self.stop, self.ban),
            (named, self.hold, self.ban),
            (named, named, self.ban),
        )[level]


def hardest(actions: Iterable[Action]) -> Action:
    """The hardest of some actions; `ALLOW` when there is none."""
    return max(actions, key=HARDNESS.__getitem__, default=Action.ALLOW)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one message. Holds no part of its text, so it may be stored and logged."""

    score: float  # 0 to 1, rounded to 4 places.
    categories: Mapping[str, float]  # A score, 0 to 1, for each category found.
    action: Action
    model_version: str
    policy: Policy
    matched: tuple[str, ...]  # Names of the rules that matched: an operator's, then the lexicon's; each sorted.

    @property
    def policy_version(self) -> str:
        """Names the policy the message was judged by."""
        return self.policy.version


def mute_duration(previous_mutes: int) -> timedelta:
    """How long a banned message mutes its author after `previous_mutes` (0 or more) within `MODERATION_MUTE_MEMORY`.

    The steps are `MODERATION_MUTE_LADDER`; past its end the last step holds. Raises ValueError for a negative count.
    """
    if previous_mutes < 0:
        raise ValueError(f"previous mutes cannot be {previous_mutes}")
    ladder: list[timedelta] = settings.MODERATION_MUTE_LADDER
    return ladder[min(previous_mutes, len(ladder) - 1)]
