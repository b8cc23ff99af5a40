"""Our own model stops insults that hold no swear word, and leaves rough but kind speech, and people, alone."""

import subprocess
import sys

import numpy as np
import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from moderation.assess import assess
from moderation.blend import WEIGHTS, BlendedModel, Weights
from moderation.model import load_model
from moderation.policy import Action
from moderation.training.corpus import held_out_examples

OURS = "moderation.blend.BlendedModel"


@pytest.fixture(autouse=True)
def _our_model():
    with override_settings(MODERATION_MODEL=OURS):
        yield


def action(message):
    (verdict,) = assess([message])
    return verdict.action


@pytest.mark.parametrize(
    "message",
    [
        "the world would be better off without you",
        "nobody would miss you if you were gone",
        "get back in the kitchen where you belong",
        "those people are animals and should be treated like animals",
        "you have the brain of a goldfish",
        "what a worthless human being you are",
        "i hope your whole family gets sick and dies",
        "she looks like a pig in that dress",
    ],
)
def test_abuse_without_a_swear_word_is_stopped(message):
    assert action(message) in (Action.STOP, Action.BAN)


@pytest.mark.parametrize(
    "message",
    [
        "this is fucking awesome",
        "holy shit what a goal",
        "damn good stream tonight",
        "that drop was filthy",
        "kill the healer first, then the boss",
        "i hate this song",
        "this update is terrible, i want a refund",
        "the ref was wrong about that penalty",
        "my aim is trash today",
    ],
)
def test_rough_but_kind_speech_and_criticism_pass(message):
    assert action(message) == Action.ALLOW


@pytest.mark.parametrize(
    "message",
    [
        "i'm gay",
        "i'm a muslim woman from london",
        "proud black man here",
        "my jewish grandmother taught me this recipe",
        "as a trans woman this song means a lot to me",
        "autistic people see the world differently",
        "happy pride month everyone",
    ],
)
def test_people_may_say_who_they_are(message):
    assert action(message) == Action.ALLOW


@pytest.mark.parametrize("message", ["i want to kill myself", "i wish i was dead", "i'm going to kill myself"])
def test_somebody_in_need_is_shown_to_a_person_and_not_muted(message):
    (verdict,) = assess([message])
    assert "self_harm" in verdict.categories
    assert verdict.action in (Action.HOLD, Action.STOP)


@pytest.mark.parametrize("message", ["shut up", "what a clown", "you suck lol", "nobody asked"])
def test_rudeness_is_stopped_and_costs_no_mute(message):
    assert action(message) == Action.STOP


def test_most_of_the_held_out_lines_are_judged_as_labelled():
    examples = held_out_examples()
    stopped = [verdict.score >= 0.6 for verdict in assess([example.text for example in examples])]
    toxic = [example.toxic for example in examples]
    hits = sum(stop and bad for stop, bad in zip(stopped, toxic, strict=True))
    false_alarms = sum(stop and not bad for stop, bad in zip(stopped, toxic, strict=True))
    assert hits >= 0.7 * sum(toxic)
    assert false_alarms <= 0.05 * toxic.count(False)


@given(st.lists(st.text(max_size=500), max_size=8))
def test_a_text_scores_the_same_alone_as_in_a_batch(texts):
    model = load_model(OURS)
    assert model.score(texts) == pytest.approx([score for text in texts for score in model.score([text])])
    assert all(0 <= score <= 1 for score in model.score(texts))


def test_weights_survive_being_saved(tmp_path):
    weights = Weights.load(WEIGHTS)
    weights.save(tmp_path / "copy.npz")
    copy = Weights.load(tmp_path / "copy.npz")
    np.testing.assert_allclose(copy.characters, weights.characters, atol=1e-6)
    np.testing.assert_array_equal(copy.known.hashes, weights.known.hashes)
    assert (copy.version, copy.intercept, copy.known_factor) == (
        weights.version,
        weights.intercept,
        weights.known_factor,
    )


def test_the_version_names_the_weights():
    assert BlendedModel().version == Weights.load(WEIGHTS).version


def test_scoring_needs_no_scikit_learn():
    code = f"import sys, moderation.model as m; m.load_model('{OURS}').warm(); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
