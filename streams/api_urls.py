from django.urls import path

from streams import api
from streams.api import chat, games

urlpatterns = [
    path("", api.StreamsView.as_view()),
    path("<str:stream_id>/", api.StreamView.as_view()),
    path("<str:stream_id>/start/", api.StartView.as_view()),
    path("<str:stream_id>/end/", api.EndView.as_view()),
    path("<int:stream_id>/chat/", chat.ChatView.as_view()),
    path("<int:stream_id>/shield/", chat.ShieldView.as_view()),
    path("<str:stream_id>/throne/", games.ThroneView.as_view()),
    path("<str:stream_id>/battle/", games.BattleView.as_view()),
    path("<str:stream_id>/analytics/", games.StreamAnalyticsView.as_view()),
]
