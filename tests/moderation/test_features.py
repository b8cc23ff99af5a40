"""An n-gram falls in the same bucket wherever it stands, and a batch is the sum of its texts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from moderation.features import CHARACTER_SIZES, Batch, tokens

texts = st.lists(st.text(max_size=80), min_size=1, max_size=6)


def of_text(grams, place):
    return sorted(grams.hashes[grams.texts == place].tolist())


@given(texts)
def test_a_text_has_the_same_grams_alone_as_in_a_batch(messages):
    batch = Batch(messages)
    for place, message in enumerate(messages):
        alone = Batch([message])
        assert of_text(batch.words(), place) == of_text(alone.words(), 0)
        assert of_text(batch.characters(), place) == of_text(alone.characters(), 0)
        assert of_text(batch.single_words(), place) == of_text(alone.single_words(), 0)


def test_a_word_has_one_hash_wherever_it_stands():
    (first, second, third) = Batch(["cat dog", "cat"]).single_words().hashes
    assert first == third != second


def test_different_words_have_different_hashes():
    words = [f"word{number}" for number in range(5_000)]
    assert len(set(Batch(words).single_words().hashes.tolist())) == len(words)


def test_buckets_are_filled_evenly():
    buckets = Batch([f"word{number}" for number in range(5_000)]).single_words().buckets
    assert len(set(buckets.tolist())) > 4_900


def test_pairs_of_words_are_read_in_order():
    (pair,) = set(Batch(["bad dog"]).words().hashes.tolist()) - set(Batch(["bad", "dog"]).words().hashes.tolist())
    assert pair not in Batch(["dog bad"]).words().hashes


def test_no_gram_spans_two_texts():
    together = Batch(["ab", "cd"])
    count = sum(max(len(" ab ") - size + 1, 0) for size in CHARACTER_SIZES)
    assert len(together.characters().hashes) == 2 * count


@given(texts)
def test_the_length_of_a_text_does_not_tell(messages):
    grams = Batch(messages).characters()
    squares = grams.sums(grams.shares**2)
    assert all(np.isclose(square, 1.0) or square == 0.0 for square in squares)


def test_emoji_and_loud_marks_are_tokens_and_other_marks_are_gaps():
    assert tokens("well... don't stop 🔥!? (really)") == ["well", "don't", "stop", "🔥", "!", "?", "really"]
