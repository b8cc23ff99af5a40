"""The benchmark: production, with only the rate and connection limits off."""

from realtime_project.settings.production import *

GATEWAY_LIMITS_ENABLED = False
# The load generator speaks plain HTTP on the loopback interface.
SECURE_SSL_REDIRECT = False
