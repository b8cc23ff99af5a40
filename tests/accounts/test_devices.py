"""A user sees the devices they are signed in on, and ends any of them; nobody else does."""

from gateway.database import in_database
from tests.people import closing, rest, sign_in


async def sessions(server, person):
    answer = await rest(server, "GET", "auth/sessions/", person)
    assert answer.status == 200
    return {session["id"]: session for session in answer.body}


async def test_a_user_sees_their_devices_and_which_one_this_is(servers, alice):
    phone = await in_database(sign_in, alice.user)

    found = await sessions(servers[0], phone)

    assert set(found) == {str(alice.session.pk), str(phone.session.pk)}
    assert [found[str(person.session.pk)]["current"] for person in (alice, phone)] == [False, True]
    assert set(found[str(phone.session.pk)]) == {"id", "userAgent", "createdAt", "lastSeenAt", "current"}


async def test_a_user_ends_one_device_and_its_sockets(servers, alice, crowd):
    phone = await in_database(sign_in, alice.user)
    gone = await crowd.connect(servers[1], phone, "socketio")
    kept = await crowd.connect(servers[1], alice, "socketio")

    answer = await rest(servers[0], "DELETE", f"auth/sessions/{phone.session.pk}/", alice)

    assert answer.status == 204
    assert (await closing(gone))["code"] == 4100
    assert set(await sessions(servers[0], alice)) == {str(alice.session.pk)}
    assert not kept.named("session:closing")


async def test_nobody_ends_the_devices_of_others(servers, alice, bob, crowd):
    phone = await in_database(sign_in, alice.user)
    kept = await crowd.connect(servers[1], alice)
    gone = await crowd.connect(servers[1], phone)

    await rest(servers[0], "DELETE", f"auth/sessions/{alice.session.pk}/", bob)

    await rest(servers[0], "DELETE", f"auth/sessions/{phone.session.pk}/", alice)
    await closing(gone)
    assert set(await sessions(servers[0], alice)) == {str(alice.session.pk)}
    assert not kept.named("session:closing")


async def test_without_a_token_nothing_is_told(servers):
    for path in ("auth/me/", "auth/sessions/"):
        answer = await rest(servers[0], "GET", path)
        assert answer.status == 401
        assert answer.message == "Authentication token required"
