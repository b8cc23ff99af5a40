"""How well moderation as a whole (readings, lexicon, model) tells labelled texts apart, and how fast."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

from moderation.assess import assess
from moderation.lexicon import Category
from moderation.policy import Verdict
from moderation.training.corpus import Example
from moderation.training.fit import out_of_fold

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_CURVE = tuple(step / 50 for step in range(1, 50))
BATCH = 100
# Other work of the machine only ever makes a round slower, so the quickest is the truest.
_ROUNDS = 5

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """What stopping at `threshold` would mean. Every figure is a part of 1; one that is of nothing is 0."""

    threshold: float
    precision: float  # Of the stopped, the toxic.
    recall: float  # Of the toxic, the stopped.
    f1: float
    clean_stopped: float  # Of the clean, the stopped.


@dataclass(frozen=True, slots=True)
class InCategory:
    """How many texts were given the category, and how many of these are labelled toxic."""

    category: Category
    found: int
    toxic: int


@dataclass(frozen=True, slots=True)
class Report:
    """The figures for one set of labelled texts."""

    texts: int
    toxic: int
    roc_auc: float
    thresholds: tuple[AtThreshold, ...]
    curve: tuple[AtThreshold, ...]  # The same at more thresholds, for a plot.
    categories: tuple[InCategory, ...]
    batch_microseconds: float  # For one message in a batch of BATCH, the median of all batches.
    single_microseconds: float  # For one message alone, the median of up to BATCH.
    model_version: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How models judge lines they were not trained on."""

    roc_auc: float
    stopped: AtThreshold


def cross_validate(own: Sequence[Example], others: Sequence[Example], folds: int, threshold: float) -> LeftOut:
    """The figures of `folds` models, each for the part of `own` it was not trained on; one text stands for a line."""
    scores = out_of_fold(own, others, folds)
    places = list({example.origin: place for place, example in reversed(list(enumerate(own)))}.values())
    labels = np.array([own[place].toxic for place in places], dtype=bool)
    return LeftOut(float(roc_auc_score(labels, scores[places])), at_threshold(labels, scores[places], threshold))


def evaluate(examples: Sequence[Example]) -> Report:
    """Judge `examples` as chat would and compare with their labels. Raises ValueError unless both labels are there."""
    labels = np.array([example.toxic for example in examples], dtype=bool)
    if labels.all() or not labels.any():
        raise ValueError("an evaluation needs toxic and clean texts")
    texts = [example.text for example in examples]
    verdicts, batch_microseconds = _judged(texts, BATCH)
    _, single_microseconds = _judged(texts[:BATCH], 1)
    scores = np.array([verdict.score for verdict in verdicts])
    return Report(
        texts=len(texts),
        toxic=int(labels.sum()),
        roc_auc=float(roc_auc_score(labels, scores)),
        thresholds=tuple(at_threshold(labels, scores, threshold) for threshold in THRESHOLDS),
        curve=tuple(at_threshold(labels, scores, threshold) for threshold in _CURVE),
        categories=tuple(_in_categories(labels, verdicts)),
        batch_microseconds=batch_microseconds,
        single_microseconds=single_microseconds,
        model_version=verdicts[0].model_version,
    )


def at_threshold(labels: Flags, scores: npt.NDArray[np.float64], threshold: float) -> AtThreshold:
    """The figures of stopping what scores `threshold` or more."""
    stopped = scores >= threshold
    hits = int((stopped & labels).sum())
    return AtThreshold(
        threshold=threshold,
        precision=_part(hits, int(stopped.sum())),
        recall=_part(hits, int(labels.sum())),
        f1=_part(2 * hits, int(stopped.sum() + labels.sum())),
        clean_stopped=_part(int((stopped & ~labels).sum()), int((~labels).sum())),
    )


def _part(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _in_categories(labels: Flags, verdicts: Sequence[Verdict]) -> list[InCategory]:
    found = {category: np.array([category in verdict.categories for verdict in verdicts]) for category in Category}
    return [InCategory(category, int(flags.sum()), int((flags & labels).sum())) for category, flags in found.items()]


def _judged(texts: Sequence[str], size: int) -> tuple[list[Verdict], float]:
    """The verdicts on `texts` in batches of `size`, and the median of the batches' times for one, in microseconds."""
    assess(["warm up"])
    batches = [texts[start : start + size] for start in range(0, len(texts), size)]
    timed = [_timed(batch) for batch in batches]
    return [verdict for verdicts, _ in timed for verdict in verdicts], float(np.median([took for _, took in timed]))


def _timed(batch: Sequence[str]) -> tuple[list[Verdict], float]:
    """The verdicts on `batch`, and the time for one of them, in microseconds: the least of several rounds."""
    times = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        verdicts = assess(batch)
        times.append((time.perf_counter() - begun) / len(batch))
    return verdicts, min(times) * 1e6
