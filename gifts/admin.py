"""Gifts and coins in the admin. What money did is read, not edited; actions call the services."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from audit.audited import AuditedAdmin, acting
from gateway.errors import CommandError
from gifts.models import Account, Entry, Gift, Payout, SentGift, TopUp, Transfer
from gifts.services import wallets
from gifts.services.voids import void_gift


@admin.register(Gift)
class GiftAdmin(AuditedAdmin):
    """The catalog."""

    list_display = ("id", "name", "category", "rarity", "price", "stock", "min_og_level", "is_active", "position")
    list_filter = ("category", "rarity", "is_active")
    search_fields = ("id", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Gift | None = None) -> tuple[str, ...]:
        return ("id",) if obj is not None else ()


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SentGift)
class SentGiftAdmin(_ReadOnly, AuditedAdmin):
    """Gifts that were sent; voiding goes through the same service as `manage.py void_gift`."""

    list_display = ("created_at", "stream", "sender", "recipient", "gift", "quantity", "cost", "voided_at")
    list_filter = ("gift",)
    search_fields = ("sender__username", "recipient__username", "transfer__id")
    list_select_related = ("stream", "sender", "recipient", "gift")
    actions = ["void"]

    @admin.action(description="Void", permissions=["view"])
    def void(self, request: HttpRequest, queryset: QuerySet[SentGift]) -> None:
        for sent in queryset:
            try:
                void_gift(transfer_id=sent.transfer_id, reason="voided by staff", actor=acting(request))
            except CommandError as error:
                messages.error(request, f"{sent}: {error.message}")


class EntryInline(_ReadOnly, TabularInline):  # type: ignore[misc]
    """What a transfer moved."""

    model = Entry
    extra = 0


@admin.register(Transfer)
class TransferAdmin(_ReadOnly, AuditedAdmin):
    """The ledger."""

    list_display = ("id", "created_at", "kind", "key", "reason")
    list_filter = ("kind",)
    search_fields = ("key", "id")
    inlines = [EntryInline]


@admin.register(Account)
class AccountAdmin(_ReadOnly, AuditedAdmin):
    """Accounts; the platform's own keep no balance."""

    list_display = ("id", "user", "kind", "balance")
    list_filter = ("kind",)
    search_fields = ("user__username",)
    list_select_related = ("user",)


@admin.register(TopUp)
class TopUpAdmin(_ReadOnly, AuditedAdmin):
    """What payment providers reported."""

    list_display = ("created_at", "provider_id", "user", "coins")
    search_fields = ("provider_id", "user__username")
    list_select_related = ("user",)


@admin.register(Payout)
class PayoutAdmin(_ReadOnly, AuditedAdmin):
    """Payout requests."""

    list_display = ("requested_at", "user", "coins", "status", "decided_at", "decided_by")
    list_filter = ("status",)
    search_fields = ("user__username",)
    list_select_related = ("user", "decided_by")
    actions = ["mark_paid", "refuse"]

    @admin.action(description="Was paid", permissions=["view"])
    def mark_paid(self, request: HttpRequest, queryset: QuerySet[Payout]) -> None:
        self._decide(request, queryset, paid=True)

    @admin.action(description="Refuse and give the coins back", permissions=["view"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[Payout]) -> None:
        self._decide(request, queryset, paid=False)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Payout], *, paid: bool) -> None:
        for payout in queryset:
            try:
                wallets.decide_payout(payout_id=payout.pk, paid=paid, actor=acting(request))
            except CommandError as error:
                messages.error(request, f"{payout}: {error.message}")
