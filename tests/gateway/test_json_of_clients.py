"""JSON from clients is decoded within bounds, and an emoji cut in half spoils no more than itself."""

import pytest

from gateway.json_limits import loads


def test_half_an_emoji_becomes_a_replacement_character():
    assert loads(r'["cut \ud83d", "\ude00 cut", "whole 😀 \ud83d\ude00"]') == ["cut �", "� cut", "whole 😀 😀"]


def test_an_escaped_backslash_before_a_u_is_left_alone():
    assert loads(r'["\\ud83d", "\ud83d"]') == [r"\ud83d", "�"]


@pytest.mark.parametrize("text", ["[NaN]", "[Infinity]", "[" * 33 + "]" * 33, "{", "", "\\ud83d"])
def test_what_is_no_json_within_bounds_is_refused(text):
    with pytest.raises(ValueError, match="JSON"):
        loads(text)


def test_brackets_inside_texts_do_not_count_as_depth():
    assert loads('["' + "[" * 100 + '"]') == ["[" * 100]
