"""`manage.py moderate_text` tells staff what would happen to a message, and why."""

import io

import pytest
from django.core.management import CommandError, call_command

from moderation.management.commands.moderate_text import Command


def run(monkeypatch, *texts, stdin=""):
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    monkeypatch.setenv("COLUMNS", "160")
    out = io.StringIO()
    call_command(Command(), *texts, stdout=out)
    return out.getvalue()


def test_the_reading_behind_the_score_is_shown(monkeypatch):
    printed = run(monkeypatch, "k y s")
    assert "kys" in printed
    assert "ban" in printed
    assert "self_harm 0.95" in printed


def test_each_line_of_standard_input_is_a_message(monkeypatch):
    printed = run(monkeypatch, stdin="hello there\n\nfuck you\n")
    assert printed.index("allow") < printed.index("ban")
    assert printed.count("allow") == 1, "an empty line is none"


def test_brackets_are_text_and_no_markup(monkeypatch):
    assert run(monkeypatch, "[red]hi[/red]").count("[red]hi[/red]") == 2, "as written and as read"


def test_nothing_to_judge_is_an_error(monkeypatch):
    with pytest.raises(CommandError, match="No text"):
        run(monkeypatch)
