"""Whispers, addresses and devices are encrypted in their rows, each for its own row, and keys can be changed."""

import asyncio
import json
import os
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from accounts.models import Session, User
from chat.models import Message
from gateway.database import in_database
from gateway.encryption import CannotOpen
from moderation.models import Decision
from tests.conftest import fresh_database
from tests.people import done, eventually, hear, make_person, say

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "meet me at the fountain"
RUDE = "k y s you idiot"
ROWS = 3000
OLD = f"old:{b64encode(b'o' * 32).decode()}"
NEW = f"new:{b64encode(b'n' * 32).decode()}"


def stored(model, pk, column) -> str:
    """What PostgreSQL holds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {model._meta.db_table} WHERE id = %s", [pk])
        return cursor.fetchone()[0]


@contextmanager
def tampered(row, column, value) -> Iterator[None]:
    """PostgreSQL holds `value` meanwhile, as somebody left it who can write there."""
    before = stored(type(row), row.pk, column)
    try:
        _store(row, column, value)
        yield
    finally:
        _store(row, column, before)


def _store(row, column, value) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {column} = %s WHERE id = %s", [value, row.pk])


@pytest.fixture
async def whisper(servers, alice, bob, stream, crowd) -> Message:
    """What Bob whispered to Alice, and she heard."""
    host, viewer = await crowd.join(servers[0], alice, stream), await crowd.join(servers[1], bob, stream)
    answer = done(await say(viewer, stream, SECRET, type="private"))
    await hear(host, SECRET)
    return await Message.objects.aget(pk=answer["id"])


@pytest.fixture
def stored_whisper(whisper) -> tuple[Message, str]:
    return whisper, stored(Message, whisper.pk, "text")


def test_a_whisper_is_encrypted_in_its_row_and_plain_to_those_who_may_read_it(stored_whisper):
    message, text = stored_whisper

    assert message.text == SECRET
    assert text.startswith("\x01development:")
    assert "fountain" not in text


async def test_a_whisper_that_is_stopped_is_encrypted_in_the_decision_on_it(servers, bob, stream, crowd):
    viewer = await crowd.join(servers[0], bob, stream)
    assert not (await say(viewer, stream, RUDE, type="private")).ok
    decision = await Decision.objects.aget(user=bob.user)

    assert decision.text == RUDE
    assert (await in_database(stored, Decision, decision.pk, "text")).startswith("\x01development:")


def test_a_public_message_is_not_so_that_it_can_be_searched(whisper, stream):
    public = Message.objects.create(
        stream_id=stream.pk, author_id=whisper.author_id, text="hello", score=0, model_version="", policy_version="",
        created_at=whisper.created_at, pk=whisper.pk + 1_000_000_000,
    )  # fmt: skip

    assert stored(Message, public.pk, "text") == "hello"


def test_an_email_and_a_device_are_encrypted(bob):
    bob.user.email = "bob@example.org"
    bob.user.save()

    assert "bob" not in stored(User, bob.user.pk, "email")
    assert "tests" not in stored(Session, bob.session.pk, "user_agent")
    assert User.objects.get(pk=bob.user.pk).email == "bob@example.org"
    assert Session.objects.get(pk=bob.session.pk).user_agent == "tests"


def test_what_is_copied_to_another_row_or_column_does_not_open_there(bob):
    charlie = make_person("charlie", email="charlie@example.org")
    copied = stored(User, charlie.user.pk, "email")

    with tampered(bob.user, "email", copied), pytest.raises(CannotOpen, match="was not sealed for it"):
        _ = User.objects.get(pk=bob.user.pk).email


def test_what_was_changed_does_not_open(stored_whisper):
    message, text = stored_whisper
    changed = text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:]

    with tampered(message, "text", changed), pytest.raises(CannotOpen) as error:
        _ = Message.objects.get(pk=message.pk).text

    assert changed not in str(error.value)


def test_the_same_text_is_never_stored_the_same_way(bob):
    charlie = make_person("charlie", email="one@example.org")
    bob.user.email = "one@example.org"
    bob.user.save()

    assert stored(User, bob.user.pk, "email") != stored(User, charlie.user.pk, "email")


def test_nothing_is_stored_plain_by_a_query_that_knows_no_row(bob):
    with pytest.raises(ValueError, match="is encrypted for its row"):
        User.objects.filter(pk=bob.user.pk).update(email="bob@example.org")


# --- Changing keys, on a database of its own ------------------------------------------------------

_MAKE = f"""
from django.utils import timezone
from accounts.models import User
from chat.models import Message
from moderation.models import Decision
from streams import services
user = User.objects.create_user("alice", email="alice@example.org")
stream = services.create_stream(host=user, title="Sunday set")
Message.objects.bulk_create(
    Message(stream_id=stream.pk, author=user, text=f"secret {{n}}", type="private", score=0, model_version="",
            policy_version="", created_at=timezone.now(), pk=n)
    for n in range(1, {ROWS} + 1)
)
Decision.objects.create(user=user, stream=stream, text="a stopped secret", action="stop", score=1)
"""
_READ = """
from accounts.models import User
from chat.models import Message
from moderation.models import Decision
assert User.objects.get().email == "alice@example.org"
assert [m.text for m in Message.objects.order_by("id")] == [f"secret {m.pk}" for m in Message.objects.order_by("id")]
assert Decision.objects.get().text == "a stopped secret"
print("all can be read")
"""


@pytest.fixture
def database() -> Iterator[str]:
    """A migrated database with whispers that are sealed under the old key."""
    with fresh_database(os.environ["DATABASE_URL"], "keys") as url:
        yield url


class Manage:
    """`manage.py` on a database, with these keys."""

    def __init__(self, database: str) -> None:
        self._database = database

    async def start(self, keys: str, *arguments: str) -> asyncio.subprocess.Process:
        environment = {**os.environ, "DATABASE_URL": self._database, "FIELD_ENCRYPTION_KEYS": keys}
        return await asyncio.create_subprocess_exec(
            sys.executable, "manage.py", *arguments, cwd=ROOT, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def __call__(self, keys: str, *arguments: str) -> str:
        process = await self.start(keys, *arguments)
        output, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        return output.decode()


@pytest.fixture
async def manage(database: str) -> Manage:
    manage = Manage(database)
    await manage(OLD, "migrate", "-v0")
    await manage(OLD, "shell", "-c", _MAKE)
    return manage


async def test_keys_are_rotated_although_the_command_is_killed_half_way(manage, database):
    both = f"{NEW},{OLD}"
    planned = json.loads(await manage(both, "rotate_keys", "--dry-run", "--json"))
    assert planned["columns"]["chat_message.text"] == ROWS

    process = await manage.start(both, "rotate_keys")
    with psycopg.connect(database, autocommit=True) as rows:
        count = "SELECT count(*) FROM chat_message WHERE text NOT LIKE E'\\x01new:%'"

        async def it_has_begun() -> bool:
            return rows.execute(count).fetchone()[0] < ROWS  # type: ignore[index]

        await eventually(it_has_begun, 60)
        process.kill()
        await process.communicate()
        left = rows.execute(count).fetchone()[0]  # type: ignore[index]
        # What was under way when it was killed may be undone, but nothing that was done is.
        assert left < ROWS

    assert "all can be read" in await manage(both, "shell", "-c", _READ)
    assert json.loads(await manage(both, "rotate_keys", "--json"))["columns"]["chat_message.text"] == left
    assert "all can be read" in await manage(NEW, "shell", "-c", _READ)
    assert set(json.loads(await manage(NEW, "rotate_keys", "--json"))["columns"].values()) == {0}
