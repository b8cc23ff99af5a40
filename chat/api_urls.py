from django.urls import path

from chat import api

urlpatterns = [
    path("", api.MessagesView.as_view()),
    path("<int:message_id>/", api.MessageView.as_view()),
]
