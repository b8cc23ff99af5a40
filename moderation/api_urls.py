"""Where moderation is on the web, below /api/moderation/."""

from django.urls import path

from moderation import api

urlpatterns = [
    path("sanctions/", api.SanctionsView.as_view()),
    path("streams/<int:stream_id>/levels/", api.LevelsView.as_view()),
    path("appeals/", api.AppealsView.as_view()),
]
