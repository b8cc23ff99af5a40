"""A draft of a policy is tried on what was written, and changes nothing."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from chat.models import Kind, Visibility
from chat.services import Draft, send_messages
from moderation.models import Decision, PolicyRow
from moderation.selectors.rules import rules_version
from streams.selectors import find_card
from tests.coins import identity_of
from tests.people import make_stream


def run(*command):
    written = io.StringIO()
    call_command("policy_whatif", *map(str, command), stdout=written)
    return written.getvalue()


@pytest.fixture
def said(alice, bob):
    """A stream in which Bob was heard twice and stopped once."""
    stream = make_stream(alice)
    card = find_card(str(stream.pk))
    texts = ["what a lovely evening", "see https://example.com/walnut", "this is bullshit"]
    send_messages(drafts=[Draft(identity_of(bob), card, text, Visibility.PUBLIC, Kind.TEXT) for text in texts])
    return stream


def test_what_would_change_is_counted_and_named_by_id_alone(said, tmp_path):
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"levels": {"links": 3, "profanity": 0}}))
    before = rules_version()
    told = json.loads(run(file, "--stream", said.pk, "--json"))
    assert (told["messages"], told["changed"]) == (3, 2)
    assert told["actions"]["stop"] == {"now": 1, "then": 1}
    assert told["categories"] == {
        "links": {"stricter": 1, "milder": 0}, "profanity": {"stricter": 0, "milder": 1},
    }  # fmt: skip
    decision = Decision.objects.get(stream=said, action="stop")
    assert [(one["kind"], one["now"], one["then"]) for one in told["examples"]] == [
        ("message", "allow", "stop"), ("decision", "stop", "allow"),
    ]  # fmt: skip
    assert told["examples"][1]["id"] == decision.pk
    assert "walnut" not in json.dumps(told)
    assert "walnut" in run(file, "--stream", said.pk, "--show-text", "--json")
    assert rules_version() == before
    assert not PolicyRow.objects.filter(stream=said).exists()


def test_a_draft_of_the_admin_is_tried(said):
    draft = PolicyRow.objects.create(stream=said, levels={"links": 4})
    told = json.loads(run("--draft", draft.pk, "--stream", said.pk, "--json"))
    assert told["changed"] == 1
    assert "1 of 3 messages would be treated otherwise" in run("--draft", draft.pk, "--stream", said.pk)


def test_only_the_last_are_replayed(said):
    draft = PolicyRow.objects.create(stream=said, levels={"links": 4})
    told = json.loads(run("--draft", draft.pk, "--stream", said.pk, "--last", 1, "--json"))
    assert (told["messages"], told["changed"]) == (1, 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"levels": {"lies": 3}}', "no category lies"),
        ('{"levels": {"hate": 7}}', "from 0 to 4"),
        ('{"hold": 0.9, "stop": 0.5, "ban": 0.9}', "must rise"),
        ('{"stop": 0.5}', "all three thresholds or none"),
        ('{"strictness": 1}', "strictness"),
        ('{"hold": "much"}', "hold"),
        ("[]", "no JSON object"),
        ("{", "cannot be read"),
    ],
)
def test_a_draft_that_is_none_is_refused(tmp_path, content, words):
    file = tmp_path / "policy.json"
    file.write_text(content)
    with pytest.raises(CommandError, match=words):
        run(file)


def test_there_is_one_draft_to_try():
    with pytest.raises(CommandError, match="Give a file"):
        run()
    with pytest.raises(CommandError, match="no draft"):
        run("--draft", 9**15)
