"""Sanctions: issued, acknowledged, lifted, appealed against, and met when they run out. Each is told and recorded."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import barriers
from accounts import selectors as account_selectors
from accounts import services as account_services
from audit.services import AUTOMATIC, Actor, record
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.publish import evict, publish
from gateway.rooms import user_room
from moderation.events import AppealDecided, SanctionIssued, SanctionLifted
from moderation.models import Appeal, Points, Rung, Sanction
from moderation.selectors import require_outranked
from moderation.subjects import purge_some, purge_user, shown_of
from streams import selectors as stream_selectors
from streams import services as stream_services
from streams.rooms import rooms_of_stream

_SHUTS_OUT = (Rung.BAN, Rung.DEVICE_BAN)
_KIND = "accounts.user"
_EVER = datetime.fromtimestamp(0, UTC)


def sanction_user(
    *,
    actor: Actor,
    user_id: int,
    rung: Rung,
    reason: str,
    stream_id: int | None = None,
    lasts: timedelta | None = None,
    purge: bool = False,
) -> Sanction:
    """Sanction a user; those who act over the API have been checked by `access_subject`. Its transaction is its own.

    Args:
        actor: who acts.
        user_id: the sanctioned.
        rung: how hard.
        reason: why, as the sanctioned is told.
        stream_id: where; everywhere when left out.
        lasts: how long; until it is lifted when left out, but for a timeout, which then lasts ten minutes.
        purge: whether to take back what they wrote there.

    Raises:
        CommandError: `access_denied` for a host in their own stream, and for somebody of a role as high as that of who
            acts in the admin or by a command; `invalid_payload` for a ban of devices from one
            stream, or a time that is too short or too long.
    """
    require_outranked(actor, user_id)
    if rung == Rung.DEVICE_BAN and stream_id is not None:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: devices are banned everywhere or not at all")
    if rung == Rung.TIMEOUT and lasts is None:
        lasts = settings.MODERATION_TIMEOUT
    if lasts is not None and not timedelta() < lasts <= settings.MODERATION_LONGEST_SANCTION:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: a sanction lasts from a second to ten years")
    card = stream_selectors.find_card(str(stream_id)) if stream_id is not None else None
    if card is not None and card.host_id == str(user_id):
        raise CommandError(ErrorCode.ACCESS_DENIED, "A host cannot be sanctioned in their own stream")
    with transaction.atomic(durable=True):
        return impose(
            actor=actor, user_id=user_id, rung=rung, reason=reason, stream_id=stream_id, lasts=lasts, purge=purge
        )


def impose(
    *,
    actor: Actor,
    user_id: int,
    rung: Rung,
    reason: str,
    stream_id: int | None = None,
    lasts: timedelta | None = None,
    purge: bool = False,
    decision_id: int | None = None,
) -> Sanction:
    """`sanction_user` in the caller's transaction, unchecked; `decision_id` names a stopped message that led to it."""
    now = timezone.now()
    sanction = Sanction.objects.create(
        user_id=user_id,
        rung=rung,
        stream_id=stream_id,
        reason=reason[:500],
        created_at=now,
        until=now + lasts if lasts is not None else None,
        issued_by_id=actor.user_id,
        decision_id=decision_id,
    )
    add_points(user_id=user_id, points=settings.MODERATION_POINTS[rung])
    if rung != Rung.SHADOW_BAN:
        # Before the sockets are closed, so that they hear why.
        publish(user_room(str(user_id)), _issued(sanction))
    if rung in _SHUTS_OUT:
        _keep_out(actor, sanction)
    removed = purge_user(user_id=user_id, since=_EVER, stream_id=stream_id, by=actor.user_id) if purge else 0
    record(
        actor=actor,
        action=f"sanction.{rung}",
        target_kind=_KIND,
        target_id=str(user_id),
        after={**_described(sanction), "removed": removed},
        reason=reason,
    )
    return sanction


def acknowledge(*, sanction: Sanction) -> None:
    """Note that the warned has read the warning; again, it has no effect.

    Raises:
        CommandError: `invalid_state` for what is no warning.
    """
    if sanction.rung != Rung.WARNING:
        raise CommandError(ErrorCode.INVALID_STATE, "Only warnings are acknowledged")
    with transaction.atomic(durable=True):
        Sanction.objects.filter(pk=sanction.pk, acknowledged_at__isnull=True).update(acknowledged_at=timezone.now())


