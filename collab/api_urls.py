from django.urls import path

from collab.api import comments, invites, sessions

urlpatterns = [
    path("sessions/", sessions.SessionsView.as_view()),
    path("sessions/<str:session_id>/", sessions.SessionView.as_view()),
    path("sessions/<str:session_id>/participants/<str:user_id>/", sessions.ParticipantView.as_view()),
    path("sessions/<str:session_id>/timeline/", sessions.TimelineView.as_view()),
    path("sessions/<str:session_id>/analytics/", sessions.AnalyticsView.as_view()),
    path("sessions/<str:session_id>/invites/", invites.SessionInvitesView.as_view()),
    path("sessions/<str:session_id>/comments/", comments.CommentsView.as_view()),
    path("sessions/<str:session_id>/comments/<str:comment_id>/", comments.CommentView.as_view()),
    path("sessions/<str:session_id>/<str:action>/", sessions.SessionActionView.as_view()),
    path("invites/", invites.InvitesView.as_view()),
    path("invites/<str:invite_id>/<str:action>/", invites.InviteActionView.as_view()),
]
