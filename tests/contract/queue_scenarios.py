"""The scenarios of reports and the moderators' queue; see `scenarios.py`."""

from typing import Any

from gateway.database import in_database
from gateway.testing import Client, Reply
from moderation.events.queue import (
    AssignItems,
    ClaimItems,
    DecideItems,
    DropFilter,
    KeepFilter,
    ListFilters,
    ListQueue,
    MessageHeld,
    QueueChanged,
    ReadItem,
    ReportDecided,
    SendReport,
    UnclaimItems,
    UndoItems,
    WatchQueue,
)
from moderation.events.rules import ModerationLevels
from moderation.events.second_look import SecondLookChanged
from moderation.models import Item
from moderation.services import second_look
from tests.contract.scenarios import Stage, hears, sends
from tests.people import done, say

REASON = {"reason": "harassment"}
_FILTER = {"name": "Bad reports", "kind": "report", "minScore": 0.5}


async def _reported(stage: Stage) -> dict[str, Any]:
    """What Bob wrote, reported by Alice, as an item for a command."""
    viewer = await stage.crowd.connect(stage.server, stage.bob)
    host = await stage.crowd.connect(stage.server, stage.alice)
    message = done(await say(viewer, stage.stream, "Good evening"))
    done(await host.call("report:send", {"subjectId": message["id"], **REASON}))
    return await in_database(_item, int(message["id"]))


def _item(message_id: int) -> dict[str, Any]:
    item = Item.objects.get(subject_id=message_id)
    return {"id": str(item.pk), "version": item.version}


async def _moderate(client: Client, event: str, item: dict[str, Any], **fields: Any) -> dict[str, Any]:
    (result,) = done(await client.call(event, {"items": [item], **fields}))["items"]
    assert result["ok"], result
    return {"id": result["id"], "version": result["version"]}


@sends(SendReport)
async def a_viewer_reports_a_message(stage: Stage) -> Reply:
    viewer = await stage.crowd.connect(stage.server, stage.bob)
    message = done(await say(viewer, stage.stream, "Good evening"))
    client = await stage.enter(stage.alice)
    return await client.call("report:send", {"subjectId": message["id"], **REASON})


@sends(WatchQueue)
async def a_moderator_watches_the_queue(stage: Stage) -> Reply:
    client = await stage.enter(stage.mona)
    return await client.call("queue:watch", {})


@sends(ListQueue)
async def a_moderator_reads_the_queue(stage: Stage) -> Reply:
    await _reported(stage)
    client = await stage.enter(stage.mona)
    return await client.call("queue:list", {"userId": stage.bob.id})


@sends(ReadItem)
async def a_moderator_reads_an_item(stage: Stage) -> Reply:
    item = await _reported(stage)
    client = await stage.enter(stage.mona)
    return await client.call("queue:read", {"id": item["id"]})


@sends(ListFilters)
async def a_moderator_reads_their_filters(stage: Stage) -> Reply:
    client = await stage.enter(stage.mona)
    done(await client.call("queue:keep_filter", _FILTER))
    return await client.call("queue:filters", {})


@sends(KeepFilter)
async def a_moderator_keeps_a_filter(stage: Stage) -> Reply:
    client = await stage.enter(stage.mona)
    return await client.call("queue:keep_filter", _FILTER)


@sends(DropFilter)
async def a_moderator_deletes_a_filter(stage: Stage) -> Reply:
    client = await stage.enter(stage.mona)
    (kept,) = done(await client.call("queue:keep_filter", _FILTER))["filters"]
    return await client.call("queue:drop_filter", {"id": kept["id"]})


@sends(ClaimItems)
async def a_moderator_takes_an_item(stage: Stage) -> Reply:
    item = await _reported(stage)
    client = await stage.enter(stage.mona)
    return await client.call("queue:claim", {"items": [item]})


@sends(UnclaimItems)
async def a_moderator_gives_an_item_back(stage: Stage) -> Reply:
    client = await stage.enter(stage.mona)
    item = await _moderate(client, "queue:claim", await _reported(stage))
    return await client.call("queue:unclaim", {"items": [item]})


@sends(AssignItems)
async def a_moderator_hands_an_item_over(stage: Stage) -> Reply:
    item = await _reported(stage)
    client = await stage.enter(stage.mona)
    return await client.call("queue:assign", {"items": [item], "userId": stage.mona.id})


@sends(DecideItems)
async def a_moderator_decides(stage: Stage) -> Reply:
    item = await _reported(stage)
    client = await stage.enter(stage.mona)
    return await client.call("queue:decide", {"items": [item], "outcome": "hide", "reason": "Insults."})


@sends(UndoItems)
async def a_moderator_takes_a_decision_back(stage: Stage) -> Reply:
    client = await stage.enter(stage.mona)
    item = await _moderate(client, "queue:decide", await _reported(stage), outcome="hide")
    return await client.call("queue:undo", {"items": [item]})


@hears(QueueChanged)
async def an_item_comes(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.mona)
    done(await client.call("queue:watch", {}))
    item = await _reported(stage)
    moderator = await stage.crowd.connect(stage.server, stage.mona)
    claimed = await _moderate(moderator, "queue:claim", item)
    return await client.wait_for(
        "queue:changed", lambda data: data["version"] == claimed["version"] and data["itemId"] == claimed["id"]
    )


@hears(ReportDecided)
async def a_reporter_is_told(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    moderator = await stage.crowd.connect(stage.server, stage.mona)
    await _moderate(moderator, "queue:decide", await _reported(stage), outcome="show")
    return await client.wait_for("report:decided")


@hears(MessageHeld)
async def a_message_is_held(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    author = await stage.crowd.connect(stage.server, stage.bob)
    done(await say(author, stage.stream, "look at https://example.com"))
    return await client.wait_for("chat:held")


@hears(SecondLookChanged)
async def the_second_look_is_away(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.mona)
    done(await client.call("queue:watch", {}))
    await in_database(second_look.note_outage, provider="openai", is_away=True)
    await in_database(second_look.note_outage, provider="openai", is_away=False)
    return await client.wait_for("second_look:changed")


@sends(ModerationLevels)
async def the_host_sets_levels(stage: Stage) -> Reply:
    client = await stage.enter(stage.alice)
    return await client.call("moderation:levels", {"streamId": stage.stream_id, "levels": {"profanity": 1}})
