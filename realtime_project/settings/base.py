"""Settings every environment shares; the numbers of the rules are in `product`, those of who may come in `security`."""

from datetime import timedelta
from pathlib import Path

import environ
from django.urls import reverse_lazy

from gateway.redis_location import channel_host
from realtime_project.settings.product import *
from realtime_project.settings.security import *

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent.parent

DEBUG = False
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "daphne",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "accounts.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "gateway",
    "audit",
    "accounts",
    "streams",
    "moderation",
    "og",
    "chat",
    "gifts",
    "collab",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionRevocationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "realtime_project.urls"
ASGI_APPLICATION = "realtime_project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- PostgreSQL and Redis -------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Threads of the gateway's database pool; each keeps one connection.
GATEWAY_DATABASE_THREADS: int = env.int("GATEWAY_DATABASE_THREADS", default=8)


def database(url: str) -> dict[str, object]:
    """Django's configuration of the PostgreSQL at `url`; the gateway's threads keep their connections all the same."""
    return {
        **environ.Env.db_url_config(url),
        # Under ASGI each request has a thread of its own: a connection kept for it would be lost with it.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        # For `gateway.database.run`: a statement is prepared when it is first run. Django's cursors prepare nothing.
        "OPTIONS": {"connect_timeout": 5, "prepare_threshold": 0},
    }


def channel_layers(url: str) -> dict[str, object]:
    """The channel layer that carries rooms between processes over the Redis at `url`."""
    return {"default": {"BACKEND": "gateway.bus.GatewayChannelLayer", "CONFIG": {"hosts": [channel_host(url)]}}}


# --- People and tokens ----------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.GuardedBackend"]
LOGIN_URL = "/signin/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

ACCESS_TOKEN_LIFETIME = timedelta(minutes=5)
REFRESH_TOKEN_LIFETIME = timedelta(days=14)


def simple_jwt(signing_key: str) -> dict[str, object]:
    """simplejwt's configuration: the legacy claim `userId`, our own key, issuer and audience."""
    return {
        "ALGORITHM": "HS256",
        "SIGNING_KEY": signing_key,
        "ISSUER": "realtime-backend",
        "AUDIENCE": "realtime-clients",
        "USER_ID_FIELD": "id",
        "USER_ID_CLAIM": "userId",
        "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
        "REFRESH_TOKEN_LIFETIME": REFRESH_TOKEN_LIFETIME,
        "UPDATE_LAST_LOGIN": False,
    }


REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["gateway.transports.rest.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "gateway.transports.rest.error_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Realtime backend",
    "DESCRIPTION": "REST beside the real-time events; see docs/events.md for those.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- The gateway ----------------------------------------------------------------------------------

# Loads who a token speaks of: (user id, session id) -> gateway.identity.Identity | None.
GATEWAY_IDENTITY_LOADER = "accounts.selectors.load_identity"
# Writes down when sessions were last seen: (rows of gateway.user_presence.LastSeen) -> None.
GATEWAY_LAST_SEEN_NOTER = "accounts.services.note_last_seen"
# Keeps that a command which changes something runs: a gateway.management.audited.Recorder.
GATEWAY_COMMAND_RECORDER = "audit.services.record_command"
# Writes down refusals by a limit: (gateway.violations.Violation, …) -> None.
GATEWAY_VIOLATION_NOTER = "accounts.services.note_violations"
GATEWAY_PING_INTERVAL_SECONDS: float = 25.0
GATEWAY_PING_TIMEOUT_SECONDS: float = 20.0
GATEWAY_AUTHENTICATION_SECONDS: float = 10.0
# How long a process that was told to stop goes on accepting connections while readiness is red already: as long as
# the load balancer in front needs to notice.
GATEWAY_STOP_DELAY_SECONDS: float = env.float("STOP_DELAY_SECONDS", default=0)
GATEWAY_MAX_FRAME_BYTES: int = 64 * 1024
# Paths whose WebSockets take larger messages; there the app refuses what is too large, and says so.
GATEWAY_MAX_FRAME_BYTES_UNDER: dict[str, int] = {"/ws/collab/": 1024 * 1024}
GATEWAY_MAX_ATTACHMENTS: int = 10
GATEWAY_MAX_JSON_DEPTH: int = 32
GATEWAY_MAX_BUFFER_BYTES: int = 1024 * 1024
# A document comes in one piece, so that its sockets must be able to hold it.
GATEWAY_MAX_BINARY_BUFFER_BYTES: int = 8 * 1024 * 1024
GATEWAY_MAX_QUEUED_COMMANDS: int = 64
GATEWAY_MAX_ROOMS_PER_USER: int = 10
GATEWAY_JOINS_ANNOUNCED_UP_TO: int = 100
GATEWAY_HISTORY_EVENTS: int = 300
GATEWAY_HISTORY_SECONDS: int = 300
# How long announced events are kept in PostgreSQL for `manage.py replay_room`.
GATEWAY_LOG_KEPT = timedelta(days=7)
# Whether the environment may order a process to kill itself at a named place.
GATEWAY_FAILPOINTS_ALLOWED: bool = False

# --- Celery ---------------------------------------------------------------------------------------

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 30
CELERY_TASK_SOFT_TIME_LIMIT = 25
# Longer than any task may run, so that no task is handed out twice; short enough that a killed
# worker's task is taken up again within a minute.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 45,
    # Workers look every 5 seconds for what others left; by default it is every 100.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # One that is killed while it looks must not keep the others from it.
    "unacked_mutex_expire": 10,
    "socket_timeout": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "note-beat": {"task": "gateway.tasks.note_beat", "schedule": 10.0},
    "prune-outbox": {"task": "gateway.tasks.prune_outbox", "schedule": 3600.0},
    "prune-violations": {"task": "accounts.tasks.prune_violations", "schedule": 3600.0},
    "meet-deadlines": {"task": "streams.tasks.meet_deadlines", "schedule": 5.0},
    "roll-up-numbers": {"task": "streams.tasks.roll_up_numbers", "schedule": 60.0},
    "keep-tiers": {"task": "gifts.tasks.keep_tiers", "schedule": 60.0},
    "compact-logs": {"task": "collab.tasks.compact_logs_left", "schedule": 60.0},
    "end-sessions": {"task": "collab.tasks.end_sessions_left", "schedule": 30.0},
    # One that waits while others run is no use any more: the next comes in a second.
    "look-again": {"task": "moderation.tasks.look_again", "schedule": 1.0, "options": {"expires": 1.0}},
    "show-delayed": {"task": "chat.tasks.show_delayed_left", "schedule": 5.0},
    "prune-looks": {"task": "moderation.tasks.prune_looks", "schedule": 3600.0},
    "settle-holds": {"task": "moderation.tasks.settle_due", "schedule": 5.0},
    "look-for-fraud": {"task": "gifts.tasks.look_for_fraud", "schedule": 300.0},
    "end-combos": {"task": "gifts.tasks.end_combos_left", "schedule": 5.0},
}
CELERY_TIMEZONE = "UTC"

# --- The rest -------------------------------------------------------------------------------------

# What the admin's sidebar has above its apps.
UNFOLD: dict[str, object] = {
    "SIDEBAR": {
        "navigation": [
            {
                "items": [
                    {
                        "title": "Queue",
                        "icon": "inbox",
                        "link": reverse_lazy("admin:moderation_item_changelist"),
                        "badge": "moderation.admin.waiting",
                        "badge_variant": "primary",
                        "permission": "moderation.admin.may_moderate",
                    }
                ]
            }
        ]
    }
}
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # These log payloads or a line a connection at INFO; neither may reach a log.
    "loggers": {
        "engineio": {"level": "ERROR"},
        "socketio": {"level": "ERROR"},
        "django.request": {"level": "ERROR"},
        "uvicorn.access": {"level": "WARNING"},
        "uvicorn.error": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
    },
}
