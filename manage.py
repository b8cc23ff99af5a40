#!/usr/bin/env python
"""Run a management command, on real PostgreSQL and Redis even when none is configured."""

import os
import sys
from contextlib import ExitStack

WITHOUT_SERVICES = {
    "check",
    "collectstatic",
    "compilemessages",
    "generate_docs",
    "help",
    "makemessages",
    "makemigrations",
    "spectacular",
}
LOCAL_SETTINGS = {"realtime_project.settings.dev", "realtime_project.settings.test"}


def main() -> None:
    settings = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "realtime_project.settings.dev")
    from django.core.management import execute_from_command_line

    from realtime_project.local_services import LocalServiceError, local_services

    try:
        with ExitStack() as stack:
            if settings in LOCAL_SETTINGS and _needs_services(sys.argv[1:]):
                stack.enter_context(local_services())
            execute_from_command_line(sys.argv)
    except LocalServiceError as error:
        sys.exit(str(error))


def _needs_services(arguments: list[str]) -> bool:
    if not arguments or {"-h", "--help", "--version"} & set(arguments):
        return False
    return arguments[0] not in WITHOUT_SERVICES


if __name__ == "__main__":
    main()
