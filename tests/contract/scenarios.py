"""One scenario for each command and each shape of an event: how a client sends it, how it comes about.

An event that is declared without a scenario here fails `test_scenarios.py`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from asgiref.sync import sync_to_async

from accounts import services as account_services
from accounts.events import AuthRefresh, GetPresence, SetPresence, WatchPresence
from audit.services import AUTOMATIC
from chat.events import ChatMessage, MessagePinned, MessageRemoved, PinMessage, RemoveMessage, SendMessage, WatchLounge
from gateway.events import (
    Command,
    Delivery,
    Event,
    PresenceChanged,
    RoomReset,
    SessionClosing,
    SessionExpiring,
    SessionReady,
    StreamLagging,
)
from gateway.outlet import Outlet
from gateway.redis_clients import sync_redis
from gateway.testing import Client, Reply, Transport
from gateway.testing_servers import ServerProcess
from gateway.wire import Broadcast, Wire
from moderation.assess import assess
from moderation.events import (
    AcknowledgeSanction,
    AppealDecided,
    AppealSanction,
    ContentWarning,
    IssueSanction,
    LiftSanction,
    RoomWarning,
    SanctionIssued,
    SanctionLifted,
    WarnRoom,
)
from moderation.models import Appeal, Rung, Sanction
from moderation.policy import Action
from moderation.services import sanctions
from streams.events import (
    JoinStream,
    LeaveStream,
    MetricsUpdated,
    StreamJoined,
    UpdateMetrics,
    ViewerJoined,
    ViewerLeft,
)
from streams.models import Stream
from tests.people import Crowd, Person, done, hear, join, leave, say


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scenario plays with. Alice hosts the stream, Bob watches, Mona moderates."""

    server: ServerProcess
    transport: Transport
    crowd: Crowd
    alice: Person
    bob: Person
    mona: Person
    stream: Stream

    @property
    def stream_id(self) -> str:
        return str(self.stream.pk)

    async def enter(self, person: Person) -> Client:
        """A client of `person` over the transport under test, in the stream's room where it can be in one."""
        client = await self.crowd.connect(self.server, person, self.transport)
        if self.transport != "rest":
            await join(client, self.stream)
        return client


# A scenario of a command sends exactly what a released app sends, and returns the answer.
CommandScenario = Callable[[Stage], Awaitable[Reply]]
# A scenario of an event returns it as the client got it.
EventScenario = Callable[[Stage], Awaitable[dict[str, Any]]]
COMMAND_SCENARIOS: dict[type[Command], CommandScenario] = {}
EVENT_SCENARIOS: dict[type[Event], EventScenario] = {}


def sends(command: type[Command]) -> Callable[[CommandScenario], CommandScenario]:
    """Decorator: the scenario of a command."""

    def register(scenario: CommandScenario) -> CommandScenario:
        COMMAND_SCENARIOS[command] = scenario
        return scenario

    return register


def hears(event: type[Event]) -> Callable[[EventScenario], EventScenario]:
    """Decorator: the scenario of a shape of an event."""

    def register(scenario: EventScenario) -> EventScenario:
        EVENT_SCENARIOS[event] = scenario
        return scenario

    return register


# --- The session ----------------------------------------------------------------------------------


@hears(SessionReady)
async def somebody_connects(stage: Stage) -> dict[str, Any]:
    client = await stage.crowd.connect(stage.server, stage.bob, stage.transport)
    return await client.wait_for("session:ready")


@hears(SessionClosing)
async def somebody_signs_out_everywhere(stage: Stage) -> dict[str, Any]:
    client = await stage.crowd.connect(stage.server, stage.bob, stage.transport)
    await client.wait_for("session:ready")
    await sync_to_async(account_services.sign_out_everywhere)(user=stage.bob.user)
    return await client.wait_for("session:closing")


@hears(SessionExpiring)
async def a_token_is_about_to_run_out(stage: Stage) -> dict[str, Any]:
    token = account_services.access_token(stage.bob.session)
    token.set_exp(lifetime=timedelta(seconds=30))
    client = await stage.crowd.connect_with(stage.server, str(token), stage.transport)
    return await client.wait_for("session:expiring")


