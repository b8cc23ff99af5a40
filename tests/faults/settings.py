"""The tests' settings with limits high enough for bursts. They stay on: what happens to them is tested too."""

from realtime_project.settings.test import *

GATEWAY_RATE_LIMITS = {name: [(1_000_000, 60.0)] for name in GATEWAY_RATE_LIMITS}
GATEWAY_CONNECTIONS_PER_USER = 10_000
CELERY_IMPORTS = ["tests.faults.tasks"]
