from django.urls import path

from accounts import api

urlpatterns = [
    path("register/", api.RegisterView.as_view()),
    path("token/", api.TokenView.as_view()),
    path("refresh/", api.RefreshView.as_view()),
    path("logout/", api.LogoutView.as_view()),
    path("logout-everywhere/", api.LogoutEverywhereView.as_view()),
    path("password/", api.PasswordView.as_view()),
    path("me/", api.MeView.as_view()),
    path("me/export/", api.ExportView.as_view()),
    path("sessions/", api.SessionsView.as_view()),
    path("sessions/<uuid:session_id>/", api.SessionView.as_view()),
]
