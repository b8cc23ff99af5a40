"""The model of our own: hashed n-grams of characters and words, blended with the word weights of alt-profanity-check.

It is a logistic regression. Everything a text says to it is a sum of numbers looked up in three tables, so scoring
needs numpy alone, and a batch is scored as a whole. How the tables are made is in `moderation.training`; what they
were made from, and how good they are, in `weights/MODEL_CARD.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from moderation.features import Batch, Grams, Hashes, Numbers

WEIGHTS = Path(__file__).with_name("weights") / "blend.npz"

Small = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class KnownWords:
    """Words with a weight of their own, sorted by hash: each one's rarity (idf) and how toxic it is."""

    hashes: Hashes
    rarities: Small
    weights: Small

    def average(self, words: Grams) -> Numbers:
        """For each text the mean weight of its known words, the rare ones counting more; 0 without one."""
        places = np.searchsorted(self.hashes, words.hashes).clip(max=len(self.hashes) - 1)
        rarities = np.where(self.hashes[places] == words.hashes, self.rarities[places], 0.0)
        lengths = np.sqrt(words.sums(rarities**2))
        return words.sums(rarities * self.weights[places]) / np.where(lengths > 0, lengths, 1.0)


@dataclass(frozen=True, slots=True)
class Weights:
    """The tables of the model. A table of n-grams has a number for each bucket of `moderation.features`."""

    version: str
    intercept: float
    words: Small
    characters: Small
    known: KnownWords
    known_factor: float

    def logits(self, batch: Batch) -> Numbers:
        """For each text the logarithm of the odds that it is toxic."""
        logits = self.intercept + self.known_factor * self.known.average(batch.single_words())
        for table, grams in ((self.words, batch.words()), (self.characters, batch.characters())):
            logits += grams.sums(table[grams.buckets] * grams.shares)
        return logits

    @classmethod
    def load(cls, path: Path) -> "Weights":
        """The weights saved at `path`. Raises OSError when they cannot be read."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(
                version=str(arrays["version"]),
                intercept=float(arrays["intercept"]),
                words=_expanded(arrays["words"], float(arrays["words_step"])),
                characters=_expanded(arrays["characters"], float(arrays["characters_step"])),
                known=KnownWords(*(arrays[f"known_{part}"] for part in ("hashes", "rarities", "weights"))),
                known_factor=float(arrays["known_factor"]),
            )

    def save(self, path: Path) -> None:
        """Write the weights to `path`, the tables in steps of 1/127 of their largest weight."""
        words, words_step = _stepped(self.words)
        characters, characters_step = _stepped(self.characters)
        np.savez_compressed(
            path,
            version=np.array(self.version),
            intercept=np.array(self.intercept),
            words=words,
            words_step=np.array(words_step),
            characters=characters,
            characters_step=np.array(characters_step),
            known_hashes=self.known.hashes,
            known_rarities=self.known.rarities,
            known_weights=self.known.weights,
            known_factor=np.array(self.known_factor),
        )


def _stepped(table: Small) -> tuple[npt.NDArray[np.int8], float]:
    step = float(np.abs(table).max()) / 127 or 1.0
    return np.round(table / step).astype(np.int8), step


def _expanded(table: npt.NDArray[np.int8], step: float) -> Small:
    return table.astype(np.float32) * np.float32(step)


class BlendedModel:
    """The model with the weights this project ships; loads in some 20 ms and holds about 3 MB."""

    @cached_property
    def _weights(self) -> Weights:
        return Weights.load(WEIGHTS)

    @property
    def version(self) -> str:
        """The name given to the weights when they were trained."""
        return self._weights.version

    def warm(self) -> None:
        """Load the weights."""
        self.score(["warm"])

    def score(self, texts: Sequence[str]) -> list[float]:
        """The probability that each of `texts`, as `moderation.normalise` reads them, is toxic, 0 to 1."""
        # The clip keeps exp() from overflowing; beyond it the probability is 0 or 1 to every digit stored.
        logits = np.clip(self._weights.logits(Batch(texts)), -30.0, 30.0)
        probabilities: list[float] = (1.0 / (1.0 + np.exp(-logits))).tolist()
        return probabilities
