"""From a score to what is done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.conf import settings


class Action(StrEnum):
    """What is done with a message, from the mildest to the hardest."""

    ALLOW = "allow"
    HOLD = "hold"
    STOP = "stop"
    BAN = "ban"


@dataclass(frozen=True, slots=True)
class Policy:
    """The least scores, 0 to 1, at which a message is held, stopped, and costs its author a mute.

    Raises ValueError unless 0 < hold <= stop <= ban <= 1.
    """

    hold: float
    stop: float
    ban: float

    def __post_init__(self) -> None:
        if not 0 < self.hold <= self.stop <= self.ban <= 1:
            raise ValueError(
                f"thresholds must rise from above 0 to 1: hold {self.hold}, stop {self.stop}, ban {self.ban}"
            )

    @property
    def version(self) -> str:
        """Names the thresholds; stored with every decision, so that it can be understood after they have changed."""
        return f"{self.hold:g}/{self.stop:g}/{self.ban:g}"

    @classmethod
    def from_settings(cls) -> "Policy":
        """The thresholds of `MODERATION_HOLD_SCORE`, `MODERATION_STOP_SCORE` and `MODERATION_BAN_SCORE`."""
        return cls(settings.MODERATION_HOLD_SCORE, settings.MODERATION_STOP_SCORE, settings.MODERATION_BAN_SCORE)

    def decide(self, score: float) -> Action:
        """The action for `score`, 0 to 1; a score on a threshold has reached it."""
        if score >= self.ban:
            return Action.BAN
        if score >= self.stop:
            return Action.STOP
        if score >= self.hold:
            return Action.HOLD
        return Action.ALLOW


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one message. Holds no part of its text, so it may be stored and logged."""

    score: float  # 0 to 1, rounded to 4 places.
    categories: Mapping[str, float]  # A score, 0 to 1, for each category found.
    action: Action
    model_version: str
    policy_version: str
    matched: tuple[str, ...]  # Names of the rules that matched, sorted.


def mute_duration(previous_mutes: int) -> timedelta:
    """How long a banned message mutes its author after `previous_mutes` (0 or more) within `MODERATION_MUTE_MEMORY`.

    The steps are `MODERATION_MUTE_LADDER`; past its end the last step holds. Raises ValueError for a negative count.
    """
    if previous_mutes < 0:
        raise ValueError(f"previous mutes cannot be {previous_mutes}")
    ladder: list[timedelta] = settings.MODERATION_MUTE_LADDER
    return ladder[min(previous_mutes, len(ladder) - 1)]
