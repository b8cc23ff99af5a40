"""People and their sessions in the admin."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from accounts import barriers, services, user_page
from accounts.models import Barrier, EvasionFlag, Session, User, Violation
from accounts.selectors import Rank, rank_of
from audit.audited import AuditedAdmin, acting
from gateway.errors import CommandError

_ROLES_OF_STAFF = ("is_staff", "is_superuser", "groups")


def _rank_of_who_asks(request: HttpRequest) -> Rank:
    # The admin lets nobody in who has not signed in.
    return rank_of(cast(User, request.user))


def _may_act_on(request: HttpRequest, user: User | None) -> bool:
    """Whether a user's role is below that of who asks; admins act on everybody. Without a user, on some."""
    rank = _rank_of_who_asks(request)
    return user is None or rank is Rank.ADMIN or rank_of(user) < rank


@admin.register(User)
class UserAdmin(DjangoUserAdmin, AuditedAdmin):  # type: ignore[type-arg, misc]
    """People, and all that is known of them; a new role or password ends their sessions."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "og_level", "is_moderator", "is_staff", "is_banned", "date_joined")
    list_filter = ("is_moderator", "is_staff", "is_banned")
    search_fields = ("username",)
    readonly_fields = ("is_banned", "last_login", "date_joined")
    filter_horizontal = ()
    autocomplete_fields = ("channel_moderators", "groups")
    fieldsets = (
        (None, {"fields": ("username", "password", "avatar", "og_level", "is_banned")}),
        (
            "Roles",
            {"fields": ("is_active", "is_moderator", "is_staff", "is_superuser", "channel_moderators", "groups")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    actions = ["sign_out_everywhere"]
    change_form_before_template = "accounts/admin/user_sections.html"

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_act_on(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_act_on(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only admins give the roles of staff and admins, and what groups may do."""
        is_admin = _rank_of_who_asks(request) is Rank.ADMIN
        return self.readonly_fields if is_admin else (*self.readonly_fields, *_ROLES_OF_STAFF)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """What the apps know of the user, and below it the form."""
        user = self.get_object(request, object_id)
        shown = {"sections": user_page.sections(user) if user is not None else []}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    @admin.action(description="Sign out everywhere")
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            services.sign_out_everywhere(user=user)
        messages.success(request, f"{len(queryset)} signed out.")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        demoted = {"is_active", "is_moderator", "is_staff", "is_superuser", "password"} & set(form.changed_data)
        if change and demoted:
            services.end_sessions(user=obj, reason="role_changed")
        if change and "og_level" in form.changed_data:
            services.set_og_level(user_id=obj.pk, level=obj.og_level)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            services.sign_out_everywhere(user=User.objects.get(pk=id))
        return response


admin.site.unregister([Group, TOTPDevice, StaticDevice])


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, AuditedAdmin):  # type: ignore[misc]
    """Groups of staff and what they may do."""


@admin.register(Session)
class SessionAdmin(AuditedAdmin):
    """Signed-in devices."""

    list_display = ("user", "user_agent", "created_at", "last_seen_at", "revoked_at", "revoked_reason")
    list_filter = ("revoked_reason",)
    search_fields = ("user__username",)
    actions = ["end"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return False

    @admin.action(description="End these sessions", permissions=["view"])
    def end(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        for session in queryset.select_related("user"):
            services.sign_out(user=session.user, session_id=str(session.pk))
        messages.success(request, f"{len(queryset)} ended.")


@admin.register(Violation)
class ViolationAdmin(AuditedAdmin):
    """Refusals by a limit; nobody may change what happened."""

    list_display = ("at", "user", "address", "code", "event", "blocked_seconds")
    list_filter = ("code", "event")
    search_fields = ("user__username", "address")
    list_select_related = ("user",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Violation | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Violation | None = None) -> bool:
        return False


class BarrierForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new barrier."""

    device_id = forms.CharField(
        max_length=128,
        required=False,
        label="Device",
        help_text="The id its app sends.",
        widget=UnfoldAdminTextInputWidget,
    )
    network = forms.CharField(
        max_length=50, required=False, help_text="An address, or a prefix.", widget=UnfoldAdminTextInputWidget
    )
    minutes = forms.IntegerField(
        min_value=1,
        required=False,
        label="For how many minutes",
        help_text="Until it is lifted when left empty.",
        widget=UnfoldAdminIntegerFieldWidget,
    )

    class Meta:
        model = Barrier
        fields = ("network", "reason")

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be barred."""
        data = super().clean() or {}
        if bool(data.get("device_id")) == bool(data.get("network")):
            raise forms.ValidationError("Name either a device or a network.")
        if data.get("network"):
            try:
                barriers.checked(data["network"])
            except CommandError as error:
                words = error.message.removeprefix("Invalid payload: ")
                raise forms.ValidationError({"network": words}) from error
        return data

    def _post_clean(self) -> None:
        # The row is made by the service, from what the form says.
        pass


@admin.register(Barrier)
class BarrierAdmin(AuditedAdmin):
    """Devices and networks nobody may come from: barred and lifted, never edited."""

    form = BarrierForm
    list_display = ("created_at", "kind", "network", "user", "until", "ended_at", "reason")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("network", "user__username", "reason")
    actions = ["lift"]
    add_fieldsets = ((None, {"fields": ("device_id", "network", "minutes", "reason")}),)
    fieldsets = ((None, {"fields": ("kind", "network", "user", "reason", "created_at", "until", "ended_at")}),)
    readonly_fields = ("kind",)

    def get_fieldsets(self, request: HttpRequest, obj: Barrier | None = None) -> Any:
        return self.add_fieldsets if obj is None else self.fieldsets

    def has_change_permission(self, request: HttpRequest, obj: Barrier | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Barrier | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Barrier, form: Any, change: bool) -> None:
        """Bar it as the command does: enforced everywhere and recorded."""
        minutes = form.cleaned_data["minutes"]
        (made,) = barriers.bar_now(
            actor=acting(request),
            device_id=form.cleaned_data["device_id"],
            network=form.cleaned_data["network"],
            reason=form.cleaned_data["reason"],
            lasts=timedelta(minutes=minutes) if minutes else None,
        )
        obj.pk = made.pk

    @admin.action(description="Lift", permissions=["add"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Barrier]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        barriers.lift(actor=acting(request), barrier_ids=ids, reason="lifted in the admin")


@admin.register(EvasionFlag)
class EvasionFlagAdmin(AuditedAdmin):
    """New accounts that may be banned users'; looked at by hand, because a device or a network can be shared."""

    list_display = ("created_at", "user", "banned", "signal", "resolved_at")
    list_filter = ("signal", ("resolved_at", admin.EmptyFieldListFilter))
    search_fields = ("user__username", "banned__username")
    list_select_related = ("user", "banned")
    actions = ["resolve"]

    @admin.action(description="Nothing to be done", permissions=["view"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[EvasionFlag]) -> None:
        services.resolve_evasion(flag_ids=list(queryset.values_list("pk", flat=True)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: EvasionFlag | None = None) -> bool:
        return False


class _FactorAdmin(AuditedAdmin):
    """Second factors; deleting somebody's lets them set up a new one. Their secrets are shown to nobody."""

    list_display = ("user", "name", "confirmed")
    search_fields = ("user__username",)
    fields = ("user", "name", "confirmed")
    list_select_related = ("user",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(TOTPDevice)
class TOTPDeviceAdmin(_FactorAdmin):
    """Authenticator apps."""


@admin.register(StaticDevice)
class StaticDeviceAdmin(_FactorAdmin):
    """Recovery codes."""
