from django.urls import path

from streams import views

urlpatterns = [
    path("", views.index, name="index"),
    path("studio/", views.studio, name="studio"),
    path("studio/<str:stream_id>", views.numbers, name="numbers"),
    path("watch/<str:stream_id>", views.watch, name="watch"),
]
