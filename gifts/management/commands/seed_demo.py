"""Demo data: people with coins, live streams, and a login to try them with. Running it again changes nothing."""

from typing import Any

from accounts import selectors
from accounts.models import User
from audit.services import Actor
from gateway.management.audited import AuditedCommand
from gifts.services.wallets import grant_coins
from streams import services
from streams.selectors import Visitor, live_streams

PASSWORD = "demo-password"
COINS = 20_000
PEOPLE = ("alice", "bob", "charlie", "mona")
STREAMS = (
    ("alice", "Sunday set: vinyl until midnight", "DE", ["music", "vinyl"]),
    ("charlie", "Ranked climb, day 12", "GB", ["games"]),
)


class Command(AuditedCommand):
    help = "Load demo people with coins, and streams."

    def handle(self, *args: Any, **options: Any) -> None:
        for name in PEOPLE:
            self._person(name)
        for host, title, country, tags in STREAMS:
            self._stream(host, title, country, tags)
        self.stdout.write(f"login {PEOPLE[0]} / {PASSWORD}")

    def _person(self, name: str) -> None:
        person = selectors.user_by_name(name) or self._new_person(name)
        grant_coins(user_id=person.pk, coins=COINS, key=f"demo:{name}", reason="demo data", actor=Actor.command())

    def _new_person(self, name: str) -> User:
        person = User(username=name, is_moderator=name == "mona", is_staff=name == "mona", is_superuser=name == "mona")
        person.set_password(PASSWORD)
        person.save()
        return person

    def _stream(self, host: str, title: str, country: str, tags: list[str]) -> None:
        user = selectors.user_by_name(host)
        assert user is not None
        if live_streams(Visitor(user.pk, "")).filter(host=user).exists():
            return
        stream = services.create_stream(host=user, title=title, country=country, tags=tags)
        services.start_stream(stream=stream)
