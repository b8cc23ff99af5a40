"""Tiers and memberships in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.audited import AuditedAdmin
from gateway.errors import CommandError
from og import services
from og.models import DailyBonus, Membership, Tier


@admin.register(Tier)
class TierAdmin(AuditedAdmin):
    """Tiers; what was bought keeps the terms of its day."""

    list_display = ("level", "name", "price", "days")

    def has_delete_permission(self, request: HttpRequest, obj: Tier | None = None) -> bool:
        return False


class _ReadOnly(AuditedAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(_ReadOnly):
    """Who has which tier until when."""

    list_display = ("user", "tier", "starts_at", "expires_at", "ended_at", "end")
    list_filter = ("tier", "end")
    search_fields = ("user__username",)
    list_select_related = ("user", "tier")
    actions = ["revoke"]

    @admin.action(description="Revoke", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset:
            try:
                services.revoke_membership(membership_id=membership.pk)
            except CommandError as error:
                messages.error(request, f"{membership}: {error.message}")


@admin.register(DailyBonus)
class DailyBonusAdmin(_ReadOnly):
    """Which day's bonus was paid when."""

    list_display = ("user", "day", "coins", "paid_at")
    search_fields = ("user__username",)
    list_select_related = ("user",)
