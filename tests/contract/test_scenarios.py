"""Every command is taken as released apps send it, and every event arrives as they read it, on every transport."""

import re

import msgspec
import pytest

from gateway.docs.sources import legacy, shape_of, shapes
from gateway.errors import ERRORS, ErrorCode
from gateway.events import COMMANDS, EVENTS, Command, Event
from gateway.testing import Transport
from gateway.testing_servers import ServerProcess
from moderation.policy import Action
from streams.models import Stream
from tests.contract import (  # noqa: F401  (add their scenarios)
    chat_settings_scenarios,
    collab_scenarios,
    game_scenarios,
    queue_scenarios,
)
from tests.contract.scenarios import COMMAND_SCENARIOS, EVENT_SCENARIOS, Stage, a_message_is_stopped, text_that_is
from tests.contract.shapes import ENVELOPE, assert_declared, assert_legacy, assert_shape
from tests.people import Crowd, Person, all_has_arrived, done, hear, join, leave, say


@pytest.fixture
def stage(
    server: ServerProcess, transport: Transport, crowd: Crowd, alice: Person, bob: Person, mona: Person, stream: Stream
) -> Stage:
    """Each server and each transport."""
    return Stage(server, transport, crowd, alice, bob, mona, stream)


@pytest.fixture
def live_stage(
    server: ServerProcess,
    live_transport: Transport,
    crowd: Crowd,
    alice: Person,
    bob: Person,
    mona: Person,
    stream: Stream,
) -> Stage:
    """Each server and each transport that hears events."""
    return Stage(server, live_transport, crowd, alice, bob, mona, stream)


@pytest.mark.parametrize("command", COMMAND_SCENARIOS, ids=lambda command: command.__name__)
async def test_a_command_is_taken_as_released_apps_send_it(stage: Stage, command: type[Command]) -> None:
    spec = next(spec for spec in COMMANDS.values() if spec.type is command)
    reply = await COMMAND_SCENARIOS[command](stage)
    if spec.needs_connection and stage.transport == "rest":
        assert reply.code == "connection_required"
    else:
        assert reply.ok, reply.error


@pytest.mark.parametrize("event", EVENT_SCENARIOS, ids=lambda event: event.__name__)
async def test_an_event_arrives_as_released_apps_read_it(live_stage: Stage, event: type[Event]) -> None:
    spec = EVENTS[event]
    payload = await EVENT_SCENARIOS[event](live_stage)
    assert_legacy(spec, payload)
    assert_declared(spec, payload)


@pytest.mark.parametrize("event", ["ChatMessage", "RoomWarning", "ContentWarning", "ViewerJoined", "MetricsUpdated"])
async def test_what_a_room_is_told_has_an_id_and_what_has_a_history_has_a_place_in_it(
    live_stage: Stage, event: str
) -> None:
    spec = next(spec for spec in EVENTS.values() if spec.type.__name__ == event)
    payload = await EVENT_SCENARIOS[spec.type](live_stage)
    assert set(payload) & ENVELOPE == (ENVELOPE if spec.delivery.has_history else {"eventId"})


async def test_a_bad_enough_message_mutes_and_says_so(live_stage: Stage) -> None:
    client = await live_stage.enter(live_stage.bob)
    await say(client, live_stage.stream, text_that_is(Action.BAN))
    warning = await client.wait_for("ai:warning", lambda data: data["type"] == "content_ban")
    assert_shape(warning, {"message": "string", "type": ["content_ban"], "score": "number", "until": "time"}, "warning")


async def test_a_stopped_message_reaches_nobody_but_its_author_as_a_warning(live_stage: Stage) -> None:
    host = await live_stage.crowd.join(live_stage.server, live_stage.alice, live_stage.stream)
    await a_message_is_stopped(live_stage)
    await all_has_arrived(host, live_stage.stream, host)
    assert host.named("ai:warning") == []
    assert all(data["userId"] == live_stage.alice.id for data in host.named("chat:new"))


