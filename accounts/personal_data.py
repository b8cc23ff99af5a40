"""What is held on a person, and what becomes of it when they are erased: each app declares its own part.

An app declares its holdings in a module its `AppConfig.ready` imports, as it does for `accounts.user_page`. Why some
things stay is in docs/adr/0087-what-remains-of-a-person.md.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol

from django.db import transaction
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import ERASED, Barrier, EvasionFlag, Session, User, Violation
from audit.changes import to_json
from gateway.models import CommandAnswer, OutboxEvent
from gateway.rooms import user_room

Rows = QuerySet[Any]
_BATCH = 500


class Fate(Protocol):
    """What becomes of rows when their person is erased."""

    def left(self, rows: Rows) -> Rows:
        """Those it has not met yet."""
        ...

    def meet(self, rows: Rows) -> None:
        """Let it happen to some rows, in the caller's transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Deleted:
    """The rows go."""

    def left(self, rows: Rows) -> Rows:
        return rows

    def meet(self, rows: Rows) -> None:
        rows.delete()


@dataclass(frozen=True, slots=True)
class Blanked:
    """The rows stay for what they say of others, without what they say of the person.

    Attributes:
        values: what the columns become.
    """

    values: Mapping[str, Any]

    def left(self, rows: Rows) -> Rows:
        return rows.exclude(**self.values)

    def meet(self, rows: Rows) -> None:
        rows.update(**self.values)


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows stay: of the person they hold no more than an id that leads to nobody any more.

    Attributes:
        because: what they are needed for.
    """

    because: str

    def left(self, rows: Rows) -> Rows:
        return rows.none()

    def meet(self, rows: Rows) -> None:
        raise ValueError("what is kept is not touched")


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of rows that are held on people.

    Attributes:
        name: what it is called in an export.
        rows: a person's rows.
        told: the attributes of a row an export holds; encrypted ones are told plain.
        fate: what becomes of the rows when the person is erased.
    """

    name: str
    rows: Callable[[User], Rows]
    told: Sequence[str]
    fate: Fate

    def export(self, user: User) -> Iterator[dict[str, Any]]:
        """The person's rows, as JSON takes them; read as they are needed."""
        for row in self.rows(user).order_by("pk").iterator(_BATCH):
            yield {name: _plain(attrgetter(name)(row)) for name in self.told}

    def left(self, user: User) -> int:
        """How many of the person's rows an erasure has not met."""
        return self.fate.left(self.rows(user)).count()

    def erase(self, user: User) -> Iterator[int]:
        """Let the rows meet their fate, a batch a transaction; yields how many each was. May be stopped at any time."""
        while True:
            with transaction.atomic(durable=True):
                ids = list(self.fate.left(self.rows(user)).order_by("pk").values_list("pk", flat=True)[:_BATCH])
                if not ids:
                    return
                model = self.rows(user).model
                self.fate.meet(model._default_manager.filter(pk__in=ids))
            yield len(ids)


_holdings: list[Holding] = []
# What an app does before rows are erased, so that those who are online see it; done again, it changes nothing.
Farewell = Callable[[User], None]
_farewells: list[Farewell] = []


def hold(*holdings: Holding) -> None:
    """Declare what an app holds on people."""
    _holdings.extend(holdings)


def says_farewell(farewell: Farewell) -> Farewell:
    """Decorator: call a function before a person's rows are erased; its transactions are its own."""
    _farewells.append(farewell)
    return farewell


def holdings() -> list[Holding]:
    """All holdings; those of the apps above come first, as their rows point to those below."""
    return list(reversed(_holdings))


def farewells() -> list[Farewell]:
    """What is done before rows are erased."""
    return list(_farewells)


def _plain(value: Any) -> Any:
    return b64encode(value).decode() if isinstance(value, bytes | memoryview) else to_json(value)


# --- What accounts hold ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Nameless:
    """A user's row stays, for what they paid and what others wrote to them, and says nothing more."""

    def left(self, rows: Rows) -> Rows:
        return rows.exclude(username=Concat(Value(ERASED), Cast("pk", CharField())))

    def meet(self, rows: Rows) -> None:
        for user in rows.select_for_update():
            user.username, user.email, user.avatar = f"{ERASED}{user.pk}", "", ""
            user.first_name = user.last_name = ""
            user.og_level, user.last_login = 0, None
            for links in (user.channel_moderators, user.moderates, user.groups, user.user_permissions):
                links.clear()
            user.save()


hold(
    Holding(
        "profile",
        lambda user: User.objects.filter(pk=user.pk),
        (
            "id", "username", "email", "first_name", "last_name", "avatar", "og_level", "is_moderator", "is_staff",
            "is_banned", "date_joined", "last_login",
        ),
        Nameless(),
    ),
    Holding(
        "sessions",
        lambda user: Session.objects.filter(user=user),
        (
            "id", "user_agent", "address", "country", "device", "network", "created_at", "last_seen_at", "revoked_at",
            "revoked_reason",
        ),
        Deleted(),
    ),
    Holding(
        "violations",
        lambda user: Violation.objects.filter(user=user),
        ("address", "code", "event", "blocked_seconds", "at"),
        Deleted(),
    ),
    Holding(
        "evasionFlags",
        lambda user: EvasionFlag.objects.filter(Q(user=user) | Q(banned=user)),
        ("signal", "created_at", "resolved_at"),
        Deleted(),
    ),
    Holding(
        "barriers",
        lambda user: Barrier.objects.filter(user=user),
        ("device", "network", "created_at", "until", "ended_at"),
        Kept("a ban holds until it ends, and is forgotten afterwards"),
    ),
    Holding("authenticatorApps", lambda user: TOTPDevice.objects.filter(user=user), ("name",), Deleted()),
    Holding("recoveryCodes", lambda user: StaticDevice.objects.filter(user=user), ("name",), Deleted()),
    Holding(
        "answersForRetries",
        lambda user: CommandAnswer.objects.filter(user=user),
        ("event", "cid", "ok", "answer", "created_at"),
        Deleted(),
    ),
    # What a user's own room was told lately is theirs alone.
    Holding(
        "eventsToOwnRoom",
        lambda user: OutboxEvent.objects.filter(room=user_room(str(user.pk)).wire),
        ("name", "body", "created_at"),
        Deleted(),
    ),
)  # fmt: skip
