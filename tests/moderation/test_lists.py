"""An operator's lists stop what they name, spare what they allow, and cannot be made slow."""

import re

import pytest

from moderation.assess import assess
from moderation.lexicon import Category
from moderation.lists import Lists, Rule, domain, pattern, word
from moderation.policy import Action


def judge(message, **lists):
    (verdict,) = assess([message], lists=Lists(**{name: tuple(rules) for name, rules in lists.items()}))
    return verdict


SPOILER = Rule("words/7", "spoiler")


@pytest.mark.parametrize("message", ["a spoiler!", "SPOILER", "sp0iler", "s p o i l e r", "ѕроіlеr"])
def test_a_blocked_word_stops_a_message_also_in_disguise(message):
    verdict = judge(message, blocked_words=[SPOILER])
    assert (verdict.action, verdict.score) == (Action.STOP, 0.75)
    assert verdict.matched == ("words/7",)


@pytest.mark.parametrize("message", ["spoilers ahead", "megaspoiler ahead"])
def test_a_blocked_word_is_a_whole_word(message):
    assert judge(message, blocked_words=[SPOILER]).matched == ()


def test_a_blocked_phrase_spans_any_gap():
    assert judge("the butler... did it", blocked_words=[Rule("p", "Butler did")]).matched == ("p",)


def test_a_blocked_pattern_stops_a_message():
    verdict = judge("use code SAVE20 now", blocked_patterns=[Rule("patterns/1", r"\bcode SAVE\d{2}\b")])
    assert verdict.matched == ("patterns/1",)
    assert verdict.action == Action.STOP


def test_a_blocked_word_does_not_lower_a_worse_score():
    verdict = judge("spoiler kill yourself", blocked_words=[SPOILER])
    assert verdict.action == Action.BAN
    assert verdict.matched == ("words/7", "lexicon.self_harm")


@pytest.mark.parametrize(
    "message", ["https://bad.example/x", "www.bad.example is up, see http://www.bad.example", "http://very.BAD.example"]
)
def test_a_blocked_domain_stops_links_to_it_and_below_it(message):
    assert judge(message, blocked_domains=[Rule("domains/1", "bad.example")]).action == Action.STOP


def test_a_blocked_domain_is_not_a_part_of_another():
    assert judge("http://notbad.example", blocked_domains=[Rule("domains/1", "bad.example")]).action == Action.ALLOW


def test_an_allowed_word_is_not_held_against_a_message():
    message = "hello Dick, welcome back"
    assert judge(message).action != Action.ALLOW
    assert judge(message, allowed_words=[Rule("a", "dick")]).action == Action.ALLOW


def test_an_allowed_word_does_not_excuse_others():
    assert judge("fuck you dick", allowed_words=[Rule("a", "dick")]).action == Action.BAN


def test_links_to_allowed_domains_alone_are_not_reported():
    allowed = [Rule("a", "example.com")]
    assert Category.LINKS not in judge("see clips.example.com/1", allowed_domains=allowed).categories
    assert Category.LINKS in judge("see example.com and example.org", allowed_domains=allowed).categories


def test_a_verdict_never_holds_the_text():
    assert "spoiler" not in repr(judge("a spoiler, you absolute walnut", blocked_words=[SPOILER])).replace(
        "words/7", ""
    )


@pytest.mark.parametrize(
    "value", [r"free\s+coins", r"\bcode save\d{2}\b", "(?:buy|sell) now", "(a+)+b", ".*.*x", "[*+]x"]
)
def test_any_pattern_re2_reads_is_accepted(value):
    assert pattern(value).pattern == value.encode()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(r"(a)\1", "invalid escape sequence", id="back-reference"),
        pytest.param("(?=a)b", "invalid perl operator", id="look-ahead"),
        pytest.param("(?<!a)b", "invalid", id="look-behind"),
        pytest.param("(unclosed", "missing )", id="no regular expression"),
        pytest.param("(a{100}){100}", "invalid repetition size", id="too large a machine"),
        pytest.param("x*", "match every message", id="matches nothing at all"),
        pytest.param("", "1 to 120 characters", id="empty"),
        pytest.param("a" * 121, "1 to 120 characters", id="too long"),
    ],
)
def test_other_patterns_are_refused_with_the_reason(value, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        pattern(value)


def test_no_pattern_takes_long_whatever_it_repeats():
    # The time of a backtracking engine doubles with each letter here: it would be at it for ever.
    lists = Lists(blocked_patterns=(Rule("p", "(a+)+$"), Rule("q", "(a|aa)+$"), Rule("r", "(.*)*b$")))
    text = "a" * 499 + "!"
    assert lists.blocking(text, [text]) == frozenset()


@pytest.mark.parametrize("values", [["cat", "(?P<x>dog)"], ["(?P<x>cat)", "(?P<x>dog)"], ["cat|bird", "dog|bird"]])
def test_patterns_are_found_among_others_also_when_they_cannot_be_joined(values):
    lists = Lists(blocked_patterns=tuple(Rule(f"p/{number}", value) for number, value in enumerate(values)))
    assert {rule.name for rule in lists.blocking("a dog", ["a dog"])} == {"p/1"}
    assert lists.blocking("a fish", ["a fish"]) == frozenset()


def test_ten_thousand_words_cost_a_message_no_search_each():
    lists = Lists(blocked_words=tuple(Rule(f"w/{number}", f"word{number} two") for number in range(10_000)))
    assert {rule.name for rule in lists.blocking("a word7 two", ["a word7 two"])} == {"w/7"}
    assert len(lists._words["word7"]) == 1


@pytest.mark.parametrize("value", ["c++", "!bang", "", "🖕"])
def test_a_word_with_signs_at_its_ends_is_refused(value):
    with pytest.raises(ValueError, match=r"letter or a digit|characters"):
        word(value)


@pytest.mark.parametrize("value", ["https://bad.example/x", "bad", "a b.example", ""])
def test_what_is_no_domain_is_refused(value):
    with pytest.raises(ValueError, match=r"without scheme|characters"):
        domain(value)


def test_entries_are_kept_in_one_form():
    assert (word("  The  BUTLER "), domain("WWW.Bad.Example.")) == ("the butler", "bad.example")


@pytest.mark.parametrize(("level", "action"), [(1, Action.ALLOW), (2, Action.HOLD), (3, Action.STOP), (4, Action.BAN)])
def test_the_level_of_what_is_blocked_says_what_is_done(level, action):
    verdict = judge("a spoiler!", blocked_words=[Rule("w", "spoiler", Category.SPAM, level)])
    assert (verdict.action, set(verdict.categories)) == (action, {Category.SPAM})


def test_an_allowed_pattern_is_not_held_against_a_message():
    assert judge("hello moby dick").action != Action.ALLOW
    assert judge("hello moby dick", allowed_patterns=[Rule("a", r"mob[iy]\s+dick")]).action == Action.ALLOW


def test_lists_of_everywhere_hold_in_a_stream_with_lists_of_its_own():
    everywhere = Lists(blocked_words=(SPOILER,), allowed_domains=(Rule("a", "example.com"),))
    own = Lists(blocked_words=(Rule("own", "ending"),), wider=everywhere)
    (verdict,) = assess(["a spoiler of the ending, see example.com"], lists=own)
    assert verdict.matched == ("own", "words/7")
    assert Category.LINKS not in verdict.categories