@pytest.mark.parametrize("kind", ["public", "private", "gift"])
async def test_every_legacy_type_of_message_is_taken_and_given_back(stage: Stage, kind: str) -> None:
    author = await stage.enter(stage.bob)
    host = await stage.crowd.join(stage.server, stage.alice, stage.stream)
    done(await author.call("chat:new", {"streamId": stage.stream_id, "message": f"as {kind}", "type": kind}))
    assert (await hear(host, f"as {kind}"))["type"] == kind
    if stage.transport != "rest":
        assert (await hear(author, f"as {kind}"))["type"] == kind


async def test_a_whisper_is_for_its_sender_the_host_and_moderators_alone(live_stage: Stage, charlie: Person) -> None:
    author = await live_stage.enter(live_stage.bob)
    stranger = await live_stage.crowd.join(live_stage.server, charlie, live_stage.stream)
    host, moderator = [
        await live_stage.crowd.join(live_stage.server, person, live_stage.stream)
        for person in (live_stage.alice, live_stage.mona)
    ]
    done(await say(author, live_stage.stream, "between us", type="private"))
    for listener in (author, host, moderator):
        assert (await hear(listener, "between us"))["type"] == "private"
    await all_has_arrived(host, live_stage.stream, stranger)
    assert [data["message"] for data in stranger.named("chat:new") if data["type"] == "private"] == []


async def test_the_joiner_is_answered_with_what_it_is_also_told(live_stage: Stage) -> None:
    client = await live_stage.crowd.connect(live_stage.server, live_stage.bob, live_stage.transport)
    answer = await join(client, live_stage.stream)
    told = await client.wait_for("stream:join", lambda data: "title" in data)
    assert told == answer | {"eventId": told["eventId"]}


async def test_the_leaver_is_told_too(live_stage: Stage) -> None:
    client = await live_stage.enter(live_stage.bob)
    await leave(client, live_stage.stream)
    left = await client.wait_for("stream:leave")
    assert_shape(left, {"userId": [live_stage.bob.id], "username": [live_stage.bob.name], "timestamp": "time"}, "left")


async def test_the_encoders_numbers_come_back_under_client(live_stage: Stage) -> None:
    host = await live_stage.enter(live_stage.alice)
    payload = {"streamId": live_stage.stream_id, "metrics": {"bitrate": 4500}}
    done(await host.call("metrics:update", payload))
    told = await host.wait_for("metrics:update", lambda data: "client" in data["metrics"])
    assert told["metrics"]["client"] == {"bitrate": 4500}


# --- Nothing is left out --------------------------------------------------------------------------


def test_every_command_and_every_event_has_a_scenario() -> None:
    assert {spec.type for spec in COMMANDS.values()} == set(COMMAND_SCENARIOS)
    assert set(EVENTS) == set(EVENT_SCENARIOS)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_of_a_command_is_valid(name: str) -> None:
    msgspec.convert(COMMANDS[name].example, COMMANDS[name].type)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_example_of_an_event_is_valid_and_has_its_legacy_fields(event: type[Event]) -> None:
    assert_declared(EVENTS[event], EVENTS[event].example)
    assert_legacy(EVENTS[event], EVENTS[event].example)


def test_every_legacy_shape_of_a_declared_event_is_carried_by_one_class() -> None:
    commands, events = list(COMMANDS.values()), list(EVENTS.values())
    for shape in shapes():
        specs = [spec for spec in (commands if shape.sender == "client" else events) if spec.name == shape.event]
        if specs:
            assert [spec for spec in specs if shape_of(spec) == shape], f"nothing carries {shape}"


def test_the_words_of_errors_are_those_released_apps_compare() -> None:
    for code, message in legacy()["errors"].items():
        assert ERRORS[ErrorCode(code)].message == message


def test_legacy_event_names_are_spelled_as_released_apps_spell_them() -> None:
    assert all(re.fullmatch(r"[a-z]+(:|_)?[a-z]+", shape.event) for shape in shapes())
