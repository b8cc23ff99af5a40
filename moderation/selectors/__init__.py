"""Reading what moderation has decided."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import selectors as account_selectors
from accounts.models import User
from accounts.selectors import Rank
from audit.services import Actor
from gateway.errors import CommandError, ErrorCode
from gateway.identity import Identity
from moderation.models import Appeal, Decision, Points, Rung, Sanction, SanctionQuerySet
from moderation.policy import Action
from moderation.whatif import Said
from streams import selectors as stream_selectors

# Points this many half-lives old count for less than a thousandth.
_FORGOTTEN_HALF_LIVES = 10


def moderation_score(user_id: int) -> float:
    """The user's moderation score: what they did wrong, each thing counting half after a half-life of a week."""
    now, half_life = timezone.now(), settings.MODERATION_SCORE_HALF_LIFE
    recent = Points.objects.filter(user=user_id, created_at__gt=now - _FORGOTTEN_HALF_LIVES * half_life)
    return round(sum(points * _weight(now - at) for points, at in recent.values_list("points", "created_at")), 3)


def sanctions_of(user_id: int) -> SanctionQuerySet:
    """All sanctions a user ever had, the latest first."""
    return Sanction.objects.filter(user=user_id).select_related("stream", "appeal")


def sanctions_told_to(user_id: int) -> SanctionQuerySet:
    """The sanctions a user knows of: a shadow ban is not told."""
    return sanctions_of(user_id).exclude(rung=Rung.SHADOW_BAN)


def access_own_sanction(user_id: int, sanction_id: str) -> Sanction:
    """A sanction the user was told of.

    Raises:
        CommandError: `not_found`.
    """
    sanction = sanctions_told_to(user_id).filter(pk=sanction_id).first()
    if sanction is None:
        raise CommandError(ErrorCode.NOT_FOUND, "There is no such sanction")
    return sanction


def bans_in_force(user_id: int, stream_id: int | None) -> SanctionQuerySet:
    """The bans that keep a user out of a stream, or out of everything; the latest first."""
    bans = sanctions_of(user_id).in_force(timezone.now())
    return bans.filter(_in(stream_id), rung__in=(Rung.BAN, Rung.DEVICE_BAN))


def statistics(*, since: datetime) -> dict[str, int]:
    """What moderation has done since then, and what waits for somebody."""
    issued = Sanction.objects.filter(created_at__gt=since)
    stopped = Decision.objects.filter(created_at__gt=since).exclude(action=Action.ALLOW)
    counted = {f"sanctions: {rung.label.lower()}": issued.filter(rung=rung).count() for rung in Rung}
    return {
        **counted,
        "sanctions in force": Sanction.objects.in_force(timezone.now()).count(),
        "messages stopped": stopped.count(),
        "appeals open": open_appeals().count(),
    }


def access_own_ban(user_id: int) -> Sanction:
    """The latest ban that keeps the user out of everything.

    Raises:
        CommandError: `not_found`.
    """
    ban = bans_in_force(user_id, None).first()
    if ban is None:
        raise CommandError(ErrorCode.NOT_FOUND, "There is no ban to appeal against")
    return ban


def access_sanction(moderator: Identity, sanction_id: str) -> Sanction:
    """A sanction the moderator may lift: all of them, or those of streams they moderate.

    Raises:
        CommandError: `not_found`.
    """
    sanction = Sanction.objects.filter(pk=sanction_id).first()
    if sanction is None or not _may_act_in(moderator, sanction.stream_id):
        raise CommandError(ErrorCode.NOT_FOUND, "There is no such sanction")
    return sanction


def access_subject(moderator: Identity, user_id: str, stream_id: str | None) -> User:
    """Somebody the moderator may sanction in this stream, or everywhere.

    Those who moderate a stream act in it, on viewers; its host on channel moderators too. Moderators act everywhere, on
    all but each other and staff.

    Raises:
        CommandError: `access_denied`; `not_found` when there is no such user.
    """
    if not _may_act_in(moderator, int(stream_id) if stream_id else None):
        raise CommandError(ErrorCode.ACCESS_DENIED)
    user = account_selectors.user_by_id(int(user_id))
    if user is None:
        raise CommandError(ErrorCode.NOT_FOUND, "There is no such user")
    if user_id == moderator.user_id or user.is_moderator or user.is_staff:
        raise CommandError(ErrorCode.ACCESS_DENIED, "This user cannot be sanctioned here")
    card = stream_selectors.find_card(stream_id) if stream_id else None
    if card is not None and not moderator.is_moderator:
        is_colleague = user_id in card.moderator_ids and not card.is_host(moderator)
        if is_colleague:
            raise CommandError(ErrorCode.ACCESS_DENIED, "This user cannot be sanctioned here")
    return user


def require_outranked(actor: Actor, user_id: int) -> None:
    """Refuse an act in the admin or by a command on somebody whose role is as high; admins act on everybody.

    Roles are read now. Commands act as staff do. What is done over the API has been checked by `access_subject`.

    Raises:
        CommandError: `access_denied`.
    """
    if actor.origin == "admin":
        acting = _rank_of(actor.user_id)
    elif actor.origin == "command":
        acting = Rank.STAFF
    else:
        return
    if acting is not Rank.ADMIN and _rank_of(user_id) >= acting:
        raise CommandError(ErrorCode.ACCESS_DENIED, "Their role is as high as yours: an admin may act")


def _rank_of(user_id: int | None) -> Rank:
    user = account_selectors.user_by_id(user_id) if user_id is not None else None
    return account_selectors.rank_of(user) if user is not None else Rank.VIEWER


def open_appeals() -> QuerySet[Appeal]:
    """Appeals nobody has decided, the oldest first."""
    return Appeal.objects.filter(outcome="").select_related("sanction__user").order_by("id")


def stopped_messages(*, last: int, stream_id: int | None) -> list[Said]:
    """The last messages that were stopped, in one stream or in all, the latest first."""
    stopped = Decision.objects.filter(action__in=(Action.STOP, Action.BAN), provider="")
    if stream_id is not None:
        stopped = stopped.filter(stream=stream_id)
    return [
        Said("decision", decision.pk, str(decision.stream_id), decision.text, decision.created_at)
        for decision in stopped.order_by("-id")[:last]
    ]


def _in(stream_id: int | None) -> Q:
    return Q(stream__isnull=True) if stream_id is None else Q(stream=stream_id)


def _may_act_in(moderator: Identity, stream_id: int | None) -> bool:
    if moderator.is_moderator:
        return True
    card = stream_selectors.find_card(str(stream_id)) if stream_id is not None else None
    return card is not None and card.may_moderate(moderator)


def _weight(age: timedelta) -> float:
    weight: float = 0.5 ** (age / settings.MODERATION_SCORE_HALF_LIFE)
    return weight
