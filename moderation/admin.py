"""The queue, decisions, sanctions and appeals in the admin."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldBooleanSwitchWidget

from accounts.models import User
from audit.audited import AuditedAdmin, acting
from audit.services import Actor
from gateway.errors import CommandError
from moderation.models import Appeal, Decision, Rung, Sanction
from moderation.models.queue import Item, ItemKind
from moderation.selectors import require_outranked
from moderation.selectors.queue import items, moderators
from moderation.services import sanctions


def may_moderate(request: HttpRequest) -> bool:
    """Whether who asks moderates everywhere: the queue is for them, whatever else they may do in the admin."""
    return bool(getattr(request.user, "is_moderator", False))


def waiting(request: HttpRequest) -> int:
    """How many items wait in the queue."""
    return items().count()


@admin.register(Item)
class ItemAdmin(AuditedAdmin):
    """The queue, as a page of its own that is live; what is done there is recorded by its services."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page; what it shows comes over its WebSocket."""
        if not may_moderate(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Queue",
            "moderators": moderators(),
            "kinds": ItemKind.choices,
        }
        return TemplateResponse(request, "moderation/queue.html", context)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Only the sidebar's first line leads here."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Item | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Item | None = None) -> bool:
        return False


@admin.register(Decision)
class DecisionAdmin(AuditedAdmin):
    """Stopped messages; nobody may change what was decided."""

    list_display = ("created_at", "user", "stream", "action", "score", "text")
    list_filter = ("action",)
    search_fields = ("user__username",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Decision | None = None) -> bool:
        return False


class SanctionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new sanction.

    Attributes:
        actor: who issues it.
    """

    actor: Actor

    minutes = forms.IntegerField(
        min_value=1,
        required=False,
        label="For how many minutes",
        help_text="Until it is lifted when left empty; a timeout then lasts ten minutes.",
        widget=UnfoldAdminIntegerFieldWidget,
    )
    purge = forms.BooleanField(
        required=False, label="Take back what they wrote there", widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        model = Sanction
        fields = ("user", "rung", "stream", "reason")

    def clean(self) -> dict[str, Any]:
        """Refuse what no sanction can be."""
        data = super().clean() or {}
        if data.get("rung") == Rung.DEVICE_BAN and data.get("stream"):
            raise forms.ValidationError({"stream": "Devices are banned everywhere or not at all."})
        if data.get("stream") and data.get("user") == data["stream"].host:
            raise forms.ValidationError({"stream": "A host cannot be sanctioned in their own stream."})
        self._require_outranked(data.get("user"))
        if data.get("rung") == Rung.TIMEOUT and not data.get("minutes"):
            data["minutes"] = settings.MODERATION_TIMEOUT // timedelta(minutes=1)
        return data

    def _require_outranked(self, user: User | None) -> None:
        if user is None:
            return
        try:
            require_outranked(self.actor, user.pk)
        except CommandError as error:
            raise forms.ValidationError({"user": error.message}) from error


@admin.register(Sanction)
class SanctionAdmin(AuditedAdmin):
    """What users must bear. A sanction is issued and lifted, never edited: it is the user's record."""

    form = SanctionForm
    list_display = ("created_at", "user", "rung", "stream", "until", "state", "issued_by", "reason")
    list_filter = ("rung", ("created_at", RangeDateTimeFilter))
    list_filter_submit = True
    list_select_related = ("user", "stream", "issued_by")
    search_fields = ("user__username", "reason")
    autocomplete_fields = ("user", "stream")
    actions = ["lift"]
    add_fieldsets = ((None, {"fields": ("user", "rung", "stream", "minutes", "reason", "purge")}),)
    fieldsets = (
        (None, {"fields": ("user", "rung", "stream", "reason", "created_at", "until", "state", "issued_by")}),
        ("Afterwards", {"fields": ("acknowledged_at", "ended_at", "lifted_by", "decision")}),
    )

    def get_form(self, request: HttpRequest, obj: Sanction | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, which knows who fills it in."""
        form = super().get_form(request, obj, change, **kwargs)
        form.actor = acting(request)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Sanction | None = None) -> Any:
        return self.add_fieldsets if obj is None else self.fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Sanction | None = None) -> tuple[str, ...]:
        return ("state",) if obj is not None else ()

    def has_change_permission(self, request: HttpRequest, obj: Sanction | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Sanction | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Sanction, form: Any, change: bool) -> None:
        """Issue it as everybody does: told, enforced and recorded."""
        minutes = form.cleaned_data["minutes"]
        issued = sanctions.impose(
            actor=acting(request),
            user_id=obj.user_id,
            rung=Rung(obj.rung),
            reason=obj.reason,
            stream_id=obj.stream_id,
            lasts=timedelta(minutes=minutes) if minutes else None,
            purge=form.cleaned_data["purge"],
        )
        obj.pk, obj.until = issued.pk, issued.until

    @admin.display(description="state")
    def state(self, sanction: Sanction) -> str:
        """Whether it is in force."""
        if sanction.lifted_by_id is not None:
            return "lifted"
        if sanction.ended_at is not None or (sanction.until is not None and sanction.until <= timezone.now()):
            return "over"
        return "acknowledged" if sanction.acknowledged_at is not None else "in force"

    @admin.action(description="Lift", permissions=["add"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Sanction]) -> None:
        for sanction in queryset:
            try:
                sanctions.lift(actor=acting(request), sanction_id=sanction.pk, reason="lifted in the admin")
            except CommandError as error:
                messages.error(request, f"{sanction}: {error.message}")


@admin.register(Appeal)
class AppealAdmin(AuditedAdmin):
    """What the sanctioned say against it; decided by an action."""

    list_display = ("created_at", "sanction", "user", "text", "outcome", "decided_by", "decided_at")
    list_filter = ("outcome",)
    list_select_related = ("sanction__user", "decided_by")
    search_fields = ("sanction__user__username",)
    actions = ["uphold", "lift"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Appeal | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Appeal | None = None) -> bool:
        return False

    @admin.display(ordering="sanction__user")
    def user(self, appeal: Appeal) -> str:
        """Who appeals."""
        return str(appeal.sanction.user)

    @admin.action(description="Uphold the sanction", permissions=["view"])
    def uphold(self, request: HttpRequest, queryset: QuerySet[Appeal]) -> None:
        self._decide(request, queryset, Appeal.Outcome.UPHELD)

    @admin.action(description="Lift the sanction", permissions=["view"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Appeal]) -> None:
        self._decide(request, queryset, Appeal.Outcome.LIFTED)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Appeal], outcome: Appeal.Outcome) -> None:
        for appeal in queryset:
            try:
                sanctions.decide_appeal(
                    actor=acting(request), appeal_id=appeal.pk, outcome=outcome, reason="decided in the admin"
                )
            except CommandError as error:
                messages.error(request, f"{appeal}: {error.message}")


# Registers its pages.
from moderation import rules_admin as rules_admin  # noqa: E402
