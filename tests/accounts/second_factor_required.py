"""Settings of a server whose admin is closed to those without a second factor, at a path of its own."""

from tests.e2e.settings import *  # noqa: F403

ADMIN_PATH = "backstage/"
ADMIN_REQUIRES_SECOND_FACTOR = True
