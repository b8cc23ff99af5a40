"""A command that changes something is recorded before it runs, and again when it fails."""

import io

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command, get_commands, load_command_class

from audit.models import Entry
from audit.services import record_command
from gateway.management.audited import AuditedCommand
from tests.test_architecture import PACKAGES

# These change no row, no account, no process and no coin.
ONLY_READ = {
    "doctor", "evaluate_moderation", "export_audit", "export_list", "export_statement", "generate_docs", "mod_stats",
    "moderate_text", "policy_whatif", "reconcile_ledger", "rooms", "second_look", "serve",
    "train_moderation", "verify_audit",
}  # fmt: skip


def ours():
    return sorted(name for name, app in get_commands().items() if app in PACKAGES)


@pytest.mark.parametrize("name", ours())
def test_every_command_that_changes_something_is_recorded(name):
    command = load_command_class(get_commands()[name], name)
    assert isinstance(command, AuditedCommand) != (name in ONLY_READ)


def test_our_commands_are_found():
    assert {"void_gift", "drain", "end_session"} <= set(ours())
    assert {app.name for app in apps.get_app_configs()} >= set(PACKAGES) - {"realtime_project"}


def entries(name):
    return list(Entry.objects.filter(action=f"command.{name}").order_by("id"))


def test_a_command_is_recorded_with_who_ran_it_and_without_names(bob):
    before = len(entries("issue_token"))
    call_command("issue_token", bob.name, "--ttl", "60", stdout=io.StringIO())
    (entry,) = entries("issue_token")[before:]
    assert entry.origin == "command"
    assert "@" in entry.address
    assert entry.after["outcome"] == "started"
    assert entry.after["arguments"]["ttl"] == 60
    assert bob.name not in str(entry.after)


def test_a_command_that_fails_is_recorded_twice():
    before = len(entries("void_gift"))
    with pytest.raises(CommandError):
        call_command("void_gift", "999999999", "--reason", "a test", stdout=io.StringIO())
    started, failed = entries("void_gift")[before:]
    assert (started.after["outcome"], failed.after["outcome"]) == ("started", "CommandError")
    assert failed.reason == "a test"


def test_a_command_that_only_looks_is_not_recorded():
    before = len(entries("drain"))
    call_command("drain", stdout=io.StringIO())
    assert len(entries("drain")) == before


def test_what_a_command_was_told_is_kept_without_text():
    record_command("test", {"name": "Bob", "ids": [1, 2], "flag": True}, "started", "")
    assert entries("test")[-1].after["arguments"] == {"name": "text of 3 characters", "ids": [1, 2], "flag": True}
