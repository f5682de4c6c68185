"""Leads for machines: the door through which they come in, the list, and the record."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import measure
from accounts.choices import Team
from accounts.models import User
from leads import capture, clock, editing, identity, learning, scoring
from leads.filters import LABELS, LeadFilter, Row
from leads.models import Campaign, Chance, Lead, LeadScore, Source, Submission
from leads.paging import bounded, page_of, read_cursor
from leads.payload import plain
from leads.rights import permit
from leads.tasks import nudge
from personas.models import Persona

#: Room for whose key it is, within `Submission.key`.
KEY_LENGTH = 100
#: Rows of a page, unless `limit` asks for fewer or for more.
LIMIT, MOST = 50, 500


class Conflict(APIException):
    status_code = 409
    default_code = "conflict"


class Stale(APIException):
    status_code = 412
    default_code = "stale"


class VersionNeeded(APIException):
    status_code = 428
    default_code = "version_needed"
    default_detail = gettext_lazy(
        "Say which version you read: If-Match, or `version` in the body. Nothing was changed."
    )


class Leads(APIView):
    """GET lists leads, POST takes one in."""

    def get(self, request: Request) -> Response:
        """One page of leads, by the filters and sorts of the lead table; `next` is the address of the following one."""
        said = known_only(request.query_params.dict(), {*LABELS, "sort", "after", "limit"})
        chosen = LeadFilter(said, request.user)
        if chosen.unknown:
            raise ValidationError(chosen.unknown)
        if said.get("after") and read_cursor(chosen.sort, said["after"]) is None:
            raise ValidationError({"after": _("This is no cursor of this list. Begin without it.")})
        leads = chosen.apply(Lead.objects.visible_to(request.user))
        page = page_of(chosen, leads, after=said.get("after", ""), size=limit(said))
        again = f"&limit={said['limit']}" if "limit" in said else ""
        following = f"{request.path}{chosen.page_query}after={page.after}{again}" if page.after else None
        return Response({"results": [listed(row) for row in page.rows], "next": following})

    def post(self, request: Request) -> Response:
        """Keep what came and answer at once: 202, with where to ask what became of it."""
        permit(request.user, "add")
        said = whole(request)
        key = own_key(request)
        measure.spend(request.user, "capture", token=request.auth)
        submission = capture.accept(said, way=Submission.Way.API, actor=request.user, key=key)
        if key and submission.payload != plain(said):
            raise Conflict(_("This Idempotency-Key came with another lead before. Nothing was added."))
        nudge()
        return Response(became(submission), status=202, headers={"Location": address(submission)})


class Submissions(APIView):
    """What became of a submission."""

    def get(self, request: Request, pk: int) -> Response:
        """`waiting`, `processed` (and its lead), or `failed` with the reason."""
        return Response(became(get_object_or_404(Submission.objects.visible_to(request.user), pk=pk)))


class OneLead(APIView):
    """A lead's record: GET reads it, PATCH changes what is named."""

    def get(self, request: Request, pk: int) -> Response:
        """The record whole; its version is the ETag."""
        return self.answer(request, self.find(request, pk))

    def patch(self, request: Request, pk: int) -> Response:
        """Change fields, if nobody else has since the version that is named."""
        lead, said = self.find(request, pk), whole(request)
        version = version_read(request, said)
        changes = LeadChanges(data=known_only(said, {*editing.FIELDS, "version"}), partial=True)
        changes.is_valid(raise_exception=True)
        self.edit(lead, request.user, dict(changes.validated_data), version)
        nudge()
        return self.answer(request, self.find(request, pk))

    @transaction.atomic
    def edit(self, lead: Lead, actor: User, changes: dict[str, Any], version: int) -> None:
        if changes.get("company"):
            changes["company"] = editing.company(changes["company"])
        try:
            editing.edit(lead, actor=actor, changes=changes, version=version)
        except ValidationError as error:
            if getattr(error, "code", "") == "stale":
                raise Stale(error.messages[0]) from error
            raise

    def find(self, request: Request, pk: int) -> Lead:
        return get_object_or_404(Lead.objects.visible_to(request.user).select_related(*RELATED), pk=pk)

    def answer(self, request: Request, lead: Lead) -> Response:
        return Response(self.told(request, lead), headers={"ETag": f'"{lead.version}"'})

    def told(self, request: Request, lead: Lead) -> dict[str, Any]:
        return record(lead)


RELATED = ("company", "source", "campaign", "persona", "marketer", "rep", "score", "chance")
#: Columns of a lead that are told as they are.
PLAIN = (
    "name", "email", "phone", "job_title", "country", "currency", "preferred_contact", "next_action",
    "next_action_at", "look_again_on", "custom", "stage", "stage_since", "customer_since", "do_not_contact",
    "first_seen_at", "last_activity_at", "version",
)  # fmt: skip


def record(lead: Lead) -> dict[str, Any]:
    """A lead as PATCH takes it back, and what only the pipeline writes."""
    company = lead.company
    return {
        "id": lead.pk,
        **{name: getattr(lead, name) for name in PLAIN},
        "value": money(lead.value),
        "company": {n: getattr(company, n) for n in ("name", *identity.COMPANY_FILLED, "domain")} if company else None,
        "source": lead.source.slug if lead.source else None,
        "campaign": lead.campaign.name if lead.campaign else None,
        "persona": lead.persona.name if lead.persona else None,
        "marketer": lead.marketer.username if lead.marketer else None,
        "rep": lead.rep.username if lead.rep else None,
        "score": points(lead.score) if hasattr(lead, "score") else None,
        "chance": chance_of(lead.chance) if hasattr(lead, "chance") else None,
        "page": lead.get_absolute_url(),
    }


