"""Models the tests judge with: the shipped one, watched."""

from collections.abc import Sequence

from moderation.model import ProfanityCheckModel


class WatchedModel(ProfanityCheckModel):
    """The shipped model; remembers the batches it was asked to score."""

    version = "watched"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def score(self, texts: Sequence[str]) -> list[float]:
        self.batches.append(list(texts))
        return super().score(texts)
