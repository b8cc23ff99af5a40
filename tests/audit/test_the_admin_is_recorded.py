"""Whatever is added, changed, deleted or done in the admin is in the audit log."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.audited import AuditedAdmin
from audit.models import Entry
from audit.services import AUTOMATIC
from moderation.models import Rung
from moderation.services import sanctions
from tests.people import make_person

ADDRESS = "192.0.2.44"


@pytest.fixture
def ada():
    """Ada administers."""
    return make_person("ada", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(ada):
    """Ada's browser, signed in to the admin."""
    client = Client(REMOTE_ADDR=ADDRESS)
    client.force_login(ada.user)
    return client


def entries(target):
    return list(Entry.objects.filter(target_kind=target._meta.label_lower, target_id=str(target.pk)).order_by("id"))


@pytest.mark.parametrize(("model", "page"), admin.site._registry.items(), ids=str)
def test_every_page_of_the_admin_is_recorded(model, page):
    assert isinstance(page, AuditedAdmin)
    for name in ("log_addition", "log_change", "log_deletions", "save_form", "get_actions", "_get_instance_method"):
        assert getattr(type(page), name) is getattr(AuditedAdmin, name)


def form_of(browser, url):
    """The fields of the form at `url`, as a browser would send them back unchanged."""
    form = browser.get(url).context["adminform"].form
    fields = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in fields.items() if value is not None and value is not False}


def test_a_change_is_recorded_with_before_and_after_and_without_text(browser, ada, bob):
    url = reverse("admin:accounts_user_change", args=[bob.user.pk])
    fields = form_of(browser, url)
    answer = browser.post(url, {**fields, "og_level": 3, "is_moderator": "on", "avatar": "https://example.org/bob.png"})
    assert answer.status_code == 302
    (entry,) = entries(bob.user)
    assert (entry.action, entry.origin, entry.actor_id) == ("accounts.user.change", "admin", ada.user.pk)
    assert entry.address == ADDRESS
    assert entry.before == {"og_level": 0, "is_moderator": False, "avatar": ""}
    assert entry.after == {"og_level": 3, "is_moderator": True, "avatar": "text of 27 characters"}


def test_who_may_moderate_a_channel_is_recorded(browser, bob, charlie):
    url = reverse("admin:accounts_user_change", args=[bob.user.pk])
    browser.post(url, {**form_of(browser, url), "channel_moderators": [charlie.user.pk]})
    (entry,) = entries(bob.user)
    assert entry.after == {"channel_moderators": [charlie.user.pk]}


def test_an_addition_and_a_deletion_are_recorded(browser):
    name = make_person("dave").name + "2"
    password = "correct horse battery"
    fields = {"username": name, "password1": password, "password2": password, "usable_password": "true"}
    assert browser.post(reverse("admin:accounts_user_add"), fields).status_code == 302
    dave = User.objects.get(username=name)
    browser.post(reverse("admin:accounts_user_delete", args=[dave.pk]), {"post": "yes"})
    added, deleted = entries(dave)
    assert (added.action, deleted.action) == ("accounts.user.add", "accounts.user.delete")
    assert added.after["username"] == f"text of {len(name)} characters"
    assert deleted.before["is_staff"] is False
    assert name not in str(added.after) + str(deleted.before)


def test_an_action_is_recorded_before_it_runs_and_what_it_changed_after(browser, ada, bob):
    issued = sanctions.sanction_user(actor=AUTOMATIC, user_id=bob.user.pk, rung=Rung.TIMEOUT, reason="spoilers")
    fields = {"action": "lift", "_selected_action": [issued.pk]}
    browser.post(reverse("admin:moderation_sanction_changelist"), fields)
    asked, changed = entries(issued)
    assert (asked.action, asked.actor_id) == ("moderation.sanction.lift", ada.user.pk)
    assert (changed.before["lifted_by_id"], changed.after["lifted_by_id"]) == (None, ada.user.pk)


def test_deleting_what_was_selected_is_recorded(browser, bob):
    fields = {"action": "delete_selected", "_selected_action": [bob.user.pk], "post": "yes"}
    browser.post(reverse("admin:accounts_user_changelist"), fields)
    assert [entry.action for entry in entries(bob.user)] == ["accounts.user.delete"]


def test_a_new_password_is_recorded_without_it(browser, bob):
    url = reverse("admin:auth_user_password_change", args=[bob.user.pk])
    browser.post(url, {"password1": "correct horse 12", "password2": "correct horse 12", "usable_password": "true"})
    (entry,) = entries(bob.user)
    assert entry.after == {"password_set": True}


def test_the_log_can_be_read_and_filtered_but_not_written(browser, ada, bob):
    fields = {"action": "sign_out_everywhere", "_selected_action": [bob.user.pk]}
    browser.post(reverse("admin:accounts_user_changelist"), fields)
    (entry, *_) = entries(bob.user)
    history = browser.get(reverse("admin:accounts_user_history", args=[bob.user.pk]), follow=True)
    assert f"accounts.user {bob.user.pk}" in history.content.decode()
    assert set(history.context["cl"].queryset) == set(entries(bob.user))
    page = reverse("admin:audit_entry_change", args=[entry.pk])
    assert entry.hash in browser.get(page).content.decode()
    assert browser.post(page, {"reason": "another"}).status_code == 403
    assert browser.post(reverse("admin:audit_entry_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403
    assert browser.get(reverse("admin:audit_entry_add")).status_code == 403


def test_a_users_page_shows_what_is_known_of_them_and_leads_to_a_sanction(browser, ada, bob):
    sanctions.sanction_user(actor=AUTOMATIC, user_id=bob.user.pk, rung=Rung.WARNING, reason="spoilers again")
    page = browser.get(reverse("admin:accounts_user_change", args=[bob.user.pk])).content.decode()
    for words in (
        "Sessions and devices",
        "Linked accounts",
        "Sanctions · score 2.0",
        "Messages",
        "Gifts · 0 coins",
        "sanction.warning",
    ):
        assert words in page
    form = reverse("admin:moderation_sanction_add")
    assert f"{form}?user={bob.user.pk}" in page
    fields = {"user": bob.user.pk, "rung": "ban", "reason": "enough", "minutes": 60}
    assert browser.post(form, fields).status_code == 302
    bob.user.refresh_from_db()
    assert bob.user.is_banned
    assert "sanction.ban" in [entry.action for entry in entries(bob.user) if entry.actor_id == ada.user.pk]
