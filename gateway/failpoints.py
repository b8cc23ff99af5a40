"""Places where a test lets the process die, to see that nothing is lost there.

Without the environment variable `GATEWAY_FAILPOINT` they cost a call that does nothing. With it, and where the
settings allow it, the process ends by SIGKILL when it passes the place named there; `committed:3` names the third time.
"""

import os
import signal
from itertools import count

from django.conf import settings

VARIABLE = "GATEWAY_FAILPOINT"
_name, _, _times = os.environ.get(VARIABLE, "").partition(":")
_passed = count(1)


def _die_here(name: str) -> None:
    if name == _name and settings.GATEWAY_FAILPOINTS_ALLOWED and next(_passed) == int(_times or 1):
        os.kill(os.getpid(), signal.SIGKILL)


def _pass(name: str) -> None:
    pass


failpoint = _die_here if _name else _pass
