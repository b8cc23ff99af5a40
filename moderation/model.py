"""Models that give a text one number: how toxic it is.

A model is named by the setting `MODERATION_MODEL`, loaded once a process, and called with whole batches. Another
model is another class with the members of `ToxicityModel`; nothing else in moderation knows which one is at work.
"""

import warnings
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib import metadata
from typing import Any, Protocol

import numpy as np
from django.utils.module_loading import import_string

from moderation.lexicon import without_idioms


class ToxicityModel(Protocol):
    """What moderation asks of a model."""

    @property
    def version(self) -> str:
        """Names the model and its weights; stored with every decision."""
        ...

    def score(self, texts: Sequence[str]) -> list[float]:
        """One number a text, 0 (clean) to 1 (toxic), in the order of `texts`; the whole batch is evaluated at once."""
        ...

    def warm(self) -> None:
        """Load everything the first `score` would load, so that no message waits for it."""
        ...


class ProfanityCheckModel:
    """alt-profanity-check: tf-idf of single words under five calibrated linear SVMs, trained on tweets and Wikipedia.

    `predict_prob` of the package validates its input and copies its weights five times a call (3 ms for one message).
    This class takes the package's own vectoriser and weights and evaluates them as one matrix: the same numbers in a
    tenth of the time.
    """

    version = f"alt-profanity-check {metadata.version('alt-profanity-check')}"

    @cached_property
    def _loaded(self) -> "_CalibratedLinear":
        return _CalibratedLinear.of_package()

    def warm(self) -> None:
        """Import the package and its weights, about 1.5 s."""
        self.score(["warm"])

    def score(self, texts: Sequence[str]) -> list[float]:
        """The package's probability of profanity for each of `texts`, 0 to 1, deaf to the lexicon's idioms."""
        return self._loaded.probabilities([without_idioms(text) for text in texts]) if texts else []


class _CalibratedLinear:
    """Five linear models with a sigmoid each; the probability is the mean of the five."""

    def __init__(self, vectorizer: Any, folds: Sequence[tuple[Any, float, float, float]]) -> None:
        self._vectorizer = vectorizer
        self._weights = np.column_stack([weights for weights, _, _, _ in folds])
        self._intercepts = np.array([intercept for _, intercept, _, _ in folds])
        self._slopes = np.array([slope for _, _, slope, _ in folds])
        self._offsets = np.array([offset for _, _, _, offset in folds])

    @classmethod
    def of_package(cls) -> "_CalibratedLinear":
        # The pickles name the scikit-learn they were made with; the package's own tests cover the one installed.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from profanity_check import profanity_check as package  # type: ignore[import-untyped]
        folds = []
        for fold in package.model.calibrated_classifiers_:
            (calibrator,) = fold.calibrators
            folds.append((fold.estimator.coef_[0], fold.estimator.intercept_[0], calibrator.a_, calibrator.b_))
        return cls(package.vectorizer, folds)

    def probabilities(self, texts: Sequence[str]) -> list[float]:
        distances = self._vectorizer.transform(texts) @ self._weights + self._intercepts
        folds = 1.0 / (1.0 + np.exp(self._slopes * distances + self._offsets))
        means: list[float] = folds.mean(axis=1).tolist()
        return means


@lru_cache(maxsize=4)
def load_model(dotted_path: str) -> ToxicityModel:
    """The model of class `dotted_path`, the same object for every call in this process.

    Raises ImportError when there is no such class.
    """
    model: ToxicityModel = import_string(dotted_path)()
    return model