def money(amount: Decimal | None) -> str | None:
    """A sum as text: no machine should make a binary fraction of it."""
    return None if amount is None else str(amount)


def points(score: LeadScore) -> dict[str, Any]:
    """The agreed points; the parts sum to the total exactly, and the reasons are the strongest of them in words."""
    now = clock.now()
    return {
        "total": score.total,
        "grade": score.grade,
        "fit": score.fit,
        "engagement": score.engagement,
        "parts": scoring.told(score.parts, at=now),
        "reasons": scoring.reasons(score.parts, at=now),
    }


def chance_of(found: Chance) -> dict[str, Any]:
    """The learned chance; the parts are log-odds and sum with `base` to `log_odds` exactly."""
    return {
        "probability": found.probability,
        "log_odds": found.logit,
        "base": found.base,
        "parts": [{"name": name, "value": value, "log_odds": logit} for name, value, logit in found.parts],
        "reasons": [str(reason) for reason in learning.reasons(found.parts)],
    }


#: What a row of the list says as it is.
LISTED = (
    "email", "phone", "job_title", "stage", "lane", "stage_since", "company", "currency", "next_action",
    "next_action_at", "look_again_on", "last_activity_at", "score",
)  # fmt: skip


def listed(row: Row) -> dict[str, Any]:
    owner = row.owner
    return {
        "id": row.pk,
        "name": row.named,
        **{name: getattr(row, name) for name in LISTED},
        "value": money(row.value),
        "grade": row.grade,
        "owner": owner["username"] if owner else None,
        "source": row.source_slug or None,
    }


class CompanySaid(serializers.Field[Any, Any, Any, Any]):
    """A company by its name, or by what is known of it."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        try:
            company = identity.read_company(data)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        if not company.get("name") and not company.get("domain"):
            raise serializers.ValidationError(_("A company needs a name or a domain."))
        return company

    def to_representation(self, value: Any) -> Any:
        return value


def named(model: type[Model], field: str, **among: Any) -> Any:
    """A field that names one row by what people call it."""
    rows = model._default_manager.filter(**among)
    return serializers.SlugRelatedField(slug_field=field, queryset=rows, allow_null=True)


class LeadChanges(serializers.Serializer[Lead]):
    """What PATCH may change; each field is checked as it is where leads come in."""

    name = serializers.CharField(max_length=200, allow_blank=True)
    email = serializers.CharField(max_length=254, allow_blank=True)
    phone = serializers.CharField(max_length=60, allow_blank=True)
    job_title = serializers.CharField(max_length=120, allow_blank=True)
    country = serializers.RegexField("^[A-Z]{2}$", allow_blank=True)
    company = CompanySaid(allow_null=True)
    source = named(Source, "slug")
    campaign = named(Campaign, "name")
    persona = named(Persona, "name", retired_at=None)
    value = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=0, allow_null=True)
    currency = serializers.RegexField("^[A-Z]{3}$")
    preferred_contact = serializers.CharField(max_length=80, allow_blank=True)
    next_action = serializers.CharField(max_length=120, allow_blank=True)
    next_action_at = serializers.DateTimeField(allow_null=True)
    look_again_on = serializers.DateField(allow_null=True)
    marketer = named(User, "username", is_active=True, team__in=[Team.MARKETING, Team.MANAGEMENT])
    rep = named(User, "username", is_active=True, team__in=[Team.SALES, Team.MANAGEMENT])
    custom = serializers.DictField()

    def validate_custom(self, value: dict[str, Any]) -> Any:
        return plain(identity.read_custom(value))


def whole(request: Request) -> dict[str, Any]:
    """The body, which is one JSON object."""
    if not isinstance(request.data, dict):
        raise ValidationError(_("Expected one JSON object."))
    return request.data


def known_only(said: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """What was said, unless a name in it means nothing here: a slip of the pen is not passed over."""
    if unknown := sorted(said.keys() - known):
        raise ValidationError({name[:80]: _("This means nothing here.") for name in unknown})
    return said


def limit(said: dict[str, str]) -> int:
    try:
        return bounded(said.get("limit", str(LIMIT)), most=MOST) or LIMIT
    except ValueError as error:
        raise ValidationError({"limit": _("Expected a number from 1 to %(n)d.") % {"n": MOST}}) from error


def version_read(request: Request, said: dict[str, Any]) -> int:
    """The version that the sender read."""
    version = str(said.get("version") or request.headers.get("If-Match", ""))
    found = re.fullmatch(r'(?:W/)?"?(\d{1,9})"?', version)
    if found is None:
        raise VersionNeeded
    return int(found[1])


def own_key(request: HttpRequest | Request) -> str | None:
    """The sender's Idempotency-Key; two senders may use the same one."""
    said = request.headers.get("Idempotency-Key", "")
    if len(said) > KEY_LENGTH or not said.isprintable():
        raise ValidationError(_("An Idempotency-Key has up to %(n)d printable characters.") % {"n": KEY_LENGTH})
    return f"{request.user.pk}:{said}" if said else None


def became(submission: Submission) -> dict[str, Any]:
    return {
        "id": submission.pk,
        "state": submission.state,
        "lead": submission.lead_id,
        "error": submission.error,
        "url": address(submission),
    }


def address(submission: Submission) -> str:
    return f"/api/v1/submissions/{submission.pk}/"
