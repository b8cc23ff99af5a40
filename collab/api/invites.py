"""REST of invites."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors as account_selectors
from collab import selectors
from collab.api.base import CollabView, charge, show_invite, user_id_of, valid
from collab.api.shapes import InviteCreation, InviteResponse
from collab.models import Role
from collab.services import invites
from gateway.errors import CommandError, ErrorCode


class SessionInvitesView(CollabView):
    """`GET`: a session's invites. `POST`: invite somebody."""

    @extend_schema(operation_id="collab_session_invites_list", responses=InviteResponse(many=True))
    def get(self, request: Request, session_id: str) -> Response:
        session = selectors.access_session(user_id_of(request), session_id, Role.EDITOR).session
        return Response([show_invite(invite) for invite in selectors.invites_of(session.pk)])

    @extend_schema(request=InviteCreation, responses={201: InviteResponse})
    def post(self, request: Request, session_id: str) -> Response:
        asked, user_id = valid(InviteCreation(data=request.data)), user_id_of(request)
        charge("collab_invite", user_id)
        made = invites.invite(
            user_id=user_id,
            session_id=session_id,
            invitee_id=_invitee_id(asked),
            role=Role(asked["role"]),
            content=asked["content"],
        )
        return Response(show_invite(made), status=201)


def _invitee_id(asked: dict[str, Any]) -> int:
    if "userId" in asked:
        return int(asked["userId"])
    if "username" not in asked:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: userId or username is needed")
    user = account_selectors.user_by_name(asked["username"])
    if user is None:
        raise CommandError(ErrorCode.NOT_FOUND, "There is no such user")
    return int(user.pk)


class InvitesView(CollabView):
    """`GET`: the invites the user may still answer."""

    @extend_schema(operation_id="collab_invites_list", responses=InviteResponse(many=True))
    def get(self, request: Request) -> Response:
        return Response([show_invite(invite) for invite in selectors.invites_to(user_id_of(request))])


_ANSWERS = {
    "accept": invites.accept_invite,
    "decline": invites.decline_invite,
    "revoke": invites.revoke_invite,
}


class InviteActionView(CollabView):
    """`POST`: accept or decline an invite, as who is invited, or revoke it, as who invited."""

    @extend_schema(
        request=None,
        responses=InviteResponse,
        parameters=[OpenApiParameter("action", enum=list(_ANSWERS), location=OpenApiParameter.PATH)],
    )
    def post(self, request: Request, invite_id: str, action: str) -> Response:
        act = _ANSWERS.get(action)
        if act is None:
            raise CommandError(ErrorCode.NOT_FOUND)
        return Response(show_invite(act(user_id=user_id_of(request), invite_id=invite_id)))
