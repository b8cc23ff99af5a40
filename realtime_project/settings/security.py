"""Settings of who may come, how often, and what a browser may do with our pages."""

from datetime import timedelta

import environ
from csp import constants as csp

env = environ.Env()

# --- Limits ---------------------------------------------------------------------------------------

# Switched off by the benchmark's settings alone.
GATEWAY_LIMITS_ENABLED: bool = True
GATEWAY_CONNECTIONS_PER_USER: int = 5
GATEWAY_CONNECTIONS_PER_ADDRESS: int = 100
GATEWAY_NEW_CONNECTIONS_PER_ADDRESS_MINUTE: int = 30
GATEWAY_UNAUTHENTICATED_PER_ADDRESS: int = 20
# So many refusals by a limit within these seconds keep a user or an address out, at first for this long, then twice as
# long each time, up to the longest.
GATEWAY_VIOLATIONS_ALLOWED: int = 10
GATEWAY_VIOLATION_SECONDS: float = 600
GATEWAY_BLOCK_SECONDS: float = 300
GATEWAY_LONGEST_BLOCK_SECONDS: float = 24 * 3600
# A MaxMind DB with countries; without one the country of nobody is known.
GEOIP_DATABASE: str = env.str("GEOIP_DATABASE", default="")
# An account is new for so long: one that shares a device or a network with a banned user is flagged, once for each of
# so many.
EVASION_NEW_ACCOUNT = timedelta(days=7)
EVASION_MOST_MATCHES = 20
# How long moderators see a violation.
VIOLATIONS_KEPT = timedelta(days=90)
# Addresses change hands: with a user's devices they are barred for this long at the most.
BARRIER_ADDRESS_LASTS = timedelta(days=7)
# Addresses of proxies whose X-Forwarded-For is believed.
GATEWAY_TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=[])
GATEWAY_ALLOWED_ORIGINS: list[str] = env.list("ALLOWED_ORIGINS", default=[])
# (events, seconds) pairs a user may not exceed; every pair of a limit must hold.
GATEWAY_RATE_LIMITS: dict[str, list[tuple[int, float]]] = {
    "default": [(120, 60)],
    "chat": [(30, 60), (3, 3)],
    "chat_moderator": [(100, 60)],
    # The same words of one author in one stream; the same long message of anybody there; people mentioned.
    "repeat": [(5, 60)],
    "chorus": [(20, 30)],
    "mention": [(20, 60)],
    "spotlight": [(1, 60)],
    "join": [(20, 60)],
    "react": [(120, 60), (20, 5)],
    "gift": [(60, 60)],
    "boost": [(30, 60)],
    "battle": [(20, 60)],
    "coins": [(20, 60)],
    "collab_update": [(3000, 60), (100, 2)],
    "collab_large_update": [(60, 60), (10, 2)],
    "collab_question": [(60, 60), (20, 5)],
    "collab_awareness": [(1200, 60), (100, 2)],
    "collab_edit": [(120, 60), (20, 5)],
    # Requests over REST, and invites, which disturb others.
    "collab_request": [(240, 60), (60, 5)],
    "collab_invite": [(20, 60)],
    "sign_in": [(10, 60)],
    # Copies of all that is held on one user.
    "export": [(1, 3600)],
    # New accounts of one device.
    "device": [(5, 24 * 3600)],
    "report": [(10, 60)],
    # A moderator's page reads the queue again whenever it changes.
    "queue": [(600, 60)],
    # Passwords that are looked at for one name, from one household and from everywhere.
    "password": [(10, 900)],
    "password_anywhere": [(100, 3600)],
}

# --- The admin ------------------------------------------------------------------------------------

# Where it is; one that nobody guesses keeps scanners from its sign-in page.
ADMIN_PATH: str = env.str("ADMIN_PATH", default="admin/").strip("/") + "/"
# Whether the admin is closed to those without a second factor; those who have one always need it.
ADMIN_REQUIRES_SECOND_FACTOR: bool = env.bool("ADMIN_REQUIRES_SECOND_FACTOR", default=False)
RECOVERY_CODES = 10
OTP_TOTP_ISSUER = "On Air"

# --- What a browser may do with our pages ---------------------------------------------------------

# Pictures and films come from wherever a host or a user has them; everything else is ours.
CONTENT_SECURITY_POLICY: dict[str, object] = {
    "DIRECTIVES": {
        "default-src": [csp.SELF],
        "img-src": [csp.SELF, "https:", "data:"],
        "media-src": [csp.SELF, "https:", "blob:"],
        "object-src": [csp.NONE],
        "base-uri": [csp.NONE],
        "form-action": [csp.SELF],
        "frame-ancestors": [csp.NONE],
    }
}
# What the admin's own library needs more: Alpine compiles expressions, and colours are set inline.
ADMIN_CONTENT_SECURITY_POLICY: dict[str, object] = {
    "script-src": [csp.SELF, csp.UNSAFE_EVAL],
    "style-src": [csp.SELF, csp.UNSAFE_INLINE],
}
