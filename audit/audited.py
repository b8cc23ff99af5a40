"""The base of every page of the admin: what is added, changed, deleted or done there is recorded."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from unfold.admin import ModelAdmin

from audit import changes
from audit.services import Actor, record
from gateway.transports.address import client_address

Action = Callable[..., Any]
# Django's own action asks first, and says what it deletes through `log_deletions`.
_RECORDS_ITSELF = "delete_selected"


def acting(request: HttpRequest) -> Actor:
    """Who is at work in the admin."""
    scope = getattr(request, "scope", None)
    address = client_address(scope) if scope else str(request.META.get("REMOTE_ADDR", ""))
    return Actor.admin(request.user.pk, address)


class AuditedAdmin(ModelAdmin):  # type: ignore[misc]
    """Unfold's admin with the audit log in place of Django's own, which repeats text and names.

    Adding, changing and deleting are recorded in the transaction that does it. An action calls services that have
    transactions of their own: it is recorded before it runs, and what it changed of the rows afterwards.

    Attributes:
        audited_text: fields whose text is recorded as it stands; of others only the length is.
    """

    audited_text: tuple[str, ...] = ()

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Remember how the row was."""
        row = super().save_form(request, form, change)
        row._before_change = changes.stored(row) if change else {}
        return row

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """Record a new row."""
        self._record(request, "add", obj, {}, changes.snapshot(obj))

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """Record what of a row has changed; of a new password, that there is one."""
        before = getattr(obj, "_before_change", None)
        if before is None:
            self._record(request, "change", obj, {}, {"password_set": True})
            return
        self._record(request, "change", obj, *changes.difference(before, changes.stored(obj)))

    def log_deletions(self, request: HttpRequest, queryset: "Iterable[Model]") -> None:
        """Record rows that are about to go."""
        for row in queryset:
            self._record(request, "delete", row, changes.stored(row), {})

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Record what was added, changed and deleted in rows shown with this one."""
        initial = {row.pk: changes.stored(row) for row in formset.queryset} if change else {}
        super().save_formset(request, form, formset, change)
        for row in formset.new_objects:
            self._record(request, "add", row, {}, changes.snapshot(row))
        for row, _ in formset.changed_objects:
            self._record(request, "change", row, *changes.difference(initial.get(row.pk, {}), changes.stored(row)))
        for row in formset.deleted_objects:
            key = next((pk for pk in initial if pk == row.pk or str(pk) == str(row.pk)), row.pk)
            self._record(request, "delete", row, initial.get(key, {}), {})

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history of a row is what the audit log has of it."""
        query = urlencode({"target_kind": self.model._meta.label_lower, "target_id": object_id})
        return redirect(f"{reverse('admin:audit_entry_changelist')}?{query}")

    def get_actions(self, request: HttpRequest) -> Any:
        """Record every action on every row it is about."""
        return {
            name: (function if name == _RECORDS_ITSELF else _on_rows(function, name), name, description)
            for name, (function, _, description) in super().get_actions(request).items()
        }

    def _get_instance_method(self, method_name: str) -> Action:
        """Record Unfold's buttons, which are pages of their own, when they are pressed."""
        return self._as_button(super()._get_instance_method(method_name), method_name)

    def record_act(self, request: HttpRequest, act: str, row: Model) -> None:
        """Record that somebody is about to do `act` to a row."""
        self._record(request, act, row, None, None)

    def _as_button(self, method: Action, name: str) -> Action:
        @wraps(method)
        def recorded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            target = args[0] if args else kwargs.get("object_id", "")
            record(
                actor=acting(request),
                action=f"{self.model._meta.label_lower}.{name}",
                target_kind=self.model._meta.label_lower,
                target_id=str(target.pk if isinstance(target, Model) else target),
            )
            return method(request, *args, **kwargs)

        return recorded

    def _record(
        self, request: HttpRequest, act: str, row: Model, before: changes.Values | None, after: changes.Values | None
    ) -> None:
        kind, model = row._meta.label_lower, type(row)
        plain = self.audited_text if model is self.model else ()
        record(
            actor=acting(request),
            action=f"{kind}.{act}",
            target_kind=kind,
            target_id=str(row.pk),
            before=None if before is None else changes.told(before, model, plain),
            after=None if after is None else changes.told(after, model, plain),
        )


def _on_rows(action: Action, name: str) -> Action:
    @wraps(action)
    def recorded(page: AuditedAdmin, request: HttpRequest, queryset: "QuerySet[Any]") -> Any:
        before = {row.pk: (row, changes.snapshot(row)) for row in queryset}
        with transaction.atomic():
            for row, _ in before.values():
                page.record_act(request, name, row)
        answer = action(page, request, queryset)
        _record_changes(page, request, list(before.values()))
        return answer

    return recorded


def _record_changes(page: AuditedAdmin, request: HttpRequest, rows: list[tuple[Model, changes.Values]]) -> None:
    with transaction.atomic():
        for row, before in rows:
            changed = changes.difference(before, changes.stored(row))
            if any(changed):
                page._record(request, "change", row, *changed)
