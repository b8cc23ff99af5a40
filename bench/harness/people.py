"""Who takes part: users with tokens, and live streams to join."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt

from bench.harness.build import BUILD
from bench.harness.servers import KEYS

USERS = 5000
STREAMS = 200
TOKEN_LIFETIME = timedelta(days=1)


@dataclass(frozen=True)
class People:
    """A file with one token a line, and the ids of the streams."""

    tokens: Path
    streams: list[str]


def create_people() -> People:
    """Sign a token for every user."""
    tokens = BUILD / "tokens"
    claims = {
        "iss": "realtime-backend",
        "aud": "realtime-clients",
        "exp": datetime.now(UTC) + TOKEN_LIFETIME,
    }
    key = KEYS["JWT_SIGNING_KEY"]
    tokens.write_text("".join(jwt.encode(claims | {"userId": str(n)}, key) + "\n" for n in range(1, USERS + 1)))
    return People(tokens, [str(n) for n in range(1, STREAMS + 1)])
