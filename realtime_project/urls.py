"""Where everything is on the web."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from accounts.api import PresenceView
from gateway import views as gateway_views
from gateway.transports.rest import command
from streams.api.games import AnalyticsView

urlpatterns = [
    path("healthz", gateway_views.healthz),
    path("readyz", gateway_views.readyz),
    path("metrics", gateway_views.metrics),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("api/events/<str:name>/", command, name="command"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/auth/", include("accounts.api_urls")),
    path("api/presence/", PresenceView.as_view()),
    path("api/streams/", include("streams.api_urls")),
    path("api/streams/<str:stream_id>/messages/", include("chat.api_urls")),
    path("api/analytics/", AnalyticsView.as_view()),
    path("api/moderation/", include("moderation.api_urls")),
    path("api/og/", include("og.api_urls")),
    path("api/collab/", include("collab.api_urls")),
    path("api/", include("gifts.api_urls")),
    path("", include("accounts.urls")),
    path("", include("streams.urls")),
    path("", include("collab.urls")),
]
