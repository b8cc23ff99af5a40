"""Naming versions, telling them apart, going back; undo; who wrote what; export; snapshots."""

from datetime import timedelta

import aiohttp
import pytest
from pycrdt import Doc, Text

from collab import selectors
from collab.documents import Replica
from collab.models import Role, Update
from collab.services import history, sessions, versions
from collab.services.text import Draft, write_updates
from gateway.database import in_database
from tests.collab.sessions import make_session
from tests.people import rest


class Pen:
    """Somebody's document, whose changes go to the service one by one."""

    def __init__(self, person, session):
        self._person, self._session = person, session
        self.document: Doc[Text] = Doc()
        self.content = self.document.get("content", type=Text)

    def write(self, at: int, words: str) -> None:
        self._change(lambda: self.content.insert(at, words))

    def delete(self, start: int, end: int) -> None:
        def cut() -> None:
            del self.content[start:end]

        self._change(cut)

    def show_picture(self, at: int) -> None:
        self._change(lambda: self.content.insert_embed(at, {"image": "sun.png"}))

    def read(self) -> None:
        for row in selectors.updates_after(self._session.pk, 0):
            self.document.apply_update(bytes(row.data))

    def _change(self, change) -> None:
        self.read()
        before = self.document.get_state()
        change()
        draft = Draft(self._person.user.pk, self.document.get_update(before))
        (answer,) = write_updates(session_id=self._session.pk, drafts=[draft])
        assert answer.ok, answer.body


@pytest.fixture
def pens(alice, bob, session):
    """Alice's and Bob's."""
    return Pen(alice, session), Pen(bob, session)


def text(session) -> str:
    return versions.text_now(session_id=session.pk)


def pause(session) -> None:
    """Let what was written so far have been written a while ago."""
    for row in Update.objects.filter(session=session):
        Update.objects.filter(pk=row.pk).update(created_at=row.created_at - timedelta(seconds=60))


def test_a_version_is_restored_by_a_new_change(alice, session, pens):
    mine, other = pens
    mine.write(0, "Héllo 👋\nworld\n")
    version = versions.name_version(user_id=alice.user.pk, session_id=str(session.pk), name="first")
    other.write(0, "Ö\n")
    other.delete(0, 3)
    other.write(0, "new\n")

    assert [(piece.kind, piece.text) for piece in versions.difference(version.text, text(session))] == [
        ("insert", "new\n"),
        ("equal", "Héllo 👋\nworld\n"),
    ]
    versions.restore_version(user_id=alice.user.pk, session_id=str(session.pk), version_id=str(version.pk))
    assert text(session) == "Héllo 👋\nworld\n"
    other.read()
    assert str(other.content) == "Héllo 👋\nworld\n"


def test_undo_takes_back_ones_own_changes_alone(alice, bob, session, pens):
    mine, other = pens
    mine.write(0, "one ")
    pause(session)
    mine.write(4, "two ")
    other.write(0, "zero ")
    who = {"user_id": alice.user.pk, "session_id": str(session.pk)}
    assert versions.undo(**who)
    assert text(session) == "zero one "
    assert versions.undo(**who)
    assert text(session) == "zero "
    assert not versions.undo(**who)
    assert versions.undo(user_id=bob.user.pk, session_id=str(session.pk))
    assert text(session) == ""


def test_undo_brings_back_what_was_deleted_though_there_is_a_snapshot(alice, session, pens):
    mine, other = pens
    mine.write(0, "kept and gone")
    pause(session)
    history.compact(session_id=session.pk)
    mine.delete(4, 13)
    history.compact(session_id=session.pk)
    other.write(0, "> ")
    assert versions.undo(user_id=alice.user.pk, session_id=str(session.pk))
    assert text(session) == "> kept and gone"


def test_who_wrote_what(alice, bob, session, pens):
    mine, other = pens
    mine.write(0, "Grüße 👋!")
    history.compact(session_id=session.pk)
    other.write(len("Grüß".encode()), "iii")
    mine.delete(0, 1)
    pieces = history.who_wrote(session_id=session.pk)
    assert "".join(words for _, words in pieces) == text(session)
    assert (bob.user.pk, "iii") in pieces
    assert {author for author, _ in pieces} == {alice.user.pk, bob.user.pk}


