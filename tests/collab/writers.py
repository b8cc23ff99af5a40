"""A writer over the gateway's own transports: a document of pycrdt, and the messages of y-protocols."""

from base64 import b64decode, b64encode
from typing import Any

from pycrdt import Doc, Text

from collab.models import Session
from collab.yjs.messages import Step, read_sync, write_sync
from gateway.testing import Client, Reply, Transport
from tests.people import done


class Writer:
    """Somebody in a session over Socket.IO or the plain WebSocket."""

    def __init__(self, client: Client, transport: Transport, session: Session) -> None:
        self.client = client
        self.document: Doc[Text] = Doc()
        self._content = self.document.get("content", type=Text)
        self._transport = transport
        self._session_id = str(session.pk)
        self._read = 0

    @property
    def text(self) -> str:
        """Its text, with all it has heard so far."""
        synced = self.client.named("collab:sync")
        for data in synced[self._read :]:
            message = data["message"]
            sync = read_sync(message if isinstance(message, bytes) else b64decode(message))
            if sync.step is not Step.QUESTION:
                self.document.apply_update(sync.data)
        self._read = len(synced)
        return str(self._content)

    async def join(self) -> dict[str, Any]:
        """Enter the session, and ask for its text."""
        joined = done(await self.client.call("collab:join", {"sessionId": self._session_id}))
        done(await self.send(Step.QUESTION, self.document.get_state()))
        return joined

    async def type(self, words: str) -> Reply:
        """Write at the beginning of the text."""
        assert self.text is not None
        before = self.document.get_state()
        self._content.insert(0, words)
        return await self.send(Step.UPDATE, self.document.get_update(before))

    async def send(self, step: Step, data: bytes) -> Reply:
        """Send a sync message as it is, valid or not."""
        message = write_sync(step, data)
        sent = message if self._transport in ("socketio", "polling") else b64encode(message).decode()
        return await self.client.call("collab:sync", {"sessionId": self._session_id, "message": sent})
