"""The servers browsers are driven against: the tests' settings, and static files."""

from realtime_project.settings.test import *  # noqa: F403

WHITENOISE_USE_FINDERS = True
# Nobody asks it: no worker runs here.
MODERATION_SECOND_LOOK_PROVIDER = "webhook"
MODERATION_SECOND_LOOK_URL = "http://127.0.0.1:1/"
MODERATION_SECOND_LOOK_KEY = "nobody-asks"
# Long enough for a busy machine, short enough to wait for.
STREAM_BATTLE_SECONDS: float = 12
GIFT_COMBO_SECONDS: float = 3
