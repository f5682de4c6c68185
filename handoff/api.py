"""Acts for machines: the same forms, rights and functions as the pages', said in JSON."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import ModelChoiceField, MultipleChoiceField
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import measure
from handoff import lifecycle, standing, tasks
from handoff.deals import EDITABLE
from handoff.forms import ACTS, Comment, EditDeal, Email, SaidForm, Touch, permitted
from handoff.models import Deal, Handoff
from leads import api as leads
from leads import rights, timeline
from leads.models import Activity, Lead
from leads.tasks import nudge
from personas.choices import Stage

#: How a machine names a row: by what people call it, where there is such a name.
NAMED_BY = {"reason": "code", "to": "username", "queue": "name"}


class NotNow(APIException):
    """The act is none of where the lead stands."""

    status_code = 409
    default_code = "not_now"


class OneLead(leads.OneLead):
    """A lead's record with where it stands between the teams."""

    def told(self, request: Request, lead: Lead) -> dict[str, Any]:
        handoff = lead.handoffs.open().select_related("owner", "queue").first()
        return {
            **super().told(request, lead),
            "standing": standing.of(lead),
            "handoff": offered(handoff) if handoff else None,
            "deals": [told_deal(deal) for deal in lead.deals.select_related("owner", "reason").order_by("-pk")[:50]],
            "acts": [name for name in ACTS if rights.may(request.user, name, lead)],
        }


class Acts(APIView):
    """POST does an act on a lead."""

    def post(self, request: Request, pk: int, name: str) -> Response:
        """Do it, or say why not: 403 who may, 409 not from here, 422 what is wrong with the words."""
        if name not in ACTS:
            raise Http404
        lead = get_object_or_404(Lead.objects.visible_to(request.user).select_related("company"), pk=pk)
        try:
            permitted(request.user, name, lead)
        except ValidationError as error:
            raise NotNow(error.messages[0]) from error
        form = spoken(ACTS[name], lead, request)
        nudge()
        shown = Lead.objects.select_related(*leads.RELATED).get(pk=pk)
        return Response({"said": form.said, "lead": OneLead().told(request, shown)})


class Claim(APIView):
    """POST takes an offer that nobody has: the first to come gets it."""

    def post(self, request: Request, pk: int) -> Response:
        """The hand-off as it is now; 409 says who was first."""
        rights.permit(request.user, "claim", Lead(stage=Stage.MOFU))  # where offers lie; all of them are seen by all
        try:
            return Response(offered(lifecycle.claim(Handoff(pk=pk), actor=request.user)))
        except Handoff.DoesNotExist as error:
            raise Http404 from error
        except ValidationError as error:
            raise NotNow(error.messages[0]) from error


class OneDeal(APIView):
    """A deal: GET reads it, PATCH changes its name, amount, currency or expected close."""

    def get(self, request: Request, pk: int) -> Response:
        return Response(told_deal(self.find(request, pk)))

    def patch(self, request: Request, pk: int) -> Response:
        """Change what is named; its step and its end are acts on its lead."""
        deal = self.find(request, pk)
        lead = deal.leads.get(deal_roles__primary=True)
        rights.permit(request.user, "edit_deal", lead)
        said = leads.known_only(scalars(leads.whole(request)), set(EDITABLE))
        now = {name: "" if (value := getattr(deal, name)) is None else str(value) for name in EDITABLE}
        seen = {f"initial-{name}": value for name, value in now.items()}
        performed(EditDeal({**now, **seen, **said}, deal=deal, actor=request.user, lead=lead))
        return Response(told_deal(self.find(request, pk)))

    def find(self, request: Request, pk: int) -> Deal:
        return get_object_or_404(Deal.objects.visible_to(request.user).select_related("owner", "reason"), pk=pk)


