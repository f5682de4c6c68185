"""Django's admin for what the pages do not show: ledgers to look at, and what waits for a person."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from leads.models import (
    Activity,
    Campaign,
    Company,
    Identity,
    Import,
    Lead,
    LeadScore,
    Outcome,
    Scorecard,
    Signal,
    Source,
    StageChange,
    Submission,
    Visit,
)


class Ledger(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that acts have left: read here, never written. A large table is paged without being counted whole."""

    show_full_result_count = False
    list_per_page = 50
    ordering = ["-pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Company)
class CompanyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "domain", "industry", "size", "country")
    search_fields = ("name", "domain")
    show_full_result_count = False
    list_per_page = 50
    ordering = ("-pk",)


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "slug", "channel")
    search_fields = ("name", "slug")


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "source", "starts_on", "ends_on", "cost", "currency")
    list_select_related = ("source",)
    search_fields = ("name",)


@admin.register(Lead)
class LeadAdmin(Ledger):
    """A lead is edited on its own page, where identities, points and the timeline go along."""

    list_display = ("name", "email", "company", "stage", "marketer", "rep", "last_activity_at")
    list_filter = ("stage", "do_not_contact")
    list_select_related = ("company", "marketer", "rep")
    search_fields = ("search",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        return queryset.search(search_term), False


@admin.register(Identity)
class IdentityAdmin(Ledger):
    list_display = ("kind", "system", "value", "lead")
    list_filter = ("kind",)
    list_select_related = ("lead",)
    search_fields = ("=value",)


@admin.register(Activity)
class ActivityAdmin(Ledger):
    list_display = ("at", "kind", "lead", "actor")
    list_select_related = ("lead", "actor")


@admin.register(StageChange)
class StageChangeAdmin(Ledger):
    list_display = ("at", "lead", "seq", "old", "new", "act", "reason", "actor")
    list_select_related = ("lead", "actor")


@admin.register(Visit)
class VisitAdmin(Ledger):
    list_display = ("lead", "seq", "stage", "entered_at", "left_at", "left_to", "left_by")
    list_select_related = ("lead",)


@admin.register(Outcome)
class OutcomeAdmin(Ledger):
    list_display = ("at", "lead", "kind", "reason")
    list_select_related = ("lead",)


@admin.register(LeadScore)
class LeadScoreAdmin(Ledger):
    list_display = ("lead", "fit", "engagement", "total", "scorecard", "scored_at")
    list_select_related = ("lead", "scorecard")


@admin.register(Scorecard)
class ScorecardAdmin(Ledger):
    """The next version is put in force with an agreement, under Settings."""

    list_display = ("version", "mql_line", "in_force", "created_at")


class Waiting(admin.SimpleListFilter):
    """What could not be done after several attempts waits for a person; what has been done is history."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failed", _("Not done, with an error")), ("waiting", _("Waiting"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("failed", "waiting"):
            return queryset
        done = "processed_at" if queryset.model is Submission else "handled_at"
        open_rows = queryset.filter(**{done: None})
        return open_rows.exclude(error="") if self.value() == "failed" else open_rows.filter(error="")


@admin.action(description=_("Try again"), permissions=["retry"])
def try_again(model_admin: Retried, request: HttpRequest, queryset: QuerySet[Any]) -> None:
    """Let the worker's next sweep take these up as if they were new."""
    done = "processed_at" if queryset.model is Submission else "handled_at"
    number = queryset.filter(**{done: None}).update(attempts=0, error="")
    model_admin.message_user(request, _("%(n)d will be tried again.") % {"n": number})


class Retried(Ledger):
    """Rows that the worker takes in turn, and may be asked to take again."""

    list_filter = (Waiting,)
    actions = (try_again,)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"leads.change_{self.opts.model_name}")


@admin.register(Signal)
class SignalAdmin(Retried):
    list_display = ("at", "lead", "kind", "handled_at", "answer", "attempts", "error")
    list_select_related = ("lead",)


@admin.register(Submission)
class SubmissionAdmin(Retried):
    list_display = ("received_at", "way", "lead", "processed_at", "attempts", "error")
    list_select_related = ("lead",)


@admin.register(Import)
class ImportAdmin(Ledger):
    list_display = ("name", "state", "rows_done", "rows", "actor", "created_at")
    list_select_related = ("actor",)
