"""What users must bear now, for those who let them write, enter and give."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from gateway.database import run
from gateway.errors import CommandError, ErrorCode
from moderation.models import Rung, Sanction
from streams.bans import BANNED_HERE, bans_from_streams

_BANS = (Rung.BAN, Rung.DEVICE_BAN)


@dataclass(frozen=True, slots=True)
class Restriction:
    """A sanction in force, where it holds and until when."""

    rung: str
    stream_id: str | None
    until: datetime | None

    def holds_in(self, stream_id: str) -> bool:
        return self.stream_id is None or self.stream_id == stream_id


@dataclass(frozen=True, slots=True)
class Restrictions:
    """All that one user must bear."""

    found: Sequence[Restriction] = ()

    def require_welcome(self, stream_id: str) -> None:
        """Raises CommandError: `banned`, everywhere or from this stream."""
        bans = [restriction for restriction in self._in(stream_id) if restriction.rung in _BANS]
        if any(ban.stream_id is None for ban in bans):
            raise CommandError(ErrorCode.BANNED)
        if bans:
            raise CommandError(ErrorCode.BANNED, BANNED_HERE)

    def require_voice(self, stream_id: str) -> None:
        """Raises CommandError: `banned`, `muted`, or `must_acknowledge`."""
        self.require_welcome(stream_id)
        here = list(self._in(stream_id))
        timeouts = [restriction for restriction in here if restriction.rung == Rung.TIMEOUT]
        if timeouts:
            ends = [timeout.until for timeout in timeouts]
            raise CommandError(ErrorCode.MUTED, retry_after=_seconds_to(ends))
        if any(restriction.rung == Rung.WARNING for restriction in here):
            raise CommandError(ErrorCode.MUST_ACKNOWLEDGE)

    def is_hidden_in(self, stream_id: str) -> bool:
        """Whether what the user writes is shown to them alone."""
        return any(restriction.rung == Rung.SHADOW_BAN for restriction in self._in(stream_id))

    def _in(self, stream_id: str) -> Iterable[Restriction]:
        return (restriction for restriction in self.found if restriction.holds_in(stream_id))


NONE = Restrictions()


def restrictions_of(user_ids: Iterable[str]) -> dict[str, Restrictions]:
    """What those of the users who must bear anything must bear; one query."""
    rows = run(
        "SELECT user_id, rung, stream_id, until FROM moderation_sanction WHERE user_id = ANY(%s::bigint[])"
        " AND ended_at IS NULL AND (until IS NULL OR until > now())"
        " AND (rung <> 'warning' OR acknowledged_at IS NULL)",
        [[int(user_id) for user_id in set(user_ids)]],
    )
    found: dict[str, list[Restriction]] = defaultdict(list)
    for user_id, rung, stream_id, until in rows:
        found[str(user_id)].append(Restriction(rung, str(stream_id) if stream_id is not None else None, until))
    return {user_id: Restrictions(restrictions) for user_id, restrictions in found.items()}


@bans_from_streams
def banned_from(stream_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Who is banned from each of the streams; one query."""
    bans = Sanction.objects.in_force(timezone.now()).filter(stream__in=map(int, stream_ids), rung__in=_BANS)
    found: dict[str, set[str]] = defaultdict(set)
    for stream_id, user_id in bans.values_list("stream", "user").order_by():
        found[str(stream_id)].add(str(user_id))
    return {stream_id: frozenset(users) for stream_id, users in found.items()}


def _seconds_to(ends: Sequence[datetime | None]) -> float | None:
    """How long until the last of the ends; None when there is one that has no end."""
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return None
    return round(max((max(known) - timezone.now()).total_seconds(), 1.0), 1)
