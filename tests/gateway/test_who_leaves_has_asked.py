"""A REST request that has come is carried out, though its client does not wait for the answer."""

import asyncio
import json
from urllib.parse import urlsplit

from tests.people import hear


async def ask_and_leave(server, person, name, payload):
    """Send a command over REST and close the connection at once."""
    place, body = urlsplit(server.url), json.dumps(payload)
    _, writer = await asyncio.open_connection(place.hostname, place.port)
    head = (
        f"POST /api/events/{name}/ HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {person.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write((head + body).encode())
    writer.close()
    await writer.wait_closed()


async def test_who_leaves_at_once_is_heard(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    words = [f"gone already {number}" for number in range(3)]

    for message in words:
        await ask_and_leave(
            servers[0], bob, "chat:new", {"streamId": str(stream.pk), "message": message, "type": "public"}
        )

    for message in words:
        await hear(host, message)