class Activities(APIView):
    """A lead's timeline: GET reads it, POST logs a touch or says something."""

    def get(self, request: Request, pk: int) -> Response:
        """Newest first, a page at a time; `group` as on the page."""
        said = leads.known_only(request.query_params.dict(), {"group", "after"})
        lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
        page = timeline.page(lead, group=said.get("group", ""), after=said.get("after", ""))
        group = f"group={said['group']}&" if said.get("group") in timeline.GROUPS else ""
        following = f"{request.path}?{group}after={page.next.replace('+', '%2B')}" if page.next else None
        return Response({"results": [entry(activity) for activity in page.entries], "next": following})

    def post(self, request: Request, pk: int) -> Response:
        """`kind` is `comment`, or that of a touch; a touch counts for clocks and points as on the page."""
        lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
        comment = leads.whole(request).get("kind") == "comment"
        rights.permit(request.user, "comment" if comment else "log", lead)
        form = spoken(Comment if comment else Touch, lead, request, passed_over={"kind"} if comment else set())
        nudge()
        return Response(entry(form.result), status=201)


class Emails(APIView):
    """POST writes an e-mail to a lead."""

    def post(self, request: Request, pk: int) -> Response:
        """Its line on the timeline: an attempt, or `email:kept` without a mail server. The same `ident` is one mail."""
        lead = get_object_or_404(Lead.objects.visible_to(request.user).select_related("company"), pk=pk)
        rights.permit(request.user, "log", lead)
        form = spoken(Email, lead, request)
        nudge()
        transaction.on_commit(tasks.send_soon)
        return Response(entry(form.result), status=201)


def spoken(form: type[SaidForm], lead: Lead, request: Request, passed_over: set[str] | None = None) -> Any:
    """The form, filled in with a JSON body and done."""
    said = {name: value for name, value in leads.whole(request).items() if name not in (passed_over or set())}
    many = {name for name, field in form.base_fields.items() if isinstance(field, MultipleChoiceField)}
    filled = form({**scalars(said, apart_from=many), **lists(said, many)}, lead=lead, actor=request.user)
    leads.known_only(said, set(filled.fields))
    for name, by in NAMED_BY.items():
        field = filled.fields.get(name)
        if isinstance(field, ModelChoiceField):
            field.to_field_name = by
    return performed(filled)


def scalars(said: dict[str, Any], apart_from: Collection[str] = ()) -> dict[str, Any]:
    """What a form can read of a JSON body: text and yes or no; null is empty."""
    single = {name: value for name, value in said.items() if name not in apart_from}
    if nested := [name for name, value in single.items() if isinstance(value, dict | list)]:
        raise ValidationError({name: _("Expected text.") for name in nested})
    return {n: v if isinstance(v, bool) else "" if v is None else str(v) for n, v in single.items()}


def lists(said: dict[str, Any], names: Collection[str]) -> dict[str, list[str]]:
    """The fields that take several values, each a list of texts; null is none of them."""
    found = {name: value or [] for name, value in said.items() if name in names}
    wrong = [
        name
        for name, value in found.items()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value)
    ]
    if wrong:
        raise ValidationError({name: _("Expected a list of texts.") for name in wrong})
    return found


def performed(form: SaidForm) -> Any:
    """The form once it is done; ValidationError by field if it was refused, or `measure.Spent`."""
    if not form.attempt():
        refusals = [error for errors in form.errors.as_data().values() for error in errors]
        if spent := next((error for error in refusals if isinstance(error, measure.Spent)), None):
            raise spent
        raise ValidationError(
            {"non_field_errors" if name == "__all__" else name: list(errors) for name, errors in form.errors.items()}
        )
    return form


def offered(handoff: Handoff) -> dict[str, Any]:
    return {
        "id": handoff.pk,
        "lane": handoff.lane,
        "origin": handoff.origin,
        "owner": handoff.owner.username if handoff.owner else None,
        "queue": handoff.queue.name if handoff.queue else None,
        "note": handoff.note,
        "offered_at": handoff.offered_at,
        "promise": handoff.promise,
        "due_at": handoff.due_at,
    }


def told_deal(deal: Deal) -> dict[str, Any]:
    return {
        "id": deal.pk,
        "name": deal.name,
        "amount": leads.money(deal.amount),
        "currency": deal.currency,
        "step": deal.step,
        "status": deal.status,
        "close_on": deal.close_on,
        "closed_at": deal.closed_at,
        "owner": deal.owner.username if deal.owner else None,
        "reason": deal.reason.code if deal.reason else None,
    }


def entry(activity: Activity) -> dict[str, Any]:
    return {
        "id": activity.pk,
        "kind": activity.kind,
        "text": activity.text,
        "data": activity.data,
        "actor": activity.actor.username if activity.actor else None,
        "at": activity.at,
    }
