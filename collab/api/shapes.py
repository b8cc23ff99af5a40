"""What REST takes and gives of sessions."""

from typing import Any

from rest_framework import serializers

from collab.models import Kind, Role

_GIVEN_ROLES = [Role.EDITOR, Role.COMMENTER, Role.VIEWER]


class CollaborationCreation(serializers.Serializer[Any]):
    """A new session; `content` is the text it begins with, `hours` how long it stays open."""

    kind = serializers.ChoiceField(Kind.choices)
    title = serializers.CharField(max_length=140)
    content = serializers.CharField(required=False, allow_blank=True, default="", trim_whitespace=False)
    hours = serializers.FloatField(required=False, min_value=0.1, max_value=24 * 30)


class ParticipantResponse(serializers.Serializer[Any]):
    """Somebody who takes part."""

    userId = serializers.CharField()
    username = serializers.CharField()
    avatar = serializers.CharField()
    role = serializers.CharField()


class CollaborationResponse(serializers.Serializer[Any]):
    """A session, and the role the caller has in it. `finalContent` is set when it is completed."""

    id = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    status = serializers.CharField()
    role = serializers.CharField()
    creatorId = serializers.CharField()
    createdAt = serializers.DateTimeField()
    expiresAt = serializers.DateTimeField()
    endedAt = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()
    finalContent = serializers.JSONField(allow_null=True)


class CollaborationDetail(CollaborationResponse):
    """The same with everybody who takes part."""

    participants = ParticipantResponse(many=True)


class CollaborationsResponse(serializers.Serializer[Any]):
    """A page of the user's sessions, the newest first."""

    sessions = CollaborationResponse(many=True)
    hasMore = serializers.BooleanField()


class InviteCreation(serializers.Serializer[Any]):
    """Who is to take part, by id or by name, as what, and some words to go with it."""

    userId = serializers.RegexField(r"^[1-9][0-9]{0,17}$", required=False)
    username = serializers.CharField(max_length=30, required=False)
    role = serializers.ChoiceField(_GIVEN_ROLES)
    content = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class InviteResponse(serializers.Serializer[Any]):
    """An invite."""

    id = serializers.CharField()
    sessionId = serializers.CharField()
    inviterId = serializers.CharField()
    inviteeId = serializers.CharField()
    role = serializers.CharField()
    content = serializers.CharField()
    status = serializers.CharField()
    expiresAt = serializers.DateTimeField()


class RoleChange(serializers.Serializer[Any]):
    """The role somebody is to have."""

    role = serializers.ChoiceField(_GIVEN_ROLES)


class CommentCreation(serializers.Serializer[Any]):
    """A remark, and where in the content, in words of the client's."""

    comment = serializers.CharField()
    position = serializers.JSONField(required=False, allow_null=True, default=None)


class CommentResponse(serializers.Serializer[Any]):
    """A comment."""

    id = serializers.CharField()
    userId = serializers.CharField()
    username = serializers.CharField()
    comment = serializers.CharField()
    position = serializers.JSONField(allow_null=True)
    createdAt = serializers.DateTimeField()
    resolvedAt = serializers.DateTimeField(allow_null=True)
    resolvedBy = serializers.CharField(allow_null=True)


class CommentResolution(serializers.Serializer[Any]):
    """Whether a comment is done."""

    resolved = serializers.BooleanField()


class EntryResponse(serializers.Serializer[Any]):
    """Something that happened."""

    id = serializers.CharField()
    userId = serializers.CharField(allow_null=True)
    what = serializers.CharField()
    details = serializers.JSONField()
    timestamp = serializers.DateTimeField()


class TimelineResponse(serializers.Serializer[Any]):
    """A page of the timeline, the newest first."""

    entries = EntryResponse(many=True)
    hasMore = serializers.BooleanField()


class ContributionResponse(serializers.Serializer[Any]):
    """How much one user did."""

    userId = serializers.CharField()
    updates = serializers.IntegerField()
    comments = serializers.IntegerField()
    fieldEdits = serializers.IntegerField()


class CollaborationAnalytics(serializers.Serializer[Any]):
    """How a session went."""

    participants = serializers.IntegerField()
    updates = serializers.IntegerField()
    comments = serializers.IntegerField()
    resolvedComments = serializers.IntegerField()
    seconds = serializers.FloatField()
    contributions = ContributionResponse(many=True)
