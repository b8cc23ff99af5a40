"""A user's page shows where they were and who else was there; places are barred in the admin; roles hold there too."""

import secrets
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts import barriers, services
from accounts.models import Barrier
from audit.selectors import entries_about
from tests.people import PASSWORD, make_person


def browser_of(person):
    client = Client(REMOTE_ADDR="192.0.2.44")
    client.force_login(person.user)
    return client


@pytest.fixture
def ada():
    """Ada administers."""
    return make_person("ada", is_staff=True, is_superuser=True)


@pytest.fixture
def sam():
    """Sam is staff, and may sanction."""
    sam = make_person("sam", is_staff=True)
    sam.user.user_permissions.add(*Permission.objects.filter(content_type__app_label="moderation"))
    return sam


def test_a_users_page_shows_addresses_and_who_shares_a_device(ada, bob, charlie):
    device = secrets.token_hex(8)
    for person, address in ((bob, "203.0.113.41"), (charlie, "198.51.100.9")):
        services.open_session(user=person.user, user_agent="an app", address=address, device_id=device)

    page = browser_of(ada).get(reverse("admin:accounts_user_change", args=[bob.user.pk])).content.decode()

    assert "203.0.113.41" in page
    assert "198.51.100.9" not in page
    assert "Linked accounts" in page
    assert charlie.name in page


def test_a_network_is_barred_and_opened_in_the_admin(ada):
    browser, network = browser_of(ada), f"2001:db8:{secrets.token_hex(2)}::/48"
    fields = {"network": network, "minutes": 60, "reason": "spam"}
    assert browser.post(reverse("admin:accounts_barrier_add"), fields).status_code == 302
    barrier = Barrier.objects.get(network=str(barriers.checked(network)))
    assert barrier.until - barrier.created_at < timedelta(minutes=61)
    assert barrier.created_by_id == ada.user.pk

    action = {"action": "lift", "_selected_action": [barrier.pk]}
    browser.post(reverse("admin:accounts_barrier_changelist"), action)
    assert not barriers.in_force().filter(pk=barrier.pk).exists()
    assert {"barrier.add", "barrier.lift"} <= {
        entry.action for entry in entries_about("accounts.barrier", str(barrier.pk))
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"network": "everywhere"}, "no network"), ({"network": "0.0.0.0/0"}, "too large"), ({}, "either a device")],
)
def test_a_barrier_that_cannot_be_is_refused_in_words(ada, fields, words):
    answer = browser_of(ada).post(reverse("admin:accounts_barrier_add"), {"reason": "spam", **fields})
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_staff_cannot_sanction_staff_by_the_form(sam, bob):
    other, form = make_person("other", is_staff=True), reverse("admin:moderation_sanction_add")
    fields = {"rung": "ban", "reason": "enough", "minutes": 60}

    refused = browser_of(sam).post(form, {"user": other.user.pk, **fields})
    assert "as high as yours" in refused.content.decode()
    assert browser_of(sam).post(form, {"user": bob.user.pk, **fields}).status_code == 302
    for person, is_banned in ((other, False), (bob, True)):
        person.user.refresh_from_db()
        assert person.user.is_banned is is_banned


def test_staff_give_nobody_a_role_of_staff_and_change_nobody_of_their_own_role(sam, bob):
    sam.user.user_permissions.add(*Permission.objects.filter(content_type__app_label="accounts"))
    browser, ada = browser_of(sam), make_person("ada", is_staff=True, is_superuser=True)
    fields = {"username": bob.name, "avatar": "", "og_level": 0, "is_active": "on", "is_moderator": "on"}
    form = reverse("admin:accounts_user_change", args=[bob.user.pk])
    assert browser.post(form, {**fields, "is_staff": "on", "is_superuser": "on"}).status_code == 302
    bob.user.refresh_from_db()
    assert (bob.user.is_moderator, bob.user.is_staff, bob.user.is_superuser) == (True, False, False)

    new = {"password1": "a much longer password", "password2": "a much longer password"}
    for person, status in ((ada, 403), (sam, 403), (bob, 302)):
        password = reverse("admin:auth_user_password_change", args=[person.user.pk])
        assert browser.post(password, new).status_code == status
        person.user.refresh_from_db()
        assert person.user.check_password(PASSWORD) is (status == 403)
