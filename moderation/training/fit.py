"""Fit the weights of `moderation.blend`. Needs scikit-learn and alt-profanity-check, which scoring does not."""

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import GroupKFold  # type: ignore[import-untyped]

from moderation.blend import KnownWords, Weights
from moderation.features import BUCKETS, Batch, Grams, Numbers
from moderation.normalise import normalise
from moderation.training.corpus import Example

# Chosen on held-out lines, so figures for those flatter it a little.
INVERSE_REGULARISATION = 16.0
# What labelled comments of others weigh beside our own lines, all together; chosen on held-out lines too.
OTHERS_SHARE = 0.25

_CHUNK = 1_000


def fit(own: Sequence[Example], others: Sequence[Example]) -> Weights:
    """Weights that tell the toxic of `own` and `others` from the clean; the same for the same examples."""
    known = known_words()
    examples = [*own, *others]
    features = feature_matrix([example.text for example in examples], known)
    coefficients, intercept = _regression(features, examples, _sample_weights(own, others))
    weights = Weights(
        version="",
        intercept=intercept,
        words=coefficients[:BUCKETS],
        characters=coefficients[BUCKETS : 2 * BUCKETS],
        known=known,
        known_factor=float(coefficients[-1]),
    )
    digest = hashlib.sha256(coefficients.tobytes()).hexdigest()
    return replace(weights, version=f"blend-{digest[:8]}")


def out_of_fold(own: Sequence[Example], others: Sequence[Example], folds: int) -> npt.NDArray[np.float64]:
    """A score, 0 to 1, for each of `own` from a model trained on the rest of them and on `others`."""
    known = known_words()
    features = feature_matrix([example.text for example in [*own, *others]], known).tocsr()
    weights = _sample_weights(own, others)
    examples = [*own, *others]
    scores = np.zeros(len(own))
    theirs = np.arange(len(own), len(examples))
    for train, test in GroupKFold(folds).split(own, groups=[example.origin for example in own]):
        kept = np.concatenate([train, theirs])
        coefficients, intercept = _regression(features[kept], [examples[place] for place in kept], weights[kept])
        scores[test] = 1 / (1 + np.exp(-(features[test] @ coefficients + intercept)))
    return scores


def known_words() -> KnownWords:
    """The vocabulary of alt-profanity-check: each word's inverse document frequency and mean weight."""
    with warnings.catch_warnings():
        # The pickles name the scikit-learn they were made with.
        warnings.simplefilter("ignore")
        from profanity_check import profanity_check as package  # type: ignore[import-untyped]
    words = sorted(package.vectorizer.vocabulary_, key=package.vectorizer.vocabulary_.get)
    weights = np.mean([fold.estimator.coef_[0] for fold in package.model.calibrated_classifiers_], axis=0)
    hashes = np.array([_word_hash(word) for word in words], dtype=np.uint64)
    order = np.argsort(hashes)
    rarities = package.vectorizer.idf_.astype(np.float32)
    return KnownWords(hashes[order], rarities[order], weights.astype(np.float32)[order])


def feature_matrix(texts: Sequence[str], known: KnownWords) -> Any:
    """A row for each of `texts`: what `Weights.logits` looks up for it, in the order words, characters, known words."""
    return sp.vstack([_rows(Batch([normalise(text) for text in chunk]), known) for chunk in _chunks(texts)]).tocsr()


def _rows(batch: Batch, known: KnownWords) -> Any:
    average = sp.csr_matrix(known.average(batch.single_words())[:, np.newaxis])
    return sp.hstack([_counts(batch.words()), _counts(batch.characters()), average])


def _counts(grams: Grams) -> Any:
    return sp.csr_matrix((grams.shares, (grams.texts, grams.buckets)), shape=(grams.size, BUCKETS))


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), _CHUNK):
        yield texts[start : start + _CHUNK]


def _word_hash(word: str) -> int:
    hashes = Batch([word]).single_words().hashes
    # A word that is no single token for us can never be met; 0 stands for "never" like any other hash.
    return int(hashes[0]) if len(hashes) == 1 else 0


def _sample_weights(own: Sequence[Example], others: Sequence[Example]) -> Numbers:
    ours = np.array([example.weight for example in own])
    if not others:
        return ours
    theirs = np.array([example.weight for example in others])
    toxic = np.array([example.toxic for example in others])
    # Both classes of the others weigh the same, whatever their numbers.
    for label in (True, False):
        theirs[toxic == label] /= max(theirs[toxic == label].sum(), 1.0)
    return np.concatenate([ours, theirs * ours.sum() * OTHERS_SHARE / 2])


def _regression(features: Any, examples: Sequence[Example], weights: Numbers) -> tuple[npt.NDArray[np.float32], float]:
    labels = [example.toxic for example in examples]
    # lbfgs starts from zero and draws nothing at random.
    regression = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=300, tol=1e-4)
    regression.fit(features, labels, sample_weight=weights)
    return regression.coef_[0].astype(np.float32), float(regression.intercept_[0])
