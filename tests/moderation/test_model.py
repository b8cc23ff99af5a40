"""The shipped model gives the package's own numbers, quietly, and is loaded once."""

import subprocess
import sys

import numpy as np
import pytest
from profanity_check import predict_prob

from moderation.model import ProfanityCheckModel, load_model

STOCK = "moderation.model.ProfanityCheckModel"
TEXTS = [
    "hello everyone",
    "you fucking idiot",
    "",
    "that was a good play",
    "go die",
    "привет",
    "a b c",
    "you suck " * 50,
]


def test_scores_are_those_of_the_package():
    np.testing.assert_allclose(load_model(STOCK).score(TEXTS), predict_prob(TEXTS), atol=1e-12)


def test_no_texts_no_scores():
    assert ProfanityCheckModel().score([]) == []


def test_a_model_is_loaded_once():
    assert load_model(STOCK) is load_model(STOCK)


def test_a_missing_model_is_an_import_error():
    with pytest.raises(ImportError):
        load_model("moderation.model.NoSuchModel")


def test_the_version_names_the_package():
    assert load_model(STOCK).version.startswith("alt-profanity-check 1.")


def test_loading_prints_nothing():
    code = f"from moderation.model import load_model; load_model('{STOCK}').warm()"
    done = subprocess.run([sys.executable, "-W", "always", "-c", code], capture_output=True, text=True, check=True)
    assert "scikit" not in done.stderr
    assert "InconsistentVersionWarning" not in done.stderr
    assert done.stdout == ""


def test_kind_idioms_are_not_heard_by_a_model_of_single_words():
    model = load_model(STOCK)
    assert model.score(["kill the boss"]) == model.score(["the boss"])
    assert model.score(["kill the messenger"]) != model.score(["the messenger"])
