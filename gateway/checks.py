"""System checks: what must be true of the code and the configuration before anything starts."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from gateway.dispatch import HANDLERS
from gateway.events import COMMANDS
from gateway.failpoints import VARIABLE


@register()
def every_command_has_a_handler(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A command that is declared and not handled would fail at its first use."""
    return [
        Error(f"the command {spec.name} has no handler", id="gateway.E001")
        for spec in COMMANDS.values()
        if spec.type not in HANDLERS
    ]


@register()
def every_limit_is_configured(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A command's limit must be named in the settings."""
    return [
        Error(f"the limit {spec.limit} of {spec.name} is not in GATEWAY_RATE_LIMITS", id="gateway.E002")
        for spec in COMMANDS.values()
        if spec.limit and spec.limit not in settings.GATEWAY_RATE_LIMITS
    ]


@register()
def the_geoip_database_is_there(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A wrong path would make every country unknown, and nobody would notice."""
    if not settings.GEOIP_DATABASE or Path(settings.GEOIP_DATABASE).is_file():
        return []
    return [Error(f"GEOIP_DATABASE is {settings.GEOIP_DATABASE}, where no file is", id="gateway.E004")]


@register()
def no_failpoint_is_set(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A process that is told to kill itself belongs into tests."""
    if not os.environ.get(VARIABLE) or settings.GATEWAY_FAILPOINTS_ALLOWED:
        return []
    return [Error(f"{VARIABLE} is set, which only tests may do", id="gateway.E003")]
