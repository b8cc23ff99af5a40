"""Tests: development's settings with quick password hashing and limits low enough to reach."""

from realtime_project.settings.dev import *

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# All clients of a test run share one address.
GATEWAY_CONNECTIONS_PER_ADDRESS = 5000
GATEWAY_NEW_CONNECTIONS_PER_ADDRESS_MINUTE = 100_000
GATEWAY_UNAUTHENTICATED_PER_ADDRESS = 5000
GATEWAY_FAILPOINTS_ALLOWED = True