def lift(*, actor: Actor, sanction_id: int, reason: str) -> None:
    """End a sanction before its time; nobody is told of the end of a shadow ban.

    Raises:
        CommandError: `invalid_state` when it is not in force.
    """
    with transaction.atomic(durable=True):
        lift_now(actor=actor, sanction_id=sanction_id, reason=reason)


def appeal(*, sanction: Sanction, text: str) -> Appeal:
    """Say something against a sanction, once.

    Raises:
        CommandError: `invalid_state` when it was appealed against before, or is not in force.
    """
    with transaction.atomic(durable=True):
        if not Sanction.objects.select_for_update().in_force(timezone.now()).filter(pk=sanction.pk).exists():
            raise CommandError(ErrorCode.INVALID_STATE, "The sanction is not in force any more")
        made, is_new = Appeal.objects.get_or_create(sanction=sanction, defaults={"text": text})
        if not is_new:
            raise CommandError(ErrorCode.INVALID_STATE, "There has been an appeal already")
    return made


def decide_appeal(*, actor: Actor, appeal_id: int, outcome: Appeal.Outcome, reason: str) -> None:
    """Uphold a sanction that was appealed against, or lift it, and tell the user.

    Raises:
        CommandError: `invalid_state` when it is decided already; `access_denied` without a role above the user's now.
    """
    with transaction.atomic(durable=True):
        found = Appeal.objects.select_for_update(of=("self",)).select_related("sanction").get(pk=appeal_id)
        if found.outcome:
            raise CommandError(ErrorCode.INVALID_STATE, "The appeal is decided already")
        found.outcome, found.decided_by_id, found.decided_at = outcome, actor.user_id, timezone.now()
        found.save(update_fields=["outcome", "decided_by", "decided_at"])
        user_id = found.sanction.user_id
        require_outranked(actor, user_id)
        publish(user_room(str(user_id)), AppealDecided(sanction_id=str(found.sanction_id), outcome=outcome))
        record(
            actor=actor,
            action=f"appeal.{outcome}",
            target_kind=_KIND,
            target_id=str(user_id),
            after={"sanction": found.sanction_id},
            reason=reason,
        )
        if outcome == Appeal.Outcome.LIFTED and found.sanction.ended_at is None:
            lift_now(actor=actor, sanction_id=found.sanction_id, reason=reason)


def meet_ends(*, now: datetime | None = None) -> int:
    """End the sanctions whose time has come, and let in again who was banned everywhere. Returns how many ended."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        due = Sanction.objects.select_for_update(skip_locked=True, of=("self",)).filter(ended_at__isnull=True)
        over = list(due.filter(until__lte=now).order_by("id"))
        Sanction.objects.filter(pk__in=[sanction.pk for sanction in over]).update(ended_at=now)
        _let_in(AUTOMATIC, over)
        for sanction in over:
            record(
                actor=AUTOMATIC,
                action="sanction.ended",
                target_kind=_KIND,
                target_id=str(sanction.user_id),
                before=_described(sanction),
            )
    return len(over)


def kick(*, actor: Actor, user_id: int, stream_id: int, reason: str) -> None:
    """Put a user out of a stream on every process; they may come back."""
    require_outranked(actor, user_id)
    with transaction.atomic(durable=True):
        _put_out(user_id, stream_id)
        _note(actor, "user.kick", user_id, reason, {"stream": stream_id})


def revoke_sessions(*, actor: Actor, user_id: int, reason: str) -> None:
    """End every session of a user, and close its sockets on every process."""
    require_outranked(actor, user_id)
    with transaction.atomic(durable=True):
        user = account_selectors.user_by_id(user_id)
        if user is None:
            raise CommandError(ErrorCode.NOT_FOUND)
        account_services.end_sessions(user=user, reason="revoked")
        _note(actor, "user.revoke_sessions", user_id, reason, {})


def purge(*, actor: Actor, user_id: int, stream_id: int | None, since: datetime | None, reason: str) -> Iterator[int]:
    """Take back what a user wrote since then, in a stream or everywhere; yields how much each transaction took."""
    require_outranked(actor, user_id)
    while True:
        with transaction.atomic(durable=True):
            removed = purge_some(user_id=user_id, since=since or _EVER, stream_id=stream_id, by=actor.user_id)
            if not removed:
                return
            _note(actor, "user.purge", user_id, reason, {"stream": stream_id, "removed": removed})
        yield removed


def purgeable(*, user_id: int, stream_id: int | None, since: datetime | None) -> int:
    """How much `purge` would take back."""
    return shown_of(user_id=user_id, since=since or _EVER, stream_id=stream_id)


def add_points(*, user_id: int, points: float) -> None:
    """Add to a user's moderation score, in the caller's transaction."""
    Points.objects.create(user_id=user_id, points=points)


def lift_now(*, actor: Actor, sanction_id: int, reason: str) -> None:
    """`lift` in the caller's transaction."""
    sanction = Sanction.objects.select_for_update().filter(pk=sanction_id, ended_at__isnull=True).first()
    if sanction is None:
        raise CommandError(ErrorCode.INVALID_STATE, "The sanction is not in force any more")
    sanction.ended_at, sanction.lifted_by_id = timezone.now(), actor.user_id
    sanction.save(update_fields=["ended_at", "lifted_by"])
    _let_in(actor, [sanction])
    if sanction.rung != Rung.SHADOW_BAN:
        event = SanctionLifted(sanction_id=str(sanction.pk), rung=sanction.rung, stream_id=_where(sanction))
        publish(user_room(str(sanction.user_id)), event)
    record(
        actor=actor,
        action="sanction.lift",
        target_kind=_KIND,
        target_id=str(sanction.user_id),
        before=_described(sanction),
        reason=reason,
    )


