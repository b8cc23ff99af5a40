"""The base of every management command that changes something: no such command runs without being recorded."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol, cast

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

# Options every command has; they say nothing about what it does.
_OF_EVERY_COMMAND = frozenset(
    {"verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks", "stdout", "stderr"}
)


class Recorder(Protocol):
    """Keeps that a command runs; named by `GATEWAY_COMMAND_RECORDER`."""

    def __call__(self, command: str, arguments: Mapping[str, Any], outcome: str, reason: str) -> None: ...


@cache
def _recorder() -> Recorder:
    return cast(Recorder, import_string(settings.GATEWAY_COMMAND_RECORDER))


class AuditedCommand(BaseCommand):
    """Recorded before it runs, so that nothing happens unrecorded, and once more when it fails.

    A command that only sometimes changes something says when in `changes`.
    """

    def changes(self, options: Mapping[str, Any]) -> bool:
        """Whether the command changes anything with these options."""
        return not options.get("dry_run", False)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Record and run. Raises whatever the command raises."""
        if not self.changes(options):
            return super().execute(*args, **options)
        self._record(options, "started")
        try:
            return super().execute(*args, **options)
        except Exception as error:
            self._record(options, type(error).__name__)
            raise

    def _record(self, options: Mapping[str, Any], outcome: str) -> None:
        arguments = {name: value for name, value in options.items() if name not in _OF_EVERY_COMMAND}
        command = type(self).__module__.rpartition(".")[2]
        _recorder()(command, arguments, outcome, str(options.get("reason") or ""))
