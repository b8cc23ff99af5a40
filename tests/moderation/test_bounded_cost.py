"""No message costs more than its length: two readings at most, of about its own size, whatever is in it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import detectors, lexicon, lists, lookalikes, normalise
from moderation.assess import assess
from moderation.normalise import readings

# One character may stand for many (U+FDFA is a phrase of 18); nothing a chat message holds may grow more.
GROWTH = 18
PATTERNS = [
    pattern
    for module in (detectors, lexicon, lists, lookalikes, normalise)
    for pattern in vars(module).values()
    if isinstance(pattern, re.Pattern)
]
PHRASES = {pattern for phrases in lexicon._PHRASES.values() for _, pattern in phrases}

messages = st.text(max_size=500)
nasty = st.lists(st.sampled_from(list("aafuck s1!@$*|+._-'0\u200b\u0301сѕ🇫ﷺ")), max_size=500).map("".join)


@given(messages | nasty)
def test_a_message_has_two_readings_at_most_of_bounded_size(text):
    found = readings(text)
    assert 1 <= len(found) <= 2
    assert all(len(reading) <= GROWTH * max(len(text), 1) for reading in found)
    assert found[0] == text.casefold()


@given(messages | nasty)
def test_normalising_again_changes_little(text):
    once = normalise.normalise(text)
    assert len(normalise.normalise(once)) <= len(once)


@given(st.lists(messages | nasty, max_size=5))
def test_any_text_gets_a_verdict(texts):
    verdicts = assess(texts)
    assert len(verdicts) == len(texts)
    assert all(0 <= verdict.score <= 1 for verdict in verdicts)


@pytest.mark.parametrize("text", ["\ud83d", "a\udfffb", "\x00", "\uffff", "\U0010ffff"])
def test_broken_characters_get_a_verdict(text):
    (verdict,) = assess([text])
    assert verdict.score < 0.6


@given(st.text(st.characters(codec="ascii", categories=("Ll",)), max_size=60))
def test_a_plain_word_is_never_lengthened(word):
    assert len(normalise.normalise(word)) <= len(word)


@pytest.mark.parametrize("pattern", sorted({pattern.pattern for pattern in [*PATTERNS, *PHRASES]}))
def test_no_pattern_repeats_a_repetition_without_end(pattern):
    assert not repeats_a_repetition(re._parser.parse(pattern))


def test_the_check_sees_a_repeated_repetition():
    assert repeats_a_repetition(re._parser.parse(r"x(?:(?:ab|c)*d?)+y"))
    assert not repeats_a_repetition(re._parser.parse(r"x(?:(?:ab|c)d?)+y"))


def repeats_a_repetition(parsed, inside=False) -> bool:
    """Whether an endless repeat has another within it: the shape whose search time explodes."""
    for operation, argument in parsed:
        endless = (
            operation in (re._constants.MAX_REPEAT, re._constants.MIN_REPEAT) and argument[1] == re._constants.MAXREPEAT
        )
        if endless and inside:
            return True
        if any(repeats_a_repetition(part, inside or endless) for part in subpatterns(argument)):
            return True
    return False


def subpatterns(argument):
    if isinstance(argument, re._parser.SubPattern):
        yield argument
    elif isinstance(argument, (tuple, list)):
        for part in argument:
            yield from subpatterns(part)
