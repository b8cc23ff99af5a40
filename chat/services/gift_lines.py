"""Lines of the chat that tell of gifts. They are history: while it happens, the room is told by `gift:sent`."""

from collections.abc import Mapping, Sequence

import msgspec
from django.db import connection

from chat.events import GiftInChat
from chat.models import Kind, Message, RemovalReason, Visibility
from chat.services.removal import remove_messages
from streams.services.lines import GiftLine


def write_gift_lines(lines: Sequence[GiftLine]) -> Mapping[int, int]:
    """Write the line of each combo, or write it anew where it stands, in the caller's transaction.

    The line of a combo of which nothing is left is removed.

    Returns:
        The ids of the messages, by combo.
    """
    written = _write([line for line in lines if line.count])
    void = [line.combo_id for line in lines if not line.count]
    if void:
        ids = list(Message.objects.filter(combo__in=void).values_list("pk", flat=True))
        remove_messages(message_ids=ids, reason=RemovalReason.AUTOMATIC)
    return written


def _write(lines: Sequence[GiftLine]) -> dict[int, int]:
    if not lines:
        return {}
    rows = [
        {
            "combo": line.combo_id,
            "stream_id": line.stream_id,
            "author_id": line.sender_id,
            "text": _text(line),
            "gift": GiftInChat(
                combo_id=str(line.combo_id), id=line.gift_id, name=line.gift_name, count=line.count, coins=line.coins
            ),
            "created_at": line.at,
        }
        for line in lines
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO chat_message (combo, stream_id, author_id, text, gift, created_at, type, message_type, mentions,
                                      score, model_version, policy_version)
            SELECT m.*, %s, %s, '[]', 0, '', '' FROM json_to_recordset(%s) AS m(
                combo bigint, stream_id bigint, author_id bigint, text text, gift jsonb, created_at timestamptz)
            ON CONFLICT (combo) WHERE combo IS NOT NULL DO UPDATE SET text = excluded.text, gift = excluded.gift
            RETURNING combo, id
            """,
            [Visibility.GIFT, Kind.GIFT, msgspec.json.encode(rows).decode()],
        )
        return dict(cursor.fetchall())


def _text(line: GiftLine) -> str:
    return f"sent {line.gift_name}" if line.count == 1 else f"sent {line.gift_name} × {line.count}"
