"""Who takes part: users with a session and a token each, and live streams to join."""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import django
from django.core.management import call_command

from bench.harness.build import BUILD
from bench.harness.servers import KEYS, OUR_SETTINGS

USERS = 5000
STREAMS = 400
COINS = 10_000_000
TOKEN_LIFETIME = timedelta(days=1)


@dataclass(frozen=True)
class People:
    """A file with one token a line, and the ids of the streams."""

    tokens: Path
    streams: list[str]


def create_people() -> People:
    """Fill the empty database that DATABASE_URL names. The peers believe the same tokens."""
    os.environ.update(KEYS | OUR_SETTINGS)
    django.setup()
    call_command("migrate", verbosity=0)
    tokens = BUILD / "tokens"
    tokens.write_text("".join(f"{token}\n" for token in _tokens()))
    _enrich()
    return People(tokens, _streams())


def _tokens() -> list[str]:
    # Django's models can only be imported once it is set up.
    from accounts.models import Session, User
    from accounts.services import access_token

    users = User.objects.bulk_create(User(username=f"member{number}") for number in range(USERS))
    tokens = []
    for session in Session.objects.bulk_create(Session(user=user) for user in users):
        token = access_token(session)
        token.set_exp(lifetime=TOKEN_LIFETIME)
        tokens.append(str(token))
    return tokens


def _enrich() -> None:
    from django.db import transaction
    from django.utils import timezone

    from accounts.models import User
    from gifts.models import AccountKind, TransferKind
    from gifts.services import ledger
    from gifts.services.ledger import Posting

    with transaction.atomic():
        wallets = ledger.lock_wallets(User.objects.values_list("pk", flat=True))
        issuance = ledger.platform(AccountKind.ISSUANCE)
        postings = [
            Posting(
                id=transfer_id,
                key=f"bench:{wallet.user_id}",
                kind=TransferKind.GRANT,
                entries={wallet.coins_account: COINS, issuance: -COINS},
            )
            for transfer_id, wallet in zip(ledger.next_ids(len(wallets)), wallets.values(), strict=True)
        ]
        ledger.post(postings, timezone.now())


def _streams() -> list[str]:
    from accounts.models import User
    from streams.models import Status, Stream

    host = User.objects.create(username="host")
    streams = Stream.objects.bulk_create(
        Stream(host=host, title=f"Stream {number}", status=Status.LIVE) for number in range(STREAMS)
    )
    return [str(stream.pk) for stream in streams]
