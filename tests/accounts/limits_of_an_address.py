"""Settings of servers that count an address's sockets as production does, but for how fast they come."""

from realtime_project.settings.test import *  # noqa: F403

GATEWAY_CONNECTIONS_PER_ADDRESS = 100
GATEWAY_UNAUTHENTICATED_PER_ADDRESS = 20