def test_a_picture_in_the_text_is_nobodys_words(alice, bob, session, pens):
    mine, other = pens
    mine.write(0, "ü")
    mine.show_picture(len("ü".encode()))
    other.write(len("ü".encode()) + 1, "öö")
    assert text(session) == "üöö"
    assert history.who_wrote(session_id=session.pk) == [(alice.user.pk, "ü"), (bob.user.pk, "öö")]

    version = versions.name_version(user_id=alice.user.pk, session_id=str(session.pk), name="with a picture")
    other.write(0, "> ")
    versions.restore_version(user_id=alice.user.pk, session_id=str(session.pk), version_id=str(version.pk))
    assert text(session) == "üöö"


def test_a_nul_keeps_no_session_from_its_end(alice, session, pens):
    pens[0].write(0, "one\0two")
    version = versions.name_version(user_id=alice.user.pk, session_id=str(session.pk), name="with a NUL")
    done = sessions.complete_session(user_id=alice.user.pk, session_id=str(session.pk))
    assert done.final_content == version.text == "one\ufffdtwo"


def test_what_differs_in_thousands_of_lines_is_told_as_a_whole():
    def lines(first: int) -> str:
        return "".join(f"{number % 100}\n" for number in range(first, first + 50_000))

    old, new = f"head\n{lines(0)}tail\n", f"head\n{lines(7)}tail\n"
    pieces = versions.difference(old, new)
    assert [piece.kind for piece in pieces] == ["equal", "delete", "insert", "equal"]
    assert "".join(piece.text for piece in pieces if piece.kind != "insert") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "delete") == new


@pytest.mark.parametrize(
    ("old", "new"), [("", ""), ("", "a\n"), ("a\n", ""), ("a\na\n", "a\n"), ("a\nb\na\n", "a\nc\nb\nd\na\n")]
)
def test_the_pieces_of_a_difference_make_both_texts(old, new):
    pieces = versions.difference(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "insert") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "delete") == new
    assert all(piece.text for piece in pieces)


def test_a_snapshot_spares_reading_the_log(session, pens):
    mine, other = pens
    for number in range(20):
        (mine, other)[number % 2].write(0, f"{number} ")
    snapshot = history.compact(session_id=session.pk)
    mine.write(0, "last ")
    assert snapshot.seq == 20
    replica = Replica(session.pk)
    replica.catch_up()
    assert (replica.text, replica.seq) == (text(session), 21)
    assert [row.seq for row in selectors.updates_after(session.pk, snapshot.seq)] == [21]


async def test_versions_and_exports_over_rest(servers, alice, mona):
    session = await in_database(make_session, alice, {mona: Role.VIEWER}, content="Our text")
    path = f"collab/sessions/{session.pk}"
    made = await rest(servers[0], "POST", f"{path}/versions/", alice, {"name": "first"})
    assert made.status == 201
    assert (await rest(servers[1], "GET", f"{path}/versions/", mona)).body[0]["name"] == "first"
    shown = await rest(servers[1], "GET", f"{path}/versions/{made.body['id']}/", mona)
    assert shown.body["text"] == "Our text"
    assert (await rest(servers[0], "GET", f"{path}/text/?as=json", mona)).body["text"] == "Our text"
    assert (await rest(servers[0], "POST", f"{path}/undo/", mona)).code == "access_denied"
    assert (await rest(servers[0], "POST", f"{path}/undo/", alice)).body == {"undone": True}
    assert (await rest(servers[0], "POST", f"{path}/versions/{made.body['id']}/restore/", alice)).status == 200
    difference = await rest(servers[0], "GET", f"{path}/versions/{made.body['id']}/diff/", alice)
    assert difference.body == [{"kind": "equal", "text": "Our text"}]
    assert (await rest(servers[0], "GET", f"{path}/authorship/", alice)).body == [
        {"userId": alice.id, "text": "Our text"}
    ]


@pytest.mark.parametrize(
    ("kind", "name", "content"), [("text", "txt", "Our text"), ("markdown", "md", "# Draft\n\nOur text\n")]
)
async def test_a_text_is_taken_away_as_a_file(servers, alice, kind, name, content):
    session = await in_database(make_session, alice, {}, content="Our text")
    url = f"{servers[0].url}/api/collab/sessions/{session.pk}/text/?as={kind}"
    async with (
        aiohttp.ClientSession() as client,
        client.get(url, headers={"Authorization": f"Bearer {alice.token}"}) as response,
    ):
        assert await response.text() == content
        assert response.headers["Content-Disposition"] == f'attachment; filename="session-{session.pk}.{name}"'
