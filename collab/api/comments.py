"""REST of comments."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from collab import selectors
from collab.api.base import CollabView, show_comment, user_id_of, valid
from collab.api.shapes import CommentCreation, CommentResolution, CommentResponse
from collab.services import comments


class CommentsView(CollabView):
    """`GET`: a session's comments, the oldest first. `POST`: add one."""

    @extend_schema(responses=CommentResponse(many=True))
    def get(self, request: Request, session_id: str) -> Response:
        session = selectors.access_session(user_id_of(request), session_id).session
        return Response([show_comment(comment) for comment in selectors.comments_of(session.pk)])

    @extend_schema(request=CommentCreation, responses={201: CommentResponse})
    def post(self, request: Request, session_id: str) -> Response:
        asked = valid(CommentCreation(data=request.data))
        added = comments.add_comment(user_id=user_id_of(request), session_id=session_id, **asked)
        return Response(show_comment(added), status=201)


class CommentView(CollabView):
    """`PATCH`: mark a comment as done, or as open again."""

    @extend_schema(request=CommentResolution, responses=CommentResponse)
    def patch(self, request: Request, session_id: str, comment_id: str) -> Response:
        asked = valid(CommentResolution(data=request.data))
        changed = comments.resolve_comment(
            user_id=user_id_of(request), session_id=session_id, comment_id=comment_id, resolved=asked["resolved"]
        )
        return Response(show_comment(changed))
