"""A provider of the operator's own: signed JSON to one address.

POST  {"texts": ["…", "…"]}
X-Signature: t=<unix time>,v1=<HMAC-SHA256 of "<t>.<body>" under the key, hex>

200   {"model": "ours-3", "results": [{"score": 0.7, "categories": {"hate": 0.7}}, {"score": 0.1}]}
"""

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from moderation.lexicon import Category
from moderation.second_look.opinion import ModelName, Opinion, ProviderFailed, Score, worst
from moderation.second_look.request import Endpoint, post


class _Result(msgspec.Struct, forbid_unknown_fields=True):
    score: Score
    categories: dict[Category, Score] = {}


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    model: ModelName
    results: list[_Result]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Asks about up to 16 texts at a time."""

    endpoint: Endpoint
    name: ClassVar[str] = "webhook"
    most: ClassVar[int] = 16

    def judge(self, texts: Sequence[str]) -> list[Opinion]:
        body = msgspec.json.encode({"texts": list(texts)})
        answer = post(self.endpoint, body, {"X-Signature": self._signature(body)}, _Answer)
        if len(answer.results) != len(texts):
            raise ProviderFailed(f"{len(answer.results)} results for {len(texts)} texts")
        return [_read(result, answer.model) for result in answer.results]

    def _signature(self, body: bytes) -> str:
        moment = int(time.time())
        digest = hmac.new(self.endpoint.key.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={moment},v1={digest}"


def _read(result: _Result, model: str) -> Opinion:
    return Opinion(round(result.score, 4), worst(list(result.categories.items())), model)
