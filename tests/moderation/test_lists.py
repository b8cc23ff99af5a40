"""An operator's lists stop what they name, spare what they allow, and cannot be made slow."""

import pytest

from moderation.assess import assess
from moderation.lexicon import Category
from moderation.lists import Lists, Rule, bounded_pattern
from moderation.policy import Action


def judge(message, **lists):
    (verdict,) = assess([message], lists=Lists(**{name: tuple(rules) for name, rules in lists.items()}))
    return verdict


SPOILER = Rule("words/7", "spoiler")


@pytest.mark.parametrize("message", ["a spoiler!", "SPOILER", "sp0iler", "s p o i l e r", "ѕроіlеr"])
def test_a_blocked_word_stops_a_message_also_in_disguise(message):
    verdict = judge(message, blocked_words=[SPOILER])
    assert (verdict.action, verdict.score) == (Action.STOP, 0.6)
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
    "pattern",
    [
        r"free\s+coins",
        r"\bcode save\d{2}\b",
        "(?:buy|sell) now",
        "colou?r",
        "[a-z]{3,20}coin",
        r"^!\w+",
        r"a\+b\+c\+",
        "[*+]x",
    ],
)
def test_patterns_of_bounded_cost_are_accepted(pattern):
    assert bounded_pattern(pattern).pattern == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("(a+)+b", id="repeated group"),
        pytest.param("(?:a|aa)*b", id="repeated alternatives"),
        pytest.param("(?:a|aa){20}b", id="counted group"),
        pytest.param("(a{0,200}){0,200}", id="bounded group, bounded repeat"),
        pytest.param(".*.*x", id="two endless repeats"),
        pytest.param("a*b+c", id="star and plus"),
        pytest.param("a{5,}b{5,}", id="two open counts"),
        pytest.param("a{0,99}a{0,99}b", id="two wide counts"),
        pytest.param("a?" * 12, id="many options"),
        pytest.param(r"(a)\1", id="back-reference"),
        pytest.param("(?P<x>a)(?P=x)", id="named back-reference"),
        pytest.param("(?=a)b", id="look-ahead"),
        pytest.param("(?<!a)b", id="look-behind"),
        pytest.param("(unclosed", id="no regular expression"),
        pytest.param("", id="empty"),
        pytest.param("a" * 201, id="too long"),
    ],
)
def test_other_patterns_are_refused(pattern):
    with pytest.raises(ValueError):
        bounded_pattern(pattern)
