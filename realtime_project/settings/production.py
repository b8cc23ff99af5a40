"""Production: every secret and address comes from the environment, or the server does not start."""

from gateway.redis_location import broker_options, broker_url
from realtime_project.settings.base import *
from realtime_project.settings.base import channel_layers, database, env, simple_jwt

SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
DATABASES = {"default": database(env.str("DATABASE_URL"))}
REDIS_URL = env.str("REDIS_URL")
CHANNEL_LAYERS = channel_layers(REDIS_URL)
CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS |= broker_options(REDIS_URL)
# The first signs the audit log and its exports, all are believed.
AUDIT_KEYS: list[str] = env.list("AUDIT_KEYS")
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS")
FINGERPRINT_KEY = env.str("FINGERPRINT_KEY")
SIMPLE_JWT = simple_jwt(env.str("JWT_SIGNING_KEY"))

ADMIN_REQUIRES_SECOND_FACTOR = env.bool("ADMIN_REQUIRES_SECOND_FACTOR", default=True)
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
