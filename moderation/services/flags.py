"""Flags about users in the one queue: banned people who may have come back, and money that moves strangely.

To hide what such an item is about is to ban the user everywhere; to show it is to let them be, and lifts that ban
again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from accounts import selectors as account_selectors
from accounts import services as account_services
from accounts.evasion import hears_flags
from accounts.selectors import Rank
from audit.services import AUTOMATIC, Actor
from gateway.errors import CommandError, ErrorCode
from gateway.identity import Identity
from moderation.models import Rung
from moderation.models.queue import ItemKind
from moderation.selectors import bans_in_force
from moderation.services import sanctions
from moderation.services.queue import USER_KIND, Arrival, enqueue
from moderation.subjects import Subject, register

# How the bans of this queue are told from others, which a decision here does not touch.
_REASON = "A moderator has looked at your account."
# A device is one person's more often than a network.
_EVASION_SCORES = {"device": 0.8, "network": 0.4}
_NO_STREAM = 0


class UserSubjects:
    """The kind `user`: shown while they are not banned everywhere."""

    def access(self, identity: Identity, subject_id: str) -> Subject:
        # Users report what others wrote; accounts are flagged by the server alone.
        raise CommandError(ErrorCode.NOT_FOUND)

    def describe(self, subject_ids: Collection[int]) -> dict[int, Subject]:
        users = account_selectors.users_by_ids(subject_ids)
        return {
            pk: Subject(
                id=pk,
                author_id=pk,
                author_name=user.username,
                stream_id=_NO_STREAM,
                text=f"{user.username}, since {user.date_joined:%-d %B %Y}",
                sent_at=user.date_joined,
                is_shown=not user.is_banned,
                is_private=True,
            )
            for pk, user in users.items()
        }

    def context(self, subject_id: int) -> list[Subject]:
        return list(self.describe([subject_id]).values())

    def show(self, *, subject_ids: Collection[int]) -> list[int]:
        freed = []
        for user_id in subject_ids:
            ours = list(bans_in_force(user_id, None).filter(reason=_REASON).values_list("pk", flat=True))
            for ban in ours:
                sanctions.lift_now(actor=AUTOMATIC, sanction_id=ban, reason="undone in the queue")
            if ours:
                freed.append(user_id)
        account_services.resolve_evasion_of(user_ids=subject_ids)
        return freed

    def hide(self, *, subject_ids: Collection[int], by: int | None) -> list[int]:
        actor = Actor.api(by) if by is not None else AUTOMATIC
        users = account_selectors.users_by_ids(subject_ids)
        # Whoever has a role is an admin's to ban.
        viewers = [user for user in users.values() if account_selectors.rank_of(user) is Rank.VIEWER]
        banned = [user.pk for user in viewers if not user.is_banned]
        for user_id in banned:
            sanctions.impose(actor=actor, user_id=user_id, rung=Rung.BAN, reason=_REASON)
        account_services.resolve_evasion_of(user_ids=subject_ids)
        return banned

    def shown(self, *, user_id: int, stream_id: int | None, since: datetime) -> int:
        return 0

    def purge(self, *, user_id: int, stream_id: int | None, since: datetime, by: int | None, most: int) -> int:
        return 0


register(USER_KIND, UserSubjects())


@hears_flags
def queue_evasion(user_id: int, signals: Sequence[str]) -> None:
    """Put a new account that may be a banned user's before the moderators, in the caller's transaction."""
    enqueue(
        Arrival(
            kind=ItemKind.EVASION,
            subject_kind=USER_KIND,
            subject_id=user_id,
            user_id=user_id,
            score=max(_EVASION_SCORES[signal] for signal in signals),
            categories=[f"shared_{signal}" for signal in signals],
        )
    )


def queue_fraud(*, user_id: int, rule: str, score: float) -> None:
    """Put a user whose coins move strangely before the moderators, in the caller's transaction.

    Args:
        rule: the name of the rule that found it.
        score: how sure it is, 0 to 1.
    """
    enqueue(
        Arrival(
            kind=ItemKind.FRAUD,
            subject_kind=USER_KIND,
            subject_id=user_id,
            user_id=user_id,
            score=score,
            categories=[rule],
        )
    )
