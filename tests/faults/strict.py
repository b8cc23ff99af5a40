"""The tests' settings with production's limits of what one address may open, and little time to say who one is."""

from realtime_project.settings.test import *

GATEWAY_CONNECTIONS_PER_ADDRESS = 100
GATEWAY_NEW_CONNECTIONS_PER_ADDRESS_MINUTE = 30
GATEWAY_UNAUTHENTICATED_PER_ADDRESS = 20
GATEWAY_AUTHENTICATION_SECONDS = 3.0
