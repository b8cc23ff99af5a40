from django.urls import path

from og import api

urlpatterns = [
    path("tiers/", api.TiersView.as_view()),
    path("me/", api.MyTierView.as_view()),
]
