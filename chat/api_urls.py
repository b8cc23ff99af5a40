from django.urls import path

from chat import api

urlpatterns = [path("", api.MessagesView.as_view())]
