from django.urls import path

from collab.api import comments, invites, sessions, text

urlpatterns = [
    path("sessions/", sessions.SessionsView.as_view()),
    path("sessions/<str:session_id>/", sessions.SessionView.as_view()),
    path("sessions/<str:session_id>/participants/<str:user_id>/", sessions.ParticipantView.as_view()),
    path("sessions/<str:session_id>/timeline/", sessions.TimelineView.as_view()),
    path("sessions/<str:session_id>/analytics/", sessions.AnalyticsView.as_view()),
    path("sessions/<str:session_id>/invites/", invites.SessionInvitesView.as_view()),
    path("sessions/<str:session_id>/comments/", comments.CommentsView.as_view()),
    path("sessions/<str:session_id>/comments/<str:comment_id>/", comments.CommentView.as_view()),
    path("sessions/<str:session_id>/text/", text.TextView.as_view()),
    path("sessions/<str:session_id>/authorship/", text.AuthorshipView.as_view()),
    path("sessions/<str:session_id>/undo/", text.UndoView.as_view()),
    path("sessions/<str:session_id>/versions/", text.VersionsView.as_view()),
    path("sessions/<str:session_id>/versions/<str:version_id>/", text.VersionView.as_view()),
    path("sessions/<str:session_id>/versions/<str:version_id>/diff/", text.DifferenceView.as_view()),
    path("sessions/<str:session_id>/versions/<str:version_id>/restore/", text.RestoreView.as_view()),
    path("sessions/<str:session_id>/<str:action>/", sessions.SessionActionView.as_view()),
    path("invites/", invites.InvitesView.as_view()),
    path("invites/<str:invite_id>/<str:action>/", invites.InviteActionView.as_view()),
]
