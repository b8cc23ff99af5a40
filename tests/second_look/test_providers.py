"""Providers are asked in their own words, in time, at the address of the settings alone; a wrong answer is none."""

import asyncio
import gzip
import hashlib
import hmac
import json

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import override_settings

from gateway.testing_servers import free_port
from moderation.lexicon import Category
from moderation.second_look import configured_provider
from moderation.second_look.opinion import ProviderFailed
from tests.second_look import elsewhere
from tests.second_look.elsewhere import KEY, NAMES, says

TEXT = "a text nobody may log"
MODELS = {"openai": "omni-moderation-1", "perspective": "perspective", "webhook": "ours-3"}


@pytest.fixture(params=NAMES)
def name(request):
    """Each provider."""
    return request.param


async def ask(name, url, *texts, seconds=10.0):
    with override_settings(
        MODERATION_SECOND_LOOK_PROVIDER=name,
        MODERATION_SECOND_LOOK_URL=url,
        MODERATION_SECOND_LOOK_KEY=KEY,
        MODERATION_SECOND_LOOK_SECONDS=seconds,
    ):
        return await asyncio.to_thread(configured_provider().judge, texts or (TEXT,))


async def test_its_scores_become_ours(name, provider):
    provider.hateful = {"nobody": 0.87}
    (opinion,) = await ask(name, provider.address(name))
    assert (opinion.score, opinion.categories[Category.HATE], opinion.model) == (0.87, 0.87, MODELS[name])
    assert provider.texts() == [TEXT]


@pytest.mark.parametrize("name", ["openai", "webhook"])
async def test_many_are_asked_about_by_one_request(name, provider):
    provider.hateful = {"two": 0.9}
    opinions = await ask(name, provider.address(name), "one", "two", "three")
    assert [opinion.score for opinion in opinions] == [0.01, 0.9, 0.01]
    assert len(provider.asked) == 1


async def test_swearing_alone_is_named_and_makes_no_message_bad(provider):
    answer = provider_answer("PROFANITY", 0.99)
    provider.behaviour = says(answer)
    (opinion,) = await ask("perspective", provider.address("perspective"))
    assert (opinion.score, opinion.categories[Category.PROFANITY]) == (0.01, 0.99)


def provider_answer(attribute, value):
    names = ("PROFANITY", "INSULT", "SEVERE_TOXICITY", "SEXUALLY_EXPLICIT", "THREAT", "IDENTITY_ATTACK")
    scores = {name: {"summaryScore": {"value": 0.01}} for name in names}
    scores[attribute]["summaryScore"]["value"] = value
    return json.dumps({"attributeScores": scores}).encode()


async def test_the_key_goes_in_a_header_and_never_in_the_address(name, provider):
    await ask(name, provider.address(name))
    (asked,) = provider.asked
    assert asked.path == f"/{name}"
    expected = {"openai": ("Authorization", f"Bearer {KEY}"), "perspective": ("X-Goog-Api-Key", KEY)}
    if name in expected:
        header, value = expected[name]
        assert asked.headers[header] == value


async def test_a_webhook_can_tell_that_we_ask(provider):
    await ask("webhook", provider.address("webhook"))
    (asked,) = provider.asked
    moment, signature = (part.split("=")[1] for part in asked.headers["X-Signature"].split(","))
    expected = hmac.new(KEY.encode(), f"{moment}.".encode() + asked.body, hashlib.sha256).hexdigest()
    assert signature == expected


async def test_perspective_is_asked_to_keep_nothing(provider):
    await ask("perspective", provider.address("perspective"))
    assert json.loads(provider.asked[0].body)["doNotStore"] is True


OPENAI = {"harassment": 0.1, "hate": 0.1, "self-harm": 0.1, "sexual": 0.1, "violence": 0.1}


def openai(**changed):
    return json.dumps({"model": "m", "results": [{"category_scores": {**OPENAI, **changed}}]}).encode()


def webhook(**changed):
    return json.dumps({"model": "m", "results": [{"score": 0.1, "categories": {"hate": 0.1}, **changed}]}).encode()


