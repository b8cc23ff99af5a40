"""The tests' settings, with a heartbeat and a deadline short enough to wait for."""

from realtime_project.settings.test import *  # noqa: F403

GATEWAY_PING_INTERVAL_SECONDS = 1.0
GATEWAY_PING_TIMEOUT_SECONDS = 1.0
GATEWAY_AUTHENTICATION_SECONDS = 2.0
