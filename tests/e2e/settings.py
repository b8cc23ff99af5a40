"""The servers browsers are driven against: the tests' settings, and static files."""

from realtime_project.settings.test import *  # noqa: F403

WHITENOISE_USE_FINDERS = True
