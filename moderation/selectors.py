"""Reading what moderation has decided."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection


def muted_until(user_ids: Iterable[str]) -> dict[str, datetime]:
    """Until when those of the users who are muted may not write; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT user_id, max(until) FROM moderation_mute WHERE user_id = ANY(%s) AND until > now() GROUP BY 1",
            [[int(user_id) for user_id in user_ids]],
        )
        return {str(user_id): until for user_id, until in cursor.fetchall()}
