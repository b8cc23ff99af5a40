"""Reading what moderation has decided."""

from collections.abc import Iterable
from datetime import datetime

from gateway.database import run


def muted_until(user_ids: Iterable[str]) -> dict[str, datetime]:
    """Until when those of the users who are muted may not write; one query."""
    rows = run(
        "SELECT user_id, max(until) FROM moderation_mute"
        " WHERE user_id = ANY(%s::bigint[]) AND until > now() GROUP BY user_id",
        [[int(user_id) for user_id in user_ids]],
    )
    return {str(user_id): until for user_id, until in rows}
