"""Malformed, oversized and hostile input, made from a seed: the same seed makes the same input again."""

import json
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gateway.events import COMMANDS

_STRINGS = (
    "", " ", "\x00", "\x01development:AAAA", "\u202e", "\u200b", "\ud800", "null", "NaN", "-0", "1e999", "0" * 400,
    "9" * 40, "' OR 1=1 --", "../../etc/passwd", "<script>alert(1)</script>", "{{7*7}}", "%00", "\r\nX-Admin: 1",
    "stream:1", "user:1", "process:x", "__proto__", "🙂" * 200, "a" * 600, "a" * 70_000,
)  # fmt: skip
_NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**40, 0.5, -0.0, 1e308)
_FRAMES = (
    "", "{", "[]", "null", '"x"', "{}", '{"event":1}', '{"event":"auth"}', '{"event":"auth","data":{"token":null}}',
    '{"event":"auth","data":{"token":"eyJhbGciOiJub25lIn0.eyJ1c2VySWQiOiIxIn0."}}', "[" * 5000, '{"a":' * 200 + "1",
    '{"event":"chat:new","data":{},"ref":{}}', '{"event":"chat:new","data":NaN}', "\x00" * 100,
)  # fmt: skip
_PACKETS = (
    "", "0", "1", "2", "2probe", "3", "4", "40", "41", "42", "43", "44", "45", "5", "6", "7", "9", "4:", "40{", "40{}",
    '40{"token":"x"}', '40{"token":{"a":1}}', "40/admin,", "42[]", "42[1]", '42["connect"]', '42["disconnect"]',
    '42["chat:new"', "42" + "[" * 3000, "421[null]", "4299999999999999999999[1]", '431["x"]', "451-[]",
    '451-["x",{"_placeholder":true,"num":9}]', '4599-["x"]', "46", "461-1[]", '42/nowhere,["x"]', "\x1e", "0\x1e1\x1e4",
)  # fmt: skip
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
_PATHS = (
    "/api/auth/register/", "/api/auth/token/", "/api/auth/refresh/", "/api/auth/me/", "/api/auth/sessions/x/",
    "/api/streams/", "/api/streams/{}/", "/api/streams/{}/messages/", "/api/streams/{}/start/",
    "/api/streams/{}/throne/", "/api/presence/", "/api/wallet/", "/api/wallet/top-ups/", "/api/analytics/",
    "/watch/{}", "/signin/", "/register/", "/admin/", "/admin/accounts/user/{}/change/", "/{}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Fuzzer:
    """Makes input from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def chance(self, probability: float) -> bool:
        """Whether something happens that does so this often."""
        return self._random.random() < probability

    def value(self, depth: int = 0) -> Any:
        """Anything JSON can say."""
        kind = self._random.randrange(7 if depth < 4 else 5)
        if kind < 2:
            return self._random.choice(_STRINGS)
        if kind < 4:
            return self._random.choice(_NUMBERS)
        if kind == 4:
            return self._random.choice((None, True, False))
        if kind == 5:
            return [self.value(depth + 1) for _ in range(self._random.randrange(5))]
        return {self._random.choice(_STRINGS)[:80]: self.value(depth + 1) for _ in range(self._random.randrange(5))}

    def command(self) -> tuple[str, Any]:
        """A command whose payload is wrong somewhere, or a name that is no command's."""
        if self.chance(0.1):
            return self._random.choice(_STRINGS), self.value()
        spec = self._random.choice(list(COMMANDS.values()))
        payload: Any = dict(spec.example)
        if self.chance(0.2):
            return spec.name, self.value()
        for name in list(payload):
            if self.chance(0.5):
                payload[name] = self.value()
        if self.chance(0.2):
            payload[self._random.choice(("cid", "userId", "seq", "since", "x"))] = self.value()
        return spec.name, payload

    def text(self, payload: Any) -> str:
        """The JSON of a payload, sometimes broken."""
        text = json.dumps(payload)
        if self.chance(0.2) and text:
            place = self._random.randrange(len(text))
            return text[:place] + self._random.choice(("", "\x00", '"', "}", "\\ud800", ",")) + text[place + 1 :]
        return text

    def noise(self) -> bytes:
        """Bytes that mean nothing."""
        return self._random.randbytes(self._random.choice((0, 1, 7, 100, 3000)))

    def frame(self) -> str | bytes:
        """What somebody sends over `/ws/`."""
        if self.chance(0.1):
            return self.noise()
        if self.chance(0.3):
            return self._random.choice(_FRAMES)
        name, payload = self.command()
        return self.text({"event": name, "data": payload, "ref": self.value() if self.chance(0.3) else 1})

    def packet(self) -> str | bytes:
        """What somebody sends over Engine.IO."""
        if self.chance(0.1):
            return self.noise()
        if self.chance(0.4):
            return self._random.choice(_PACKETS)
        number = str(self._random.choice((1, 2**70))) if self.chance(0.3) else ""
        return f"42{number}{self.text(list(self.command()))}"

    def poll(self) -> Request:
        """A request to the polling transport."""
        query = self._random.choice(
            ("", "?EIO=4", "?EIO=3&transport=polling", "?EIO=4&transport=x", "?EIO=4&transport=polling&sid=x",
             "?sid=%00", "?EIO=4&EIO=4&transport=polling", "?EIO=4&transport=websocket",
             "?EIO=4&transport=polling&j=1")
        )  # fmt: skip
        packet = self.packet()
        body = packet if isinstance(packet, bytes) else packet.encode("utf-8", "surrogatepass")
        return Request(self._random.choice(_METHODS), f"/socket.io/{query}", self._headers(), body)

    def request(self) -> Request:
        """A request to REST or to a page."""
        name, payload = self.command()
        body = self.noise() if self.chance(0.1) else self.text(payload).encode("utf-8", "surrogatepass")
        if self.chance(0.6):
            return Request("POST", f"/api/events/{_in_path(name)}/", self._headers(), body)
        path = self._random.choice(_PATHS).format(_in_path(str(self.value())))
        return Request(self._random.choice(_METHODS), path, self._headers(), body)

    def raw(self) -> bytes:
        """What is no HTTP, or hardly."""
        start = self._random.choice(
            (b"", b"GET / HTTP/1.1\r\n", b"POST /api/events/x/ HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
        )
        return start + self.noise() + self._random.choice((b"", b"\r\n\r\n", b"\x00" * 50))

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": self._random.choice(("application/json", "text/plain", "x/" + "y" * 200, ""))}
        if self.chance(0.3):
            headers["Authorization"] = self._random.choice(
                ("x", "Bearer ", "Bearer a.b.c", "Basic YTpi", "Bearer " + "x" * 5000)
            )
        if self.chance(0.2):
            headers["Cookie"] = self._random.choice(("sessionid=x", "sessionid=" + "a" * 3000, ";;;=", "csrftoken=x"))
        if self.chance(0.1):
            headers["Origin"] = self._random.choice(("null", "https://evil.example", "x" * 1000))
        return headers


def _in_path(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass")[:300], safe="")
