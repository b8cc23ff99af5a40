"""`manage.py second_look` tells an operator whether the provider answers as it should."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from gateway.database import in_database
from tests.second_look.elsewhere import says

pytestmark = pytest.mark.usefixtures("asking")


async def run(*arguments):
    out = io.StringIO()
    await in_database(call_command, "second_look", *arguments, stdout=out)
    return out.getvalue()


async def test_what_the_provider_thinks_is_printed(provider):
    provider.hateful = {"them all": 0.91}
    answer = json.loads(await run("them all", "--json"))
    assert answer.pop("milliseconds") >= 0
    assert answer == {"provider": "webhook", "model": "ours-3", "score": 0.91, "categories": {"hate": 0.91}}
    assert "0.91" in await run("them all")


async def test_a_provider_that_fails_is_an_error_that_says_why(provider):
    provider.behaviour = says(b"{}", status=401)
    with pytest.raises(CommandError, match="webhook gave no answer that can be used: status 401"):
        await run("hello")


async def test_without_a_provider_it_says_what_to_set():
    with (
        override_settings(MODERATION_SECOND_LOOK_PROVIDER=""),
        pytest.raises(CommandError, match="PROVIDER is not set"),
    ):
        await run("hello")
