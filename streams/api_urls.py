from django.urls import path

from streams import api

urlpatterns = [
    path("", api.StreamsView.as_view()),
    path("<str:stream_id>/", api.StreamView.as_view()),
    path("<str:stream_id>/start/", api.StartView.as_view()),
    path("<str:stream_id>/end/", api.EndView.as_view()),
    path("<str:stream_id>/throne/", api.ThroneView.as_view()),
    path("<str:stream_id>/battle/", api.BattleView.as_view()),
    path("<str:stream_id>/analytics/", api.StreamAnalyticsView.as_view()),
]
