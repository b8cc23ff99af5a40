"""The scenarios of the settings of a chat; see `scenarios.py`."""

from typing import Any

from chat.events import MessageDelayed
from gateway.database import in_database
from gateway.testing import Reply
from streams.events.chat import ChatSettingsChanged, SetChat, Shield
from tests.contract.scenarios import Stage, hears, sends
from tests.people import done, make_stream, say


@sends(SetChat)
async def the_host_forbids_links(stage: Stage) -> Reply:
    client = await stage.enter(stage.alice)
    return await client.call("chat:settings", {"streamId": stage.stream_id, "linksAllowed": False})


@sends(Shield)
async def the_host_raises_the_shield(stage: Stage) -> Reply:
    client = await stage.enter(stage.alice)
    return await client.call("chat:shield", {"streamId": stage.stream_id, "on": True, "minutes": 1})


@hears(ChatSettingsChanged)
async def the_chat_is_slowed(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    host = await stage.crowd.connect(stage.server, stage.alice)
    done(await host.call("chat:settings", {"streamId": stage.stream_id, "slowModeSeconds": 10}))
    return await client.wait_for("chat:settings")


@hears(MessageDelayed)
async def a_message_is_delayed(stage: Stage) -> dict[str, Any]:
    stream = await in_database(make_stream, stage.alice, chat_delay_seconds=2)
    client = await stage.crowd.join(stage.server, stage.alice, stream, stage.transport)
    author = await stage.crowd.connect(stage.server, stage.bob)
    done(await say(author, stream, "Good evening"))
    return await client.wait_for("chat:delayed")