def _keep_out(actor: Actor, sanction: Sanction) -> None:
    """Close a banned user's sockets, or take them out of the one stream they are banned from."""
    if sanction.rung == Rung.DEVICE_BAN:
        barriers.bar_places_of(actor=actor, user_id=sanction.user_id, reason=sanction.reason, until=sanction.until)
    if sanction.stream_id is None:
        account_services.shut_out(user_id=sanction.user_id)
        return
    _put_out(sanction.user_id, sanction.stream_id)


def _put_out(user_id: int, stream_id: int) -> None:
    stream_services.dismiss(user_id=str(user_id), stream_id=str(stream_id))
    evict(user_room(str(user_id)), rooms_of_stream(str(stream_id)))


def _note(actor: Actor, action: str, user_id: int, reason: str, after: dict[str, object]) -> None:
    record(actor=actor, action=action, target_kind=_KIND, target_id=str(user_id), after=after, reason=reason)


def _let_in(actor: Actor, ended: Collection[Sanction]) -> None:
    """Let in again whoever is kept out by no other ban, once these have ended, and from where they came."""
    everywhere = [sanction for sanction in ended if sanction.stream_id is None]
    account_services.let_in(user_ids=_freed(everywhere, _SHUTS_OUT))
    barriers.open_places_of(actor=actor, user_ids=_freed(everywhere, (Rung.DEVICE_BAN,)))


def _freed(ended: Collection[Sanction], rungs: Collection[Rung]) -> set[int]:
    """The users who bear none of these sanctions everywhere any more, once some have ended."""
    freed = {sanction.user_id for sanction in ended if sanction.rung in rungs}
    still = Sanction.objects.in_force(timezone.now()).filter(user__in=freed, rung__in=rungs, stream__isnull=True)
    return freed - set(still.values_list("user", flat=True))


def _described(sanction: Sanction) -> dict[str, object]:
    return {
        "sanction": sanction.pk,
        "rung": str(sanction.rung),
        "stream": sanction.stream_id,
        "until": iso(sanction.until) if sanction.until else None,
    }


def _issued(sanction: Sanction) -> SanctionIssued:
    return SanctionIssued(
        sanction_id=str(sanction.pk),
        rung=sanction.rung,
        reason=sanction.reason,
        stream_id=_where(sanction),
        until=iso(sanction.until) if sanction.until else None,
        must_acknowledge=sanction.rung == Rung.WARNING,
        appealable=True,
        timestamp=iso(sanction.created_at),
    )


def _where(sanction: Sanction) -> str | None:
    return str(sanction.stream_id) if sanction.stream_id is not None else None
