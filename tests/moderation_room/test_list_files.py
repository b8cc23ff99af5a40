"""Lists go to a file and come back; a file with a fault in it changes nothing and says where it is."""

import io
import json
import secrets

import pytest
from django.core.management import CommandError, call_command

from audit.models import Entry
from moderation.models import ListEntry
from moderation.selectors.rules import rules_version


def run(*command):
    """What a command tells."""
    written = io.StringIO()
    call_command(*command, "--json", stdout=written)
    return json.loads(written.getvalue())


@pytest.fixture
def file(tmp_path):
    return tmp_path / "list.csv"


def test_what_is_exported_is_imported_again(file, stream):
    name = f"walnut{secrets.token_hex(4)}"
    file.write_text(
        "list,kind,value,category,level,stream\n"
        f"block,word,The {name},harassment,4,{stream.pk}\n"
        f"block,regex,{name}\\d+,spam,2,\n"
        f"allow,domain,www.{name}.example,,,{stream.pk}\n"
    )
    before = rules_version()
    assert run("import_list", str(file)) == {"added": 3, "changed": 0, "unchanged": 0, "dryRun": False}
    assert rules_version() > before
    word = ListEntry.objects.get(value=f"the {name}")
    assert (word.category, word.level, word.stream_id) == ("harassment", 4, stream.pk)

    assert run("export_list", str(file), "--stream", str(stream.pk)) == {"entries": 2}
    assert f"allow,domain,{name}.example,profanity,3,{stream.pk}," in file.read_text()
    assert run("import_list", str(file))["unchanged"] == 2
    file.write_text(file.read_text().replace("harassment,4", "hate,3"))
    assert run("import_list", str(file))["changed"] == 1
    word.refresh_from_db()
    assert (word.category, word.level) == ("hate", 3)
    assert Entry.objects.filter(action="lists.import", after={"added": 0, "changed": 1}).exists()


def test_a_trial_changes_nothing(file):
    name = f"walnut{secrets.token_hex(4)}"
    file.write_text(f"list,kind,value\nblock,word,{name}\n")
    before = rules_version()
    assert run("import_list", str(file), "--dry-run") == {"added": 1, "changed": 0, "unchanged": 0, "dryRun": True}
    assert not ListEntry.objects.filter(value=name).exists()
    assert rules_version() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("list,kind,value\nblock,word,fine\nblock,regex,(a\nblok,word,x", "line 3: value: Not a pattern"),
        ("list,kind,value\nblock,word,fine\nblok,word,x", "line 3: list: "),
        ("list,kind,value\nblock,word,x,9,9", "line 2: there are too many values"),
        ("list,kind\nblock,word", "no column value"),
        ("list,kind,value,colour\nblock,word,x,red", "nobody knows a column colour"),
        ("list,kind,value,stream\nblock,word,x,somewhere", "line 2: stream: "),
        ("list,kind,value,level\nblock,word,x,5", "line 2: level: "),
    ],
)
def test_a_file_with_a_fault_changes_nothing_and_says_where_it_is(file, content, words):
    file.write_text(content)
    before = rules_version()
    with pytest.raises(CommandError) as refused:
        run("import_list", str(file))
    assert words in str(refused.value)
    assert rules_version() == before


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        run("import_list", str(tmp_path / "nothing.csv"))