@hears(RoomReset)
async def a_room_loses_its_history(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    done(await say(client, stage.stream, "before"))
    await hear(client, "before")
    redis = sync_redis()
    redis.delete(*redis.keys(f"room:{{stream.{stage.stream_id}}}:*"))
    done(await say(client, stage.stream, "after"))
    return await client.wait_for("room:reset")


@hears(StreamLagging)
async def a_client_reads_too_slowly(stage: Stage) -> dict[str, Any]:
    # A real client's socket takes megabytes before it pushes back; the outlet is the same for all transports.
    wire = Wire.WEBSOCKET
    raw = SlowSocket()
    outlet = Outlet(wire)
    outlet.attach_raw(raw)
    outlet.pause()
    outlet.push(Broadcast("big", '"' + "x" * 20_000 + '"', Delivery.DURABLE))
    outlet.push(Broadcast("typing", "{}", Delivery.VOLATILE))
    outlet.resume()
    _, _, frame = raw.written.rpartition(b'{"event":"stream:lagging"')
    return msgspec.json.decode(b'{"event":"stream:lagging"' + frame)["data"]  # type: ignore[no-any-return]


class SlowSocket:
    """A socket that keeps what is written to it."""

    outlet: Outlet | None = None
    written = b""

    def raw_write(self, data: bytes) -> None:
        self.written += data

    def buffered(self) -> int:
        return 0

    def abort(self) -> None:
        raise AssertionError("the client was cut")


@sends(AuthRefresh)
async def somebody_renews_the_token(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    tokens = await sync_to_async(account_services.refresh)(token=stage.bob.refresh)
    return await client.call("auth:refresh", {"token": tokens.access})


@sends(SetPresence)
async def somebody_is_not_about(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    return await client.call("presence:set", {"state": "idle"})


@sends(GetPresence)
async def somebody_asks_who_is_there(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    return await client.call("presence:get", {"userIds": [stage.bob.id, stage.alice.id]})


@sends(WatchPresence)
async def somebody_follows_a_friend(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    return await client.call("presence:watch", {"userIds": [stage.alice.id]})


@hears(PresenceChanged)
async def a_friend_comes(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    done(await client.call("presence:watch", {"userIds": [stage.alice.id]}))
    await stage.crowd.connect(stage.server, stage.alice)
    return await client.wait_for("presence:changed")


# --- Streams --------------------------------------------------------------------------------------


@sends(JoinStream)
async def somebody_joins(stage: Stage) -> Reply:
    client = await stage.crowd.connect(stage.server, stage.bob, stage.transport)
    return await client.call("stream:join", {"streamId": stage.stream_id})


@sends(LeaveStream)
async def somebody_leaves(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    return await client.call("stream:leave", {"streamId": stage.stream_id})


@sends(UpdateMetrics)
async def the_encoder_reports(stage: Stage) -> Reply:
    client = await stage.enter(stage.alice)
    return await client.call(
        "metrics:update", {"streamId": stage.stream_id, "metrics": {"bitrate": 4500, "codec": "h264"}}
    )


@hears(StreamJoined)
async def the_joiner_is_told_of_the_stream(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    return await client.wait_for("stream:join", lambda data: "title" in data)


@hears(ViewerJoined)
async def the_others_are_told_of_the_joiner(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    await stage.crowd.join(stage.server, stage.bob, stage.stream)
    return await client.wait_for("stream:join", lambda data: data.get("userId") == stage.bob.id)


@hears(ViewerLeft)
async def the_others_are_told_of_the_leaver(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    viewer = await stage.crowd.join(stage.server, stage.bob, stage.stream)
    await leave(viewer, stage.stream)
    return await client.wait_for("stream:leave", lambda data: data["userId"] == stage.bob.id)


@hears(MetricsUpdated)
async def the_numbers_change(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    await stage.crowd.join(stage.server, stage.bob, stage.stream)
    return await client.wait_for("metrics:update", lambda data: data["metrics"]["viewers"] == 2)


# --- Chat -----------------------------------------------------------------------------------------


@sends(SendMessage)
async def somebody_writes(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    return await client.call("chat:new", {"streamId": stage.stream_id, "message": "Good evening", "type": "public"})


@hears(ChatMessage)
async def somebody_is_heard(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    viewer = await stage.crowd.join(stage.server, stage.bob, stage.stream)
    first = done(await say(viewer, stage.stream, "Good evening"))
    done(await say(viewer, stage.stream, f"Hello @{stage.alice.name}", replyTo=first["id"]))
    return await hear(client, f"Hello @{stage.alice.name}")


@sends(RemoveMessage)
async def somebody_takes_a_message_back(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    message = done(await say(client, stage.stream, "Good evening"))
    return await client.call("chat:remove", {"messageId": message["id"]})


@hears(MessageRemoved)
async def a_message_is_taken_back(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    viewer = await stage.crowd.connect(stage.server, stage.bob)
    message = done(await say(viewer, stage.stream, "Good evening"))
    done(await viewer.call("chat:remove", {"messageId": message["id"]}))
    return await client.wait_for("chat:removed")


@sends(PinMessage)
async def the_host_pins_a_message(stage: Stage) -> Reply:
    client = await stage.enter(stage.alice)
    message = done(await say(client, stage.stream, "Be kind"))
    return await client.call("chat:pin", {"messageId": message["id"]})


@hears(MessagePinned)
async def a_message_is_pinned(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    host = await stage.crowd.connect(stage.server, stage.alice)
    message = done(await say(host, stage.stream, "Be kind"))
    done(await host.call("chat:pin", {"messageId": message["id"]}))
    return await client.wait_for("chat:pinned")


@sends(WatchLounge)
async def the_host_watches_the_lounge(stage: Stage) -> Reply:
    client = await stage.enter(stage.alice)
    return await client.call("lounge:watch", {"streamId": stage.stream_id})


# --- Moderation -----------------------------------------------------------------------------------


def text_that_is(action: Action) -> str:
    """A text the moderation in force answers with `action`."""
    texts = ["dumb stream", "what a dumb show", "stupid", "you are trash", "kill yourself", "fuck you"]
    return next(text for text, verdict in zip(texts, assess(texts), strict=True) if verdict.action is action)


@sends(WarnRoom)
async def the_host_warns_the_room(stage: Stage) -> Reply:
    client = await stage.enter(stage.alice)
    payload = {"streamId": stage.stream_id, "warningType": "spoilers", "message": "No spoilers, please."}
    return await client.call("ai:warning", payload)


@hears(RoomWarning)
async def a_moderator_warns_the_room(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    moderator = await stage.crowd.join(stage.server, stage.mona, stage.stream)
    payload = {"streamId": stage.stream_id, "warningType": "spoilers", "message": "No spoilers, please."}
    done(await moderator.call("ai:warning", payload))
    return await client.wait_for("ai:warning", lambda data: "warningType" in data)


@hears(ContentWarning)
async def a_message_is_stopped(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    await say(client, stage.stream, text_that_is(Action.STOP))
    return await client.wait_for("ai:warning", lambda data: data.get("type") == "content_moderation")


async def sanctioned(person: Person, rung: Rung, stream: Stream | None = None) -> Sanction:
    """A sanction of `person`."""
    return await sync_to_async(sanctions.sanction_user)(
        actor=AUTOMATIC, user_id=person.user.pk, rung=rung, reason="Spoilers.", stream_id=stream.pk if stream else None
    )


@sends(IssueSanction)
async def a_moderator_times_somebody_out(stage: Stage) -> Reply:
    client = await stage.enter(stage.mona)
    payload = {"userId": stage.bob.id, "rung": "timeout", "reason": "Spoilers.", "streamId": stage.stream_id}
    return await client.call("sanction:issue", {**payload, "seconds": 60})


@sends(LiftSanction)
async def a_host_thinks_better_of_it(stage: Stage) -> Reply:
    client = await stage.enter(stage.alice)
    sanction = await sanctioned(stage.bob, Rung.TIMEOUT, stage.stream)
    return await client.call("sanction:lift", {"sanctionId": str(sanction.pk), "reason": "It was a quote."})


@sends(AcknowledgeSanction)
async def somebody_reads_a_warning(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    sanction = await sanctioned(stage.bob, Rung.WARNING)
    return await client.call("sanction:acknowledge", {"sanctionId": str(sanction.pk)})


@sends(AppealSanction)
async def somebody_appeals(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    sanction = await sanctioned(stage.bob, Rung.TIMEOUT)
    return await client.call("sanction:appeal", {"sanctionId": str(sanction.pk), "text": "It was a quote."})


@hears(SanctionIssued)
async def somebody_is_sanctioned(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    await sanctioned(stage.bob, Rung.TIMEOUT, stage.stream)
    return await client.wait_for("sanction:issued")


@hears(SanctionLifted)
async def a_sanction_is_lifted(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    sanction = await sanctioned(stage.bob, Rung.TIMEOUT)
    await sync_to_async(sanctions.lift)(actor=AUTOMATIC, sanction_id=sanction.pk, reason="It was a quote.")
    return await client.wait_for("sanction:lifted")


@hears(AppealDecided)
async def an_appeal_is_decided(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    sanction = await sanctioned(stage.bob, Rung.TIMEOUT)
    appeal = await sync_to_async(sanctions.appeal)(sanction=sanction, text="It was a quote.")
    await sync_to_async(sanctions.decide_appeal)(
        actor=AUTOMATIC, appeal_id=appeal.pk, outcome=Appeal.Outcome.UPHELD, reason="It was not."
    )
    return await client.wait_for("sanction:appeal_decided")
