"""Lists and policies in the admin. Every process follows a change within a second."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from audit.audited import AuditedAdmin, acting
from gateway.errors import CommandError
from moderation.lexicon import Category
from moderation.models import ListEntry, PolicyRow
from moderation.models.rules import ListName
from moderation.policy import DEFAULT_LEVELS
from moderation.services import rules

_LEVEL_NAMES = ("0 let pass", "1 mild", "2 normal", "3 strict", "4 nothing passes")


@admin.register(ListEntry)
class ListEntryAdmin(AuditedAdmin):
    """Words, patterns and domains that are blocked or allowed; what cannot be matched is refused."""

    audited_text = ("value",)
    list_display = ("value", "list", "kind", "counts_as", "where", "note", "created_at")
    list_filter = ("list", "kind", "category", "level")
    list_select_related = ("stream",)
    search_fields = ("value", "note")
    autocomplete_fields = ("stream",)
    fields = ("list", "kind", "value", "category", "level", "stream", "note")

    @admin.display(description="counts as", ordering="category")
    def counts_as(self, entry: ListEntry) -> str:
        """What a message with it counts as; of what is allowed, nothing."""
        if entry.list == ListName.ALLOW:
            return "—"
        return f"{entry.get_category_display()}: {entry.get_level_display()}"

    @admin.display(description="where", ordering="stream")
    def where(self, entry: ListEntry) -> str:
        """The stream it holds in."""
        return str(entry.stream or "everywhere")

    def save_model(self, request: HttpRequest, obj: ListEntry, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        rules.raise_rules_version()

    def delete_model(self, request: HttpRequest, obj: ListEntry) -> None:
        super().delete_model(request, obj)
        rules.raise_rules_version()

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[ListEntry]") -> None:
        super().delete_queryset(request, queryset)
        rules.raise_rules_version()


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new policy: a level for each category, and thresholds; what is left empty is as everywhere, or by default."""

    is_draft = forms.BooleanField(
        required=False,
        label="Only a draft",
        help_text="Try it with `manage.py policy_whatif --draft`, and put it in force by the action of the list.",
        widget=UnfoldBooleanSwitchWidget,
    )

    class Meta:
        model = PolicyRow
        fields = ("stream", "hold", "stop", "ban", "undecided", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for category in Category:
            usual = _LEVEL_NAMES[DEFAULT_LEVELS[category]]
            self.fields[_field(category)] = forms.TypedChoiceField(
                label=category.replace("_", " ").capitalize(),
                choices=[("", f"As everywhere, or {usual}"), *enumerate(_LEVEL_NAMES)],
                coerce=int,
                empty_value=None,
                required=False,
                widget=UnfoldAdminSelectWidget,
            )

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be in force."""
        data = super().clean() or {}
        chosen = {category.value: data.get(_field(category)) for category in Category}
        self.instance.levels = {name: level for name, level in chosen.items() if level is not None}
        if not self.errors:
            for name in ("stream", "hold", "stop", "ban", "undecided"):
                setattr(self.instance, name, data.get(name))
            try:
                rules.require_valid(self.instance)
            except CommandError as error:
                raise forms.ValidationError(error.message) from error
        return data


def _field(category: Category) -> str:
    return f"level_{category}"


@admin.register(PolicyRow)
class PolicyAdmin(AuditedAdmin):
    """Policies, by version. One that was in force is never changed: the next one replaces it."""

    form = PolicyForm
    list_display = ("version", "where", "strictness", "hold", "stop", "ban", "note", "created_by", "created_at")
    list_filter = (("number", admin.EmptyFieldListFilter),)
    list_select_related = ("stream", "created_by")
    autocomplete_fields = ("stream",)
    actions = ["put_in_force"]
    fieldsets = (
        (
            None,
            {"fields": ("version", "stream", "strictness", "hold", "stop", "ban", "undecided", "note", "created_by")},
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: PolicyRow | None = None) -> Any:
        if obj is not None:
            return self.fieldsets
        return (
            (None, {"fields": ("stream", "is_draft", "undecided", "note")}),
            ("Levels", {"fields": tuple(_field(category) for category in Category)}),
            ("Thresholds", {"fields": ("hold", "stop", "ban")}),
        )

    def get_form(self, request: HttpRequest, obj: PolicyRow | None = None, change: bool = False, **kwargs: Any) -> Any:
        # The levels are fields the form makes by itself.
        return super().get_form(request, obj, change=change, **{**kwargs, "fields": PolicyForm.Meta.fields})

    def get_readonly_fields(self, request: HttpRequest, obj: PolicyRow | None = None) -> tuple[str, ...]:
        return ("version", "strictness") if obj is not None else ()

    def has_change_permission(self, request: HttpRequest, obj: PolicyRow | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PolicyRow | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: PolicyRow, form: Any, change: bool) -> None:
        """Keep it as a draft, or put it in force."""
        obj.created_by_id = request.user.pk
        if form.cleaned_data["is_draft"]:
            obj.save()
        else:
            rules.put_in_force(actor=acting(request), policy=obj)

    @admin.display(description="levels")
    def strictness(self, policy: PolicyRow) -> str:
        """The levels it sets, in words."""
        return ", ".join(f"{name.replace('_', ' ')} {level}" for name, level in policy.levels.items()) or "—"

    @admin.display(description="version", ordering="number")
    def version(self, policy: PolicyRow) -> str:
        """Its number, or that it is a draft, and the id to name it by."""
        return str(policy)

    @admin.display(description="where", ordering="stream")
    def where(self, policy: PolicyRow) -> str:
        """The stream it holds in."""
        return str(policy.stream or "everywhere")

    @admin.action(description="Put in force", permissions=["add"])
    def put_in_force(self, request: HttpRequest, queryset: "QuerySet[PolicyRow]") -> None:
        for policy in queryset:
            try:
                rules.put_in_force(actor=acting(request), policy=policy)
            except CommandError as error:
                messages.error(request, f"{policy}: {error.message}")
