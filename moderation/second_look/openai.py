"""OpenAI's moderation endpoint, and the many that answer as it does.

https://platform.openai.com/docs/api-reference/moderations
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from moderation.lexicon import Category
from moderation.second_look.opinion import ModelName, Opinion, ProviderFailed, Score, opinion, worst
from moderation.second_look.request import Endpoint, post

# Which of our categories each of theirs is. Advice for wrongdoing without violence is none of ours.
_CATEGORIES = {
    "harassment": Category.HARASSMENT,
    "harassment/threatening": Category.THREAT,
    "hate": Category.HATE,
    "hate/threatening": Category.HATE,
    "illicit/violent": Category.THREAT,
    "self-harm": Category.SELF_HARM,
    "self-harm/intent": Category.SELF_HARM,
    "self-harm/instructions": Category.SELF_HARM,
    "sexual": Category.SEXUAL,
    "sexual/minors": Category.SEXUAL,
    "violence": Category.THREAT,
    "violence/graphic": Category.THREAT,
}
# What every version of the endpoint has scored.
_ALWAYS = frozenset(("harassment", "hate", "self-harm", "sexual", "violence"))


class _Result(msgspec.Struct):
    category_scores: dict[str, Score]


class _Answer(msgspec.Struct):
    model: ModelName
    results: list[_Result]


@dataclass(frozen=True, slots=True)
class OpenAI:
    """Asks about up to 16 texts at a time."""

    endpoint: Endpoint
    name: ClassVar[str] = "openai"
    most: ClassVar[int] = 16

    def judge(self, texts: Sequence[str]) -> list[Opinion]:
        body = msgspec.json.encode({"input": list(texts)})
        answer = post(self.endpoint, body, {"Authorization": f"Bearer {self.endpoint.key}"}, _Answer)
        if len(answer.results) != len(texts):
            raise ProviderFailed(f"{len(answer.results)} results for {len(texts)} texts")
        return [_read(result, answer.model) for result in answer.results]


def _read(result: _Result, model: str) -> Opinion:
    scores = result.category_scores
    if missing := _ALWAYS - scores.keys():
        raise ProviderFailed(f"no score for {', '.join(sorted(missing))}")
    return opinion(worst([(ours, scores[theirs]) for theirs, ours in _CATEGORIES.items() if theirs in scores]), model)
