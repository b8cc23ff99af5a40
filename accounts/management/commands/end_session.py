"""End a session: its sockets close on every process within two seconds, and its tokens are worth nothing."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from accounts import services
from accounts.models import Session
from gateway.management.audited import AuditedCommand


class Command(AuditedCommand):
    help = "End a session and close its sockets on every process. The admin lists sessions and their ids."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("session_id", type=UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        session = Session.objects.select_related("user").filter(pk=options["session_id"]).first()
        if session is None:
            raise CommandError(f"There is no session {options['session_id']}.")
        if session.revoked_at is not None:
            raise CommandError(f"The session has ended already: {session.revoked_reason}.")
        services.sign_out(user=session.user, session_id=str(session.pk))
        self.stdout.write(f"ended session {session.pk} of {session.user.username}")
