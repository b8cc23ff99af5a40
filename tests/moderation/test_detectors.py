"""Links, personal data and spam are reported, and are not toxic by themselves."""

import pytest

from moderation.assess import assess
from moderation.detectors import hosts, is_luhn
from moderation.lexicon import Category
from moderation.policy import Action


def categories(message):
    (verdict,) = assess([message])
    return set(verdict.categories)


@pytest.mark.parametrize(
    ("message", "host"),
    [
        ("see https://example.com/a?b=c", "example.com"),
        ("HTTP://WWW.Example.COM", "example.com"),
        ("join discord.gg/abc", "discord.gg"),
        ("go to my.site.co.uk now", "my.site.co.uk"),
        ("example dot com", "example.com"),
        ("example [dot] com", "example.com"),
        ("http://192.0.2.7:8080/x", "192.0.2.7"),
    ],
)
def test_links_are_found(message, host):
    assert hosts(message) == (host,)
    assert Category.LINKS in categories(message)


@pytest.mark.parametrize(
    "message",
    [
        "so.anyway",
        "wait...what",
        "e.g. this",
        "v1.2.3",
        "3.14",
        "ok.so what",
        "dot the i",
        "joe@example.com",
        "hello.everyone",
    ],
)
def test_dots_without_a_domain_are_no_links(message):
    assert hosts(message) == ()


@pytest.mark.parametrize(
    "message",
    [
        "joe.bloggs+x@example.co.uk",
        "call +44 20 7946 0958",
        "(555) 010-0199 2",
        "0170 1234567",
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
        "378282246310005",
    ],
)
def test_personal_data_is_found(message):
    assert Category.PERSONAL_DATA in categories(message)


@pytest.mark.parametrize(
    "message",
    [
        "1234567890",
        "12:30 to 14:45",
        "4111 1111 1111 1112 4",
        "100 200 300",
        "2024-01-31",
        "@joe at home",
        "score 10 000 000",
    ],
)
def test_other_numbers_are_no_personal_data(message):
    assert Category.PERSONAL_DATA not in categories(message)


@pytest.mark.parametrize("message", ["a" * 20, "buy " * 8, "🔥" * 30])
def test_a_message_filled_with_one_thing_is_spam(message):
    assert Category.SPAM in categories(message)


@pytest.mark.parametrize(
    "message", ["no " * 7, "hahaha", "the cat and the dog and the bird and the fish and the end of the day, the best"]
)
def test_ordinary_repetition_is_no_spam(message):
    assert Category.SPAM not in categories(message)


@pytest.mark.parametrize("message", ["see https://example.com", "joe@example.com", "4111 1111 1111 1111", "buy " * 8])
def test_none_of_them_is_toxic_by_itself(message):
    (verdict,) = assess([message])
    assert verdict.action == Action.ALLOW


@pytest.mark.parametrize(
    ("number", "valid"),
    [("79927398713", True), ("79927398710", False), ("4111111111111111", True), ("0000000000000", False)],
)
def test_the_luhn_check_digit(number, valid):
    assert is_luhn([int(digit) for digit in number]) == valid
