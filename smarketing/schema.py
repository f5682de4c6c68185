"""The OpenAPI description of the REST API. It is composed only when somebody asks for it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.extensions import OpenApiSerializerFieldExtension, OpenApiViewExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers

from handoff.forms import ACTS
from handoff.forms.desk import MENDABLE
from leads.api import LeadChanges
from leads.filters import LABELS, SORTS
from leads.payload import FILE_FIELDS, PAYLOAD_FIELDS

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


class Schema(SpectacularAPIView):
    """GET describes this API (YAML, or JSON with `?format=json`)."""


class TokenScheme(KnoxTokenScheme):
    target_class = "accounts.authentication.ApiToken"
    name = "token"


class Activity(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="Namespaced, such as web:pricing or event:attended.")
    text = serializers.CharField(required=False)
    at = serializers.DateTimeField(required=False)


class HandRaise(serializers.Serializer[Any]):
    note = serializers.CharField(required=False)
    at = serializers.DateTimeField(required=False)
    key = serializers.CharField(required=False, max_length=120)


class Purchase(serializers.Serializer[Any]):
    amount = serializers.DecimalField(required=False, max_digits=12, decimal_places=2)
    currency = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    at = serializers.DateTimeField(required=False)
    key = serializers.CharField(required=False, max_length=120, help_text="The same key is one purchase.")


class WhereFrom(serializers.Serializer[Any]):
    """Where they came from, raw; it tells source and campaign where you name none."""

    url = serializers.CharField(required=False, help_text="The page they were on.")
    referrer = serializers.CharField(required=False, help_text="The page that led there.")
    utm = serializers.DictField(required=False, help_text="source, medium, campaign, term, content, id.")
    click_ids = serializers.DictField(required=False, help_text="gclid, fbclid, msclkid, li_fat_id.")
    visitor = serializers.UUIDField(required=False, help_text="The visitor whose history becomes this lead's.")


#: What POST /leads/ takes beyond plain text.
TYPES: Fields = {
    "company": serializers.DictField(help_text="name, domain, industry, size, country, city; or the name as text."),
    "custom": serializers.DictField(),
    "value": serializers.DecimalField(max_digits=12, decimal_places=2),
    "first_seen_at": serializers.DateTimeField(),
    "next_action_at": serializers.DateTimeField(),
    "activity": Activity(),
    "origin": WhereFrom(),
    "hand_raise": HandRaise(),
    "purchase": Purchase(),
}
SUBMISSION = inline_serializer(
    "Submission",
    {
        "id": serializers.IntegerField(),
        "state": serializers.ChoiceField(["waiting", "processed", "failed"]),
        "lead": serializers.IntegerField(allow_null=True),
        "error": serializers.CharField(),
        "url": serializers.CharField(),
    },
)
PROBLEM = inline_serializer(
    "Problem",
    {
        "type": serializers.CharField(),
        "title": serializers.CharField(),
        "status": serializers.IntegerField(),
        "detail": serializers.CharField(),
        "errors": serializers.ListField(child=serializers.DictField(), required=False),
    },
)


def page_of(name: str) -> serializers.Serializer[Any]:
    fields: Fields = {
        "results": serializers.ListField(child=serializers.DictField()),
        "next": serializers.CharField(allow_null=True, help_text="The address of the following page."),
    }
    return inline_serializer(name, fields)


def refusals(*codes: int) -> dict[int, OpenApiResponse]:
    said = {
        401: "No token, or one that is unknown, revoked or expired.",
        403: "Not for this team; the sentence says who may.",
        404: "There is no such row.",
        409: "Not from where things stand; nothing was changed.",
        412: "Somebody has changed it since the version that was read.",
        422: "Read, and refused, by field.",
        428: "Which version was read is not said.",
        429: "More than one may do within a time; Retry-After says when to go on.",
    }
    return {code: OpenApiResponse(PROBLEM, said[code]) for code in (401, *codes)}


def query(name: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.QUERY, **more)


class Company(OpenApiSerializerFieldExtension):
    target_class = "leads.api.CompanySaid"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"oneOf": [{"type": "string"}, {"type": "object"}], "nullable": True}


class Leads(OpenApiViewExtension):
    target_class = "leads.api.Leads"

    def view_replacement(self) -> Any:
        taken: Fields = {
            name: TYPES.get(name, serializers.CharField(required=False))
            for name in sorted(PAYLOAD_FIELDS - FILE_FIELDS)
        }
        for field in taken.values():
            field.required = False
        key = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="One key is one lead.")

        class Described(self.target_class):  # type: ignore[name-defined]
            @extend_schema(
                operation_id="leads",
                parameters=[
                    *(query(name, description=str(label)) for name, label in LABELS.items()),
                    query("sort", enum=list(SORTS)),
                    query("after"),
                    query("limit"),
                ],
                responses={200: page_of("LeadPage"), **refusals(422)},
            )
            def get(self, *args: Any) -> None: ...

            @extend_schema(
                parameters=[key],
                request=inline_serializer("NewLead", taken),
                responses={202: SUBMISSION, **refusals(403, 409, 422, 429)},
            )
            def post(self, *args: Any) -> None: ...

        return Described


class Submissions(OpenApiViewExtension):
    target_class = "leads.api.Submissions"

    def view_replacement(self) -> Any:
        class Described(self.target_class):  # type: ignore[name-defined]
            @extend_schema(responses={200: SUBMISSION, **refusals(404)})
            def get(self, *args: Any) -> None: ...

        return Described


class OneLead(OpenApiViewExtension):
    target_class = "handoff.api.OneLead"

    def view_replacement(self) -> Any:
        version = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The ETag that was read.")

        class Described(self.target_class):  # type: ignore[name-defined]
            @extend_schema(operation_id="lead", responses={200: OpenApiTypes.OBJECT, **refusals(404)})
            def get(self, *args: Any) -> None: ...

            @extend_schema(
                parameters=[version],
                request=LeadChanges(partial=True),
                responses={200: OpenApiTypes.OBJECT, **refusals(403, 404, 412, 422, 428)},
            )
            def patch(self, *args: Any) -> None: ...

        return Described


class OneDeal(OpenApiViewExtension):
    target_class = "handoff.api.OneDeal"

    def view_replacement(self) -> Any:
        changes: Fields = {
            "name": serializers.CharField(required=False),
            "amount": serializers.DecimalField(required=False, max_digits=12, decimal_places=2),
            "currency": serializers.CharField(required=False),
            "close_on": serializers.DateField(required=False),
        }

        class Described(self.target_class):  # type: ignore[name-defined]
            @extend_schema(responses={200: OpenApiTypes.OBJECT, **refusals(404)})
            def get(self, *args: Any) -> None: ...

            @extend_schema(
                request=inline_serializer("DealChanges", changes),
                responses={200: OpenApiTypes.OBJECT, **refusals(403, 404, 422)},
            )
            def patch(self, *args: Any) -> None: ...

        return Described


class Acts(OpenApiViewExtension):
    target_class = "handoff.api.Acts"

    def view_replacement(self) -> Any:
        act = OpenApiParameter("name", str, OpenApiParameter.PATH, enum=sorted(ACTS))
        words: Fields = {
            name: serializers.CharField(required=False)
            for name in sorted({name for form in ACTS.values() for name in form.base_fields})
        }
        words["fields_wrong"] = serializers.ListField(
            child=serializers.ChoiceField(MENDABLE),
            required=False,
            help_text="Of a clerical return: marketing mends them.",
        )

        class Described(self.target_class):  # type: ignore[name-defined]
            @extend_schema(
                parameters=[act],
                request=inline_serializer("Words", words),
                responses={200: OpenApiTypes.OBJECT, **refusals(403, 404, 409, 422)},
            )
            def post(self, *args: Any) -> None: ...

        return Described


class Claim(OpenApiViewExtension):
    target_class = "handoff.api.Claim"

    def view_replacement(self) -> Any:
        class Described(self.target_class):  # type: ignore[name-defined]
            @extend_schema(request=None, responses={200: OpenApiTypes.OBJECT, **refusals(403, 404, 409)})
            def post(self, *args: Any) -> None: ...

        return Described


class Emails(OpenApiViewExtension):
    target_class = "handoff.api.Emails"

    def view_replacement(self) -> Any:
        words: Fields = {
            "subject": serializers.CharField(max_length=180),
            "text": serializers.CharField(max_length=10_000),
            "ident": serializers.UUIDField(required=False, help_text="The same one is one mail."),
        }

        class Described(self.target_class):  # type: ignore[name-defined]
            @extend_schema(
                request=inline_serializer("NewEmail", words),
                responses={201: OpenApiTypes.OBJECT, **refusals(403, 404, 422, 429)},
            )
            def post(self, *args: Any) -> None: ...

        return Described


class Activities(OpenApiViewExtension):
    target_class = "handoff.api.Activities"

    def view_replacement(self) -> Any:
        class Described(self.target_class):  # type: ignore[name-defined]
            @extend_schema(
                parameters=[query("group"), query("after")],
                responses={200: page_of("ActivityPage"), **refusals(404)},
            )
            def get(self, *args: Any) -> None: ...

            @extend_schema(request=Activity(), responses={201: OpenApiTypes.OBJECT, **refusals(403, 404, 422)})
            def post(self, *args: Any) -> None: ...

        return Described
