"""REST of a session's text: reading and exporting it, who wrote what, undo, and versions."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from collab import selectors
from collab.api.base import CollabView, show_session, user_id_of, valid
from collab.models import Role, Version
from collab.services import history, versions
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso

_FILES = {"text": ("text/plain", "txt"), "markdown": ("text/markdown", "md")}


class PieceResponse(serializers.Serializer[Any]):
    """A piece of the text, and who wrote it."""

    userId = serializers.CharField()
    text = serializers.CharField()


class DifferenceResponse(serializers.Serializer[Any]):
    """A piece of two texts: `equal` in both, or only in the old (`delete`) or the new (`insert`)."""

    kind = serializers.CharField()
    text = serializers.CharField()


class UndoResponse(serializers.Serializer[Any]):
    """Whether there was a change to take back."""

    undone = serializers.BooleanField()


class VersionCreation(serializers.Serializer[Any]):
    """The name of a version."""

    name = serializers.CharField(max_length=140)


class VersionResponse(serializers.Serializer[Any]):
    """A text somebody gave a name to."""

    id = serializers.CharField()
    name = serializers.CharField()
    userId = serializers.CharField()
    createdAt = serializers.DateTimeField()


class VersionText(VersionResponse):
    """The same with its text."""

    text = serializers.CharField()


class TextView(CollabView):
    """`GET`: the text as it is, as a file of plain text or Markdown, or as JSON with the session's fields."""

    @extend_schema(
        parameters=[OpenApiParameter("as", enum=["text", "markdown", "json"])],
        responses={(200, "text/plain"): OpenApiTypes.STR, (200, "application/json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, session_id: str) -> HttpResponseBase:
        access = selectors.access_session(user_id_of(request), session_id)
        session, wanted = access.session, request.query_params.get("as", "text")
        text = versions.text_now(session_id=session.pk)
        if wanted == "json":
            fields = {field.name: field.value for field in selectors.fields_of(session.pk)}
            return Response({"session": show_session(access), "text": text, "fields": fields})
        if wanted not in _FILES:
            raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: as must be text, markdown or json")
        content = f"# {session.title}\n\n{text}\n" if wanted == "markdown" else text
        kind, suffix = _FILES[wanted]
        # A browser must take it for a file, whatever is written in it.
        headers = {"Content-Disposition": f'attachment; filename="session-{session.pk}.{suffix}"'}
        return HttpResponse(content, content_type=f"{kind}; charset=utf-8", headers=headers)


class AuthorshipView(CollabView):
    """`GET`: the text in pieces, each with who wrote it."""

    @extend_schema(responses=PieceResponse(many=True))
    def get(self, request: Request, session_id: str) -> Response:
        session = selectors.access_session(user_id_of(request), session_id).session
        pieces = history.who_wrote(session_id=session.pk)
        return Response([{"userId": str(author_id), "text": text} for author_id, text in pieces])


class UndoView(CollabView):
    """`POST`: take back one's own last change that stands."""

    @extend_schema(request=None, responses=UndoResponse)
    def post(self, request: Request, session_id: str) -> Response:
        return Response({"undone": versions.undo(user_id=user_id_of(request), session_id=session_id)})


class VersionsView(CollabView):
    """`GET`: the named versions, the newest first. `POST`: give the text as it is a name."""

    @extend_schema(operation_id="collab_versions_list", responses=VersionResponse(many=True))
    def get(self, request: Request, session_id: str) -> Response:
        session = selectors.access_session(user_id_of(request), session_id).session
        return Response([_version(version) for version in selectors.versions_of(session.pk)])

    @extend_schema(request=VersionCreation, responses={201: VersionResponse})
    def post(self, request: Request, session_id: str) -> Response:
        name = valid(VersionCreation(data=request.data))["name"]
        version = versions.name_version(user_id=user_id_of(request), session_id=session_id, name=name)
        return Response(_version(version), status=201)


class VersionView(CollabView):
    """`GET`: a version with its text."""

    @extend_schema(responses=VersionText)
    def get(self, request: Request, session_id: str, version_id: str) -> Response:
        version = _access_version(request, session_id, version_id)
        return Response({**_version(version), "text": version.text})


class DifferenceView(CollabView):
    """`GET`: what has changed since a version, up to the version `with`, or up to now; line by line."""

    @extend_schema(parameters=[OpenApiParameter("with", int)], responses=DifferenceResponse(many=True))
    def get(self, request: Request, session_id: str, version_id: str) -> Response:
        version = _access_version(request, session_id, version_id)
        other = request.query_params.get("with", "")
        if other:
            new = _access_version(request, session_id, other).text
        else:
            new = versions.text_now(session_id=version.session_id)
        return Response([{"kind": piece.kind, "text": piece.text} for piece in versions.difference(version.text, new)])


class RestoreView(CollabView):
    """`POST`: make the text what it was in a version, by a new change."""

    @extend_schema(request=None, responses=VersionResponse)
    def post(self, request: Request, session_id: str, version_id: str) -> Response:
        version = versions.restore_version(user_id=user_id_of(request), session_id=session_id, version_id=version_id)
        return Response(_version(version))


def _access_version(request: Request, session_id: str, version_id: str) -> Version:
    session = selectors.access_session(user_id_of(request), session_id, Role.VIEWER).session
    return selectors.access_version(session.pk, version_id)


def _version(version: Version) -> dict[str, object]:
    return {
        "id": str(version.pk),
        "name": version.name,
        "userId": str(version.author_id),
        "createdAt": iso(version.created_at),
    }
