"""Jigsaw's Perspective API (`comments:analyze`), and those that answer as it does.

https://developers.perspectiveapi.com/s/about-the-api-methods
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from moderation.lexicon import Category
from moderation.second_look.opinion import Opinion, ProviderFailed, Score, opinion, worst
from moderation.second_look.request import Endpoint, post

_ATTRIBUTES = {
    "PROFANITY": Category.PROFANITY,
    "INSULT": Category.HARASSMENT,
    "SEVERE_TOXICITY": Category.HARASSMENT,
    "IDENTITY_ATTACK": Category.HATE,
    "SEXUALLY_EXPLICIT": Category.SEXUAL,
    "THREAT": Category.THREAT,
}
# It names no version of its models.
_MODEL = "perspective"


class _Summary(msgspec.Struct):
    value: Score


class _Attribute(msgspec.Struct, rename="camel"):
    summary_score: _Summary


class _Answer(msgspec.Struct, rename="camel"):
    attribute_scores: dict[str, _Attribute]


@dataclass(frozen=True, slots=True)
class Perspective:
    """Asks about one text at a time, as English, and that it be kept nowhere."""

    endpoint: Endpoint
    name: ClassVar[str] = "perspective"
    most: ClassVar[int] = 1

    def judge(self, texts: Sequence[str]) -> list[Opinion]:
        (text,) = texts
        question = {
            "comment": {"text": text},
            "languages": ["en"],
            "requestedAttributes": {attribute: {} for attribute in _ATTRIBUTES},
            "doNotStore": True,
        }
        headers = {"X-Goog-Api-Key": self.endpoint.key}
        scores = post(self.endpoint, msgspec.json.encode(question), headers, _Answer).attribute_scores
        if missing := _ATTRIBUTES.keys() - scores.keys():
            raise ProviderFailed(f"no score for {', '.join(sorted(missing))}")
        found = [(ours, scores[theirs].summary_score.value) for theirs, ours in _ATTRIBUTES.items()]
        return [opinion(worst(found), _MODEL)]
