from django.urls import path

from streams import views

urlpatterns = [
    path("", views.index, name="index"),
    path("watch/<str:stream_id>", views.watch, name="watch"),
]
