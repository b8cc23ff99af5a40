from django.urls import path

from collab import views

urlpatterns = [
    path("collab/", views.index, name="collab"),
    path("collab/<str:session_id>/", views.session, name="collab-session"),
    path("collab/invites/<str:invite_id>/", views.answer_invite, name="collab-invite"),
]
