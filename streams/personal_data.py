"""What streams hold on a person."""

from accounts.models import User
from accounts.personal_data import Blanked, Deleted, Holding, Kept, hold, says_farewell
from streams.models import BattlePoints, Reign, Status, Stream, StreamTotal
from streams.services import end_stream

_NUMBERS = Kept("what a stream, a throne and a battle came to is also others'; it names an id")


@says_farewell
def end_streams(user: User) -> None:
    """End what the user hosts."""
    for stream in Stream.objects.filter(host=user).exclude(status=Status.ENDED):
        end_stream(stream=stream)


hold(
    Holding(
        "streams",
        lambda user: Stream.objects.filter(host=user),
        (
            "id", "title", "status", "country", "tags", "playback_url", "is_private", "is_anonymous", "created_at",
            "started_at", "ended_at", "comments", "engagement",
        ),
        Blanked({"title": "Erased", "tags": [], "country": "", "playback_url": ""}),
    ),
    Holding(
        "invitations",
        lambda user: Stream.invited.through.objects.filter(user=user),  # type: ignore[attr-defined]
        ("stream_id",),
        Deleted(),
    ),
    Holding(
        "giftsByStream",
        lambda user: StreamTotal.objects.filter(user=user),
        ("stream_id", "coins", "gifts"),
        _NUMBERS,
    ),
    Holding(
        "reigns",
        lambda user: Reign.objects.filter(user=user),
        ("throne_id", "coins", "began_at", "expires_at", "ended_at", "end"),
        _NUMBERS,
    ),
    Holding("battlePoints", lambda user: BattlePoints.objects.filter(user=user), ("side_id", "points"), _NUMBERS),
)  # fmt: skip
