"""Whoever edits, removes, moves or adds an entry behind the log's back is found, and the entry is named."""

import io
import re
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from audit import export
from audit.models import Entry, Head
from audit.selectors import end_of_chain, entries_in_order, first_fault
from audit.services import AUTOMATIC, Actor, record


def keep(reason="because"):
    return record(
        actor=Actor.api(7, "192.0.2.7"), action="test.act", target_kind="test.thing", target_id="12",
        before={"level": 1}, after={"level": 2, "share": 0.72}, reason=reason,
    )  # fmt: skip


@contextmanager
def tampering():
    """Run as somebody who can switch the triggers off; nothing of it stays."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Nobody adds an entry meanwhile, whom the tampering would put out of step.
            cursor.execute("SELECT * FROM audit_head FOR UPDATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        transaction.set_rollback(True)


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def kept():
    """The ids of three entries in a row, and all is well."""
    with transaction.atomic():
        ids = [keep() for _ in range(3)]
    assert first_fault() is None
    return ids


def test_an_edited_entry_is_named(kept):
    with tampering():
        run("UPDATE audit_entry SET reason = 'another' WHERE id = %s", kept[1])
        assert str(first_fault()) == f"entry {kept[1]} was edited"


@pytest.mark.parametrize(
    "change",
    [
        "created_at = created_at - interval '1 hour'", "origin = 'command'", "actor_id = 8", "address = '192.0.2.8'",
        "action = 'other'", "target_kind = 'other'", "target_id = '13'", "before = NULL", "after = '{\"level\": 3}'",
    ],
)  # fmt: skip
def test_no_column_can_be_edited_unnoticed(kept, change):
    with tampering():
        run(f"UPDATE audit_entry SET {change} WHERE id = %s", kept[1])
        assert str(first_fault()) == f"entry {kept[1]} was edited"


def test_a_removed_entry_is_named(kept):
    with tampering():
        run("DELETE FROM audit_entry WHERE id = %s", kept[1])
        assert str(first_fault()) == f"entry {kept[1]} was removed"


def test_a_removed_end_is_named(kept):
    with tampering():
        run("DELETE FROM audit_entry WHERE id >= %s", kept[1])
        assert str(first_fault()) == f"entry {kept[1]} was removed, and all after it"


def test_entries_that_changed_places_are_named(kept):
    with tampering():
        run("UPDATE audit_entry SET id = -1 WHERE id = %s", kept[1])
        run("UPDATE audit_entry SET id = %s WHERE id = %s", kept[1], kept[2])
        run("UPDATE audit_entry SET id = %s WHERE id = -1", kept[2])
        assert str(first_fault()).startswith(f"entry {kept[1]} was moved here")


def test_a_chain_written_anew_lacks_the_signature(kept):
    with tampering():
        run("DELETE FROM audit_entry WHERE id > %s", kept[1])
        run("UPDATE audit_head SET last_id = %s, last_hash = %s", kept[1], Entry.objects.get(pk=kept[1]).hash)
        assert "written anew" in str(first_fault())


def test_an_end_noted_elsewhere_tells_of_a_cut_that_was_signed_before(kept):
    noted, earlier = end_of_chain(), Head.objects.get()
    keep()
    later = end_of_chain()
    with tampering():
        run("DELETE FROM audit_entry WHERE id > %s", earlier.last_id)
        run("UPDATE audit_head SET last_id = %s, last_hash = %s, signature = %s", earlier.last_id, earlier.last_hash,
            earlier.signature)  # fmt: skip
        assert first_fault(kept=noted) is None
        assert first_fault(kept=later).entry_id == later.entry_id


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET reason = ''", "DELETE FROM audit_entry", "TRUNCATE audit_entry",
        "DELETE FROM audit_head", "TRUNCATE audit_head", "UPDATE audit_head SET last_id = last_id - 1",
        "INSERT INTO audit_head (last_id, last_hash, signature) VALUES (0, '', '')",
    ],
)  # fmt: skip
def test_the_database_refuses(kept, statement):
    with pytest.raises(IntegrityError), transaction.atomic():
        run(statement)
    assert first_fault() is None


def test_an_entry_goes_with_its_transaction(kept):
    with transaction.atomic():
        lost = keep()
        transaction.set_rollback(True)
    assert not Entry.objects.filter(pk=lost).exists() or Entry.objects.get(pk=lost).target_kind != "test.thing"
    assert first_fault() is None


def test_text_has_no_place_in_an_entry():
    with pytest.raises(ValueError, match="holds no text"):
        record(actor=AUTOMATIC, action="test.act", target_kind="test.thing", after={"list": ["x" * 121]})


# --- Commands -------------------------------------------------------------------------------------


def output(*command):
    written = io.StringIO()
    call_command(*command, stdout=written)
    return written.getvalue()


def test_the_command_prints_the_end_of_a_sound_chain(kept):
    ended = re.search(r"the end is (\d+:[0-9a-f]{64})", output("verify_audit"))
    assert "entries are as they were written" in output("verify_audit", "--kept", ended[1])


def test_the_command_fails_and_names_the_entry(kept):
    with tampering():
        run("UPDATE audit_entry SET actor_id = NULL WHERE id = %s", kept[0])
        with pytest.raises(CommandError, match=f"entry {kept[0]} was edited"):
            output("verify_audit")


def test_an_export_proves_itself_and_no_change_to_it_passes(kept, tmp_path):
    path = tmp_path / "audit.jsonl"
    output("export_audit", "--output", str(path))
    assert "as they were exported" in output("verify_audit", "--export", str(path))

    lines = path.read_text().splitlines(keepends=True)
    for wrong in (lines[:-2] + lines[-1:], lines[:-1], [lines[1], lines[0], *lines[2:]], lines[1:], [*lines, "{}\n"]):
        path.write_text("".join(wrong))
        with pytest.raises(export.ExportError):
            export.verify(path)
    path.write_text("".join(lines).replace('"level": 2', '"level": 3'))
    with pytest.raises(export.ExportError, match="was edited"):
        export.verify(path)


def test_a_part_of_the_log_can_be_exported(kept, tmp_path):
    path = tmp_path / "part.jsonl"
    start = Entry.objects.get(pk=kept[1]).created_at
    path.write_text("".join(export.lines(entries_in_order(start=start))))
    assert export.verify(path) >= 2
