"""Print an access token, alone on its line, for scripts and for trying things out."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from accounts import selectors, services
from accounts.models import User
from gateway.management.audited import AuditedCommand


class Command(AuditedCommand):
    help = "Print an access token for a user."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--create", action="store_true", help="make the user when there is none")
        parser.add_argument("--ttl", type=int, default=0, help="seconds the token is good for")

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"]
        user = selectors.user_by_name(username)
        if user is None and not options["create"]:
            raise CommandError(f"There is no user called {username}; --create makes one.")
        if user is None:
            user = User.objects.create_user(username)
        if options["ttl"] < 0:
            raise CommandError("--ttl must be positive.")
        token = services.access_token(services.open_session(user=user, user_agent="issue_token").session)
        if options["ttl"]:
            token.set_exp(lifetime=timedelta(seconds=options["ttl"]))
        self.stdout.write(str(token))