LIES = {
    "no JSON": ("openai", says(b"{")),
    "no text": ("openai", says(b"\xff\xfe\x00")),
    "nothing": ("openai", says(b"")),
    "another shape": ("openai", says(b'{"ok": true}')),
    "a list": ("webhook", says(b"[1]")),
    "no results": ("openai", says(b'{"model": "m", "results": []}')),
    "results of others": ("webhook", says(b'{"model": "m", "results": [{"score": 0}, {"score": 0}]}')),
    "a score above one": ("openai", says(openai(hate=1.5))),
    "a score below zero": ("webhook", says(webhook(score=-0.1))),
    "no number": ("webhook", says(webhook(score=0).replace(b": 0,", b": NaN,"))),
    "words for a score": ("openai", says(openai(hate="high"))),
    "a yes for a score": ("webhook", says(webhook(score=True))),
    "a category that is left out": ("openai", says(openai().replace(b'"hate"', b'"love"'))),
    "an attribute that is left out": ("perspective", says(provider_answer("THREAT", 0).replace(b"INSULT", b"PRAISE"))),
    "an attribute without its score": ("perspective", says(b'{"attributeScores": {"THREAT": {}}}')),
    "a category nobody knows": ("webhook", says(webhook(categories={"love": 0.5}))),
    "a field nobody knows": ("webhook", says(webhook(verdict="fine"))),
    "a name as long as a book": ("webhook", says(webhook().replace(b'"m"', b'"' + b"m" * 500 + b'"'))),
    "an error": ("openai", says(openai(), status=500)),
    "a wrong key": ("perspective", says(provider_answer("THREAT", 0.5), status=401)),
    "too many questions": ("webhook", says(webhook(), status=429)),
    "success of another kind": ("webhook", says(webhook(), status=202)),
    "something packed": ("openai", says(gzip.compress(openai()), **{"Content-Encoding": "gzip"})),
    "too much": ("openai", elsewhere.says_too_much),
    "too much in one piece of a packed answer": (
        "webhook", says(gzip.compress(webhook() + b" " * 10_000_000), **{"Content-Encoding": "gzip"})
    ),
    "somewhere else": ("webhook", elsewhere.redirects),
    "nothing, and hangs up": ("openai", elsewhere.hangs_up),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
async def test_a_wrong_answer_is_none(lie, provider):
    name, provider.behaviour = LIES[lie]
    with pytest.raises(ProviderFailed) as failed:
        await ask(name, provider.address(name))
    assert [asked.path for asked in provider.asked] == [f"/{name}"]
    assert_tells_nothing(failed.value, provider.url)


@pytest.mark.parametrize("behaviour", [elsewhere.stalls, elsewhere.drips])
async def test_an_answer_that_does_not_come_in_time_is_none(behaviour, name, provider):
    provider.behaviour = behaviour
    with pytest.raises(ProviderFailed, match="no answer in time"):
        await ask(name, provider.address(name), seconds=0.1)


async def test_a_provider_that_is_down_gives_no_answer(name):
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ProviderFailed) as failed:
        await ask(name, url)
    assert_tells_nothing(failed.value, url)


def assert_tells_nothing(error, url):
    """Neither the text nor the key nor the address is in what may be logged."""
    said = f"{error!r} {error.__cause__!r}"
    assert not any(secret in said for secret in (TEXT, KEY, url.split("//")[1]))


async def test_a_proxy_of_the_environment_is_not_used(provider, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    (opinion,) = await ask("webhook", provider.address("webhook"))
    assert opinion.model == "ours-3"


def test_a_provider_in_an_error_message_hides_its_key():
    with override_settings(MODERATION_SECOND_LOOK_PROVIDER="openai", MODERATION_SECOND_LOOK_KEY=KEY):
        assert KEY not in repr(configured_provider())


@pytest.mark.parametrize(
    ("setting", "value"),
    [("PROVIDER", "oracle"), ("URL", "file:///etc/passwd"), ("URL", "https:///nowhere"), ("URL", ""), ("KEY", "")],
)
def test_a_second_look_that_is_set_up_by_half_does_not_start(setting, value):
    whole = {"PROVIDER": "openai", "URL": "https://example.org/moderations", "KEY": KEY}
    with (
        override_settings(**{f"MODERATION_SECOND_LOOK_{name}": v for name, v in {**whole, setting: value}.items()}),
        pytest.raises(SystemCheckError, match=f"MODERATION_SECOND_LOOK_{setting}"),
    ):
        call_command("check")
