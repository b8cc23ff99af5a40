from django.urls import path

from accounts import views

urlpatterns = [
    path("signin/", views.SignInView.as_view(), name="signin"),
    path("register/", views.RegisterView.as_view(), name="register"),
    path("signout/", views.SignOutView.as_view(), name="signout"),
]
