"""The lexicon says what is wrong with a message, and only that."""

import pytest

from moderation.assess import assess
from moderation.lexicon import KNOWN, LEVEL_SCORES, WORDS, Category
from moderation.policy import Action


def verdict_on(message):
    (verdict,) = assess([message])
    return verdict


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("kill yourself", Category.SELF_HARM),
        ("just go and die already", Category.SELF_HARM),
        ("you should all die", Category.SELF_HARM),
        ("drink bleach? go drink some bleach", Category.SELF_HARM),
        ("i will kill you", Category.THREAT),
        ("i'm gonna find you and hurt you", Category.THREAT),
        ("i know where you live", Category.THREAT),
        ("im going to break your legs", Category.THREAT),
        ("you dirty nigger", Category.HATE),
        ("all muslims should die", Category.HATE),
        ("gas the jews", Category.HATE),
        ("go back to your country", Category.HATE),
        ("heil hitler", Category.HATE),
        ("nobody likes you", Category.HARASSMENT),
        ("you are such a pathetic loser", Category.HARASSMENT),
        ("fuck off", Category.HARASSMENT),
        ("suck my dick", Category.HARASSMENT),
        ("show us your tits", Category.SEXUAL),
        ("you're a piece of shit", Category.HARASSMENT),
    ],
)
def test_abuse_is_stopped_and_its_category_named(message, category):
    verdict = verdict_on(message)
    assert verdict.action in (Action.STOP, Action.BAN)
    assert verdict.categories[category] >= 0.75
    assert f"lexicon.{category}" in verdict.matched


def test_punctuation_does_not_hide_a_phrase():
    assert Category.SELF_HARM in verdict_on("kill... yourself!").categories
    assert Category.THREAT in verdict_on("i, will, kill, you").categories


@pytest.mark.parametrize(
    "message",
    [
        "i will kill the boss",
        "gas prices, jews and muslims live here",
        "i hate women's fashion week traffic jams? no",
        "he died hard in that scene",
    ],
)
def test_threatening_words_without_a_target_are_no_threat(message):
    assert not {Category.THREAT, Category.SELF_HARM} & verdict_on(message).categories.keys()


def test_a_mild_word_alone_is_profanity_and_stops_nothing_by_itself():
    verdict = verdict_on("damn")
    assert verdict.categories == {Category.PROFANITY: LEVEL_SCORES[1]}


@pytest.mark.parametrize(
    ("message", "category", "level"),
    [
        ("idiot, fuck you", Category.HARASSMENT, 4),
        ("idiot, asshole", Category.HARASSMENT, 3),
        ("coon, negro", Category.HATE, 3),
        ("coon, nigger", Category.HATE, 4),
        ("boobs, bukkake", Category.SEXUAL, 3),
        ("i want to die, kys", Category.SELF_HARM, 4),
    ],
)
def test_the_worst_term_of_a_category_counts(message, category, level):
    assert verdict_on(message).categories[category] == LEVEL_SCORES[level]


def test_the_lexicon_is_written_as_readings_are():
    assert all(word == word.casefold() and word.isalpha() for word in WORDS)
    assert WORDS.keys() <= KNOWN
