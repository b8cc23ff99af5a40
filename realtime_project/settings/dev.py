"""Development: real PostgreSQL and Redis, started as child processes when none is configured."""

from gateway.redis_location import broker_options, broker_url
from realtime_project.local_services import local_urls
from realtime_project.settings.base import *
from realtime_project.settings.base import channel_layers, database, env, simple_jwt

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = env.str("SECRET_KEY", default="development-only-key-that-signs-nothing-of-value-0123456789")
ALLOWED_HOSTS = ["*"]

_urls = local_urls()
DATABASES = {"default": database(_urls.database)}
REDIS_URL = _urls.redis
CHANNEL_LAYERS = channel_layers(REDIS_URL)
CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS |= broker_options(REDIS_URL)
AUDIT_KEYS: list[str] = env.list("AUDIT_KEYS", default=["development-only-key-of-the-audit-log-0123456789abcdef"])
FIELD_ENCRYPTION_KEYS = env.list(
    "FIELD_ENCRYPTION_KEYS", default=["development:ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMDEyMzQ="]
)
FINGERPRINT_KEY = env.str("FINGERPRINT_KEY", default="development-only-fingerprint-key")
SIMPLE_JWT = simple_jwt(env.str("JWT_SIGNING_KEY", default="development-only-jwt-key-0123456789abcdef0123456789"))
