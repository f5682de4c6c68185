"""Django's admin for the contract: hand-offs, deals and agreements to look at, never to write."""

from __future__ import annotations

from django.contrib import admin

from handoff.models import Agreement, Deal, DealLead, Handoff, Notice, Reason, RoutingDecision
from leads.admin import Ledger


@admin.register(Agreement)
class AgreementAdmin(Ledger):
    """The next version is put in force under Settings."""

    list_display = ("version", "scorecard", "in_force_since", "ended_at", "agreed_by")
    list_select_related = ("scorecard", "agreed_by")


@admin.register(Reason)
class ReasonAdmin(Ledger):
    """Reasons are worded under Settings, by the agreement."""

    list_display = ("act", "label", "code", "return_class", "final", "look_again_days", "retired")
    list_filter = ("act", "retired")
    ordering = ["act", "position", "pk"]


@admin.register(Handoff)
class HandoffAdmin(Ledger):
    list_display = ("offered_at", "lead", "origin", "lane", "owner", "due_at", "ended_at", "end", "reason")
    list_filter = ("lane", "end", "origin")
    list_select_related = ("lead", "owner", "reason")


@admin.register(RoutingDecision)
class RoutingDecisionAdmin(Ledger):
    """Why each hand-off went where it went."""

    list_display = ("at", "handoff", "rep", "queue", "rule", "why", "by_clock")
    list_select_related = ("handoff", "rep", "queue", "rule")


class Roles(admin.TabularInline):  # type: ignore[type-arg]
    model = DealLead
    raw_id_fields = ("lead",)
    extra = 0
    can_delete = False


@admin.register(Deal)
class DealAdmin(Ledger):
    list_display = ("name", "company", "owner", "amount", "currency", "step", "status", "opened_at", "closed_at")
    list_filter = ("status", "step")
    list_select_related = ("company", "owner")
    search_fields = ("name",)
    inlines = (Roles,)


@admin.register(Notice)
class NoticeAdmin(Ledger):
    list_display = ("written_at", "person", "kind", "lead", "text", "sent_at", "read_at")
    list_select_related = ("person", "lead")
