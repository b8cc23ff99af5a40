"""Commands about what messages are judged by."""

from typing import Annotated, Literal

import msgspec

from gateway.events import Command, Id, command
from moderation.lexicon import Category

Level = Annotated[int, msgspec.Meta(ge=0, le=4)]


@command("moderation:levels", example={"streamId": "7", "levels": {"profanity": 1, "links": 3}})
class ModerationLevels(Command):
    """How strictly each category is moderated in a stream, by its host or a moderator; without either, only told.

    0 lets a category pass, 1 is milder than usual, 2 is usual, 3 is strict, at 4 nothing of it passes. Categories that
    are left out stay as they are. Hate, threats and self-harm cannot be let pass: their least level is 1.

    Attributes:
        levels: a level for each category that is to change.
        undecided: what becomes of held messages nobody decides in time.
    """

    stream_id: Id
    levels: dict[Category, Level] = {}
    undecided: Literal["show", "hide"] | None = None


class Levels(msgspec.Struct, kw_only=True, rename="camel"):
    """The answer to `moderation:levels`.

    Attributes:
        levels: each category's level now.
        undecided: what becomes of held messages nobody decides in time, `show` or `hide`.
        policy_version: names the policy in force.
    """

    levels: dict[str, int]
    undecided: str
    policy_version: str
