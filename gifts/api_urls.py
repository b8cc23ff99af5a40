from django.urls import path

from gifts import api

urlpatterns = [
    path("gifts/", api.CatalogView.as_view()),
    path("gifts/sent/", api.SentGiftsView.as_view()),
    path("streams/<str:stream_id>/gifts/", api.StreamGiftsView.as_view()),
    path("wallet/", api.WalletView.as_view()),
    path("wallet/statement/", api.StatementView.as_view()),
    path("wallet/payouts/", api.PayoutsView.as_view()),
    path("wallet/top-ups/", api.TopUpView.as_view()),
]
