"""What the admin's page of a user shows above the form: sections that apps contribute, each of what is its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from accounts.evasion import accounts_sharing_with
from accounts.models import User
from audit import selectors as audit_selectors

_ROWS = 10
_LABEL = "accounts.user"


@dataclass(frozen=True, slots=True)
class Section:
    """A table on the page.

    Attributes:
        links: words and addresses of what leads on from it.
    """

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[object]]
    links: Sequence[tuple[str, str]] = ()

    @property
    def table(self) -> dict[str, Sequence[object]]:
        """As Unfold's table component takes it."""
        return {"headers": self.headers, "rows": self.rows}


Part = Callable[[User], Section]
_parts: list[Part] = []


def contribute(part: Part) -> Part:
    """Decorator: let a function supply a section."""
    _parts.append(part)
    return part


def sections(user: User) -> list[Section]:
    """All sections of a user's page: what apps contribute, then who the user may be and what was done to them."""
    return [part(user) for part in (*_parts, sessions, linked_accounts, audit)]


def listed(page: str, **filters: str | int) -> str:
    """The address of a list in the admin, filtered."""
    return f"{reverse(f'admin:{page}_changelist')}?{urlencode(filters)}"


def sessions(user: User) -> Section:
    """Signed-in devices, and where they were signed in."""
    rows = [
        (
            session.user_agent or "unknown",
            session.address or "—",
            session.country or "—",
            session.created_at,
            session.last_seen_at,
            session.revoked_reason or "open",
        )
        for session in user.sessions.all()[:_ROWS]
    ]
    return Section(
        "Sessions and devices",
        ("Device", "Address", "Country", "Since", "Last seen", "State"),
        rows,
        [("All sessions", listed("accounts_session", q=user.username))],
    )


def linked_accounts(user: User) -> Section:
    """Who shares a device or a network with the user; either can be shared by strangers."""
    rows = [
        (other.username, signal, "banned" if other.is_banned else "welcome", other.date_joined)
        for other, signal in accounts_sharing_with(user)[:_ROWS]
    ]
    return Section("Linked accounts", ("User", "Shares a", "State", "Joined"), rows)


def audit(user: User) -> Section:
    """What was done to the user."""
    entries = audit_selectors.entries_about(_LABEL, str(user.pk))[:_ROWS]
    rows = [(entry.created_at, entry.action, entry.origin, entry.actor_id or "—", entry.reason) for entry in entries]
    links = [("All of it", listed("audit_entry", target_kind=_LABEL, target_id=user.pk))]
    return Section("Audit", ("When", "Action", "Origin", "Actor", "Reason"), rows, links)
