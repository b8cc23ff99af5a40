"""Where moderation is on the web, below /api/moderation/."""

from django.urls import path

from moderation import api
from moderation.api import queue

urlpatterns = [
    path("sanctions/", api.SanctionsView.as_view()),
    path("streams/<int:stream_id>/levels/", api.LevelsView.as_view()),
    path("queue/", queue.QueueListView.as_view()),
    path("queue/filters/", queue.QueueFiltersView.as_view()),
    path("queue/<int:item_id>/", queue.QueueItemView.as_view()),
    path("appeals/", api.AppealsView.as_view()),
]
