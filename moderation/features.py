"""Turn texts into hashed n-grams of characters and words, a whole batch at once.

Every n-gram is a stretch of one byte buffer, and the hash of a stretch is a difference of two prefix sums (Rabin and
Karp), so the number of numpy's operations does not grow with the n-grams of a batch. There is no vocabulary: an
n-gram is its bucket.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

BUCKET_BITS = 18
BUCKETS = 1 << BUCKET_BITS
CHARACTER_SIZES = (2, 3, 4, 5)
WORD_SIZES = (1, 2)

_TOKEN = re.compile(r"\w+(?:'\w+)?|[!?]|[^\w\s.,;:'\"()\[\]{}*_~<>=/\\|-]")
_SPACE = ord(" ")

# An odd base has an inverse modulo 2**64, which is what moves a stretch's hash to the start of the buffer.
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_LEAST_POWERS = 1 << 15
_MIX = np.uint64(0xD6E8FEB86659FD93)

Hashes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


def tokens(text: str) -> list[str]:
    """The words, emoji, `!` and `?` of `text`, a casefolded text, in their order."""
    return _TOKEN.findall(text)


@dataclass(frozen=True, slots=True)
class Grams:
    """The n-grams of one kind in a batch: the hash of each, and the place in the batch of the text it is from."""

    hashes: Hashes
    texts: Indices
    size: int  # Texts in the batch.

    @property
    def buckets(self) -> Indices:
        """The bucket of each n-gram, 0 to BUCKETS - 1."""
        return (self.hashes >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)

    @property
    def shares(self) -> Numbers:
        """What each n-gram counts: the same within a text, with squares that add up to 1, so length does not tell."""
        return 1.0 / np.sqrt(np.bincount(self.texts, minlength=self.size))[self.texts]

    def sums(self, values: Numbers) -> Numbers:
        """For each text, the sum of `values`, which has one for each n-gram."""
        return np.bincount(self.texts, values.astype(np.float64), minlength=self.size).astype(np.float64)


class Batch:
    """A batch of casefolded texts, ready to give its n-grams."""

    def __init__(self, texts: Sequence[str]) -> None:
        lines = [f" {' '.join(tokens(text))} ".encode(errors="replace") for text in texts]
        self.size = len(lines)
        self._bytes = np.frombuffer(b"".join(lines), dtype=np.uint8)
        self._owner = np.repeat(np.arange(self.size), [len(line) for line in lines])
        # Rounded up, so that batches of all sizes share a few tables.
        powers, self._inverses = _powers(max(1 << len(self._bytes).bit_length(), _LEAST_POWERS))
        self._prefix = np.zeros(len(self._bytes) + 1, dtype=np.uint64)
        np.cumsum((self._bytes.astype(np.uint64) + np.uint64(1)) * powers[: len(self._bytes)], out=self._prefix[1:])

    def characters(self) -> Grams:
        """Stretches of CHARACTER_SIZES bytes; a space stands for every gap and for both ends of a text."""
        starts, ends = [], []
        for size in CHARACTER_SIZES:
            first = np.arange(max(len(self._bytes) - size + 1, 0))
            within = self._owner[first] == self._owner[first + size - 1]
            starts.append(first[within])
            ends.append(first[within] + size)
        return self._grams(np.concatenate(starts), np.concatenate(ends))

    def words(self) -> Grams:
        """Stretches of WORD_SIZES neighbouring words."""
        first, last = self._word_bounds()
        owner = self._owner[first]
        starts, ends = [], []
        for size in WORD_SIZES:
            count = max(len(first) - size + 1, 0)
            within = owner[:count] == owner[size - 1 : size - 1 + count]
            starts.append(first[:count][within])
            ends.append(last[size - 1 :][:count][within])
        return self._grams(np.concatenate(starts), np.concatenate(ends))

    def single_words(self) -> Grams:
        """Each word by itself."""
        return self._grams(*self._word_bounds())

    def _word_bounds(self) -> tuple[Indices, Indices]:
        gaps = np.flatnonzero(self._bytes == _SPACE)
        first, last = gaps[:-1] + 1, gaps[1:]
        inside = last > first
        return first[inside], last[inside]

    def _grams(self, starts: Indices, ends: Indices) -> Grams:
        hashes = (self._prefix[ends] - self._prefix[starts]) * self._inverses[starts]
        # The bucket is made of the upper bits; these two steps let every bit have its say in them.
        hashes ^= hashes >> np.uint64(32)
        hashes *= _MIX
        return Grams(hashes, self._owner[starts], self.size)


@lru_cache
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """The first `size` powers of the base and of its inverse, modulo 2**64."""
    return _power_series(_BASE, size), _power_series(_INVERSE, size)


def _power_series(base: int, size: int) -> Hashes:
    factors = np.full(size, base, dtype=np.uint64)
    factors[0] = 1
    return np.cumprod(factors)
