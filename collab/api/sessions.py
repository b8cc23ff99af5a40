"""REST of sessions: making them, taking part, their end, and how they went."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from collab import selectors
from collab.api.base import PAGE, CollabView, before_of, number_of, show_entry, show_session, user_id_of, valid
from collab.api.shapes import (
    CollaborationAnalytics,
    CollaborationCreation,
    CollaborationDetail,
    CollaborationResponse,
    CollaborationsResponse,
    RoleChange,
    TimelineResponse,
)
from collab.models import Kind, Role
from collab.selectors import Access
from collab.services import sessions
from gateway.errors import CommandError, ErrorCode


class SessionsView(CollabView):
    """`GET`: the sessions the user takes part in. `POST`: make one."""

    @extend_schema(
        operation_id="collab_sessions_list",
        parameters=[OpenApiParameter("before", int)],
        responses=CollaborationsResponse,
    )
    def get(self, request: Request) -> Response:
        rows = selectors.sessions_of(user_id_of(request))
        before = before_of(request)
        page = list((rows.filter(session__lt=before) if before else rows)[: PAGE + 1])
        shown = [show_session(Access(row.session, Role(row.role))) for row in page[:PAGE]]
        return Response({"sessions": shown, "hasMore": len(page) > PAGE})

    @extend_schema(request=CollaborationCreation, responses={201: CollaborationResponse})
    def post(self, request: Request) -> Response:
        asked = valid(CollaborationCreation(data=request.data))
        session = sessions.create_session(
            creator_id=user_id_of(request),
            kind=Kind(asked["kind"]),
            title=asked["title"],
            content=asked["content"],
            lasts=timedelta(hours=asked["hours"]) if "hours" in asked else None,
        )
        return Response(show_session(Access(session, Role.CREATOR)), status=201)


class SessionView(CollabView):
    """`GET`: one session, and who takes part."""

    @extend_schema(responses=CollaborationDetail)
    def get(self, request: Request, session_id: str) -> Response:
        access = selectors.access_session(user_id_of(request), session_id)
        people = [
            {
                "userId": str(row.user_id),
                "username": row.user.username,
                "avatar": row.user.avatar,
                "role": row.role,
            }
            for row in selectors.participants(access.session.pk)
        ]
        return Response({**show_session(access), "participants": people})


_ACTIONS = {
    "pause": sessions.pause_session,
    "resume": sessions.resume_session,
    "complete": sessions.complete_session,
    "cancel": sessions.cancel_session,
}


class SessionActionView(CollabView):
    """`POST`: pause, resume, complete or cancel a session, as its creator."""

    @extend_schema(
        operation_id="collab_session_act",
        request=None,
        responses=CollaborationResponse,
        parameters=[OpenApiParameter("action", enum=list(_ACTIONS), location=OpenApiParameter.PATH)],
    )
    def post(self, request: Request, session_id: str, action: str) -> Response:
        act = _ACTIONS.get(action)
        if act is None:
            raise CommandError(ErrorCode.NOT_FOUND)
        session = act(user_id=user_id_of(request), session_id=session_id)
        return Response(show_session(Access(session, Role.CREATOR)))


class ParticipantView(CollabView):
    """`PATCH`: give somebody another role. `DELETE`: let them take part no longer, or leave."""

    @extend_schema(request=RoleChange, responses={204: None})
    def patch(self, request: Request, session_id: str, user_id: str) -> Response:
        role = Role(valid(RoleChange(data=request.data))["role"])
        return self._change(request, session_id, user_id, role)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, session_id: str, user_id: str) -> Response:
        return self._change(request, session_id, user_id, None)

    def _change(self, request: Request, session_id: str, user_id: str, role: Role | None) -> Response:
        sessions.change_role(
            user_id=user_id_of(request), session_id=session_id, participant_id=number_of(user_id), role=role
        )
        return Response(status=204)


class TimelineView(CollabView):
    """`GET`: what happened in a session, the newest first, in pages."""

    @extend_schema(parameters=[OpenApiParameter("before", int)], responses=TimelineResponse)
    def get(self, request: Request, session_id: str) -> Response:
        session = selectors.access_session(user_id_of(request), session_id).session
        page = selectors.timeline(session.pk, before_of(request), PAGE + 1)
        return Response({"entries": [show_entry(entry) for entry in page[:PAGE]], "hasMore": len(page) > PAGE})


class AnalyticsView(CollabView):
    """`GET`: how a session went."""

    @extend_schema(responses=CollaborationAnalytics)
    def get(self, request: Request, session_id: str) -> Response:
        session = selectors.access_session(user_id_of(request), session_id).session
        remarks = selectors.comments_of(session.pk)
        return Response(
            {
                "participants": len(selectors.participants(session.pk)),
                "updates": session.head,
                "comments": len(remarks),
                "resolvedComments": sum(remark.resolved_at is not None for remark in remarks),
                "seconds": ((session.ended_at or timezone.now()) - session.created_at).total_seconds(),
                "contributions": [
                    {
                        "userId": str(done.user_id),
                        "updates": done.updates,
                        "comments": done.comments,
                        "fieldEdits": done.field_edits,
                    }
                    for done in selectors.contributions(session.pk)
                ],
            }
        )
