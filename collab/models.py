"""Working together: sessions, who takes part, the log of a text's updates, fields, comments, versions, the timeline."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class Kind(models.TextChoices):
    """What a session is about, and the `editType` its fields are edited with."""

    TEXT = "text"
    MEDIA = "media"
    METADATA = "metadata"


class Status(models.TextChoices):
    """Where a session stands. The last three are for good."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Role(models.TextChoices):
    """What somebody may do in a session, each all the next may."""

    CREATOR = "creator"
    EDITOR = "editor"
    COMMENTER = "commenter"
    VIEWER = "viewer"


class Session(models.Model):
    """A collaboration. Whoever changes anything of it locks its row first."""

    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=140)
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="collaborations")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    # The number of the last update in the log, and about how many bytes the document has.
    head = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    # Counts the edits of fields; each field knows the number of its last one.
    version = models.PositiveIntegerField(default=0)
    # What the session came to; set once, when it is completed.
    final_content: "models.JSONField[Any, Any]" = models.JSONField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [
            models.Index(
                fields=["expires_at"], name="collab_session_open", condition=models.Q(status__in=["active", "paused"])
            )
        ]

    def __str__(self) -> str:
        return self.title


class Participant(models.Model):
    """Somebody's role in a session. Whoever is removed has no row."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="participants")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="participations")
    role = models.CharField(max_length=10, choices=Role.choices)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "user"], name="collab_participant_once")]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id}"


class InviteStatus(models.TextChoices):
    """What became of an invite."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Invite(models.Model):
    """An invitation to take part in a session."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="invites")
    inviter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invites_sent")
    invitee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invites_received")
    role = models.CharField(max_length=10, choices=Role.choices)
    content = models.CharField(max_length=500, blank=True, default="")
    status = models.CharField(max_length=10, choices=InviteStatus.choices, default=InviteStatus.PENDING)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "invitee"], name="collab_invite_pending_once", condition=models.Q(status="pending")
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} by {self.inviter_id} to {self.invitee_id}"


# --- The text -------------------------------------------------------------------------------------


class Update(models.Model):
    """One change of a session's document, in the encoding of Yjs. The log of them is the truth, and only grows."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="updates", db_index=False)
    seq = models.BigIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    data = models.BinaryField()
    created_at = models.DateTimeField()
    # The last of the updates this one took back, counted from its own author's last.
    undoes = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "seq"], name="collab_update_once")]
        indexes = [models.Index(fields=["session", "author", "-seq"], name="collab_updates_of_author")]

    def __str__(self) -> str:
        return f"update {self.seq}"


class Snapshot(models.Model):
    """The document after a number of updates, so that opening it need not read them all."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="snapshots", db_index=False)
    seq = models.BigIntegerField()
    data = models.BinaryField()
    # Who wrote what, from the first byte of the text on: [user id, how many bytes] …
    authorship: "models.JSONField[list[list[int]], Any]" = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "seq"], name="collab_snapshot_once")]

    def __str__(self) -> str:
        return f"snapshot {self.seq}"


class Writer(models.Model):
    """Whose a client of Yjs is: the first who wrote with its id. Nobody else may write in its name."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="writers", db_index=False)
    client_id = models.BigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "client_id"], name="collab_writer_once")]

    def __str__(self) -> str:
        return f"{self.client_id} of user {self.user_id}"


class Version(models.Model):
    """A text somebody gave a name to."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="versions")
    name = models.CharField(max_length=140)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.name


# --- Fields, comments and the timeline ------------------------------------------------------------


class Field(models.Model):
    """A field edited with `content_updated`. `version` is the session's when it was changed last."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="fields", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=80)
    value: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    version = models.PositiveIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "kind", "name"], name="collab_field_once")]

    def __str__(self) -> str:
        return self.name


class Comment(models.Model):
    """A remark on a place in the content."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=500)
    # Where it stands, in words of the client's: for a text, relative positions of Yjs that move with it.
    position: "models.JSONField[Any, Any]" = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.text[:40]


class Entry(models.Model):
    """Something that happened in a session."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="entries")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    what = models.CharField(max_length=30)
    details: "models.JSONField[dict[str, Any], Any]" = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return self.what
