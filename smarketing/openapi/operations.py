"""Each operation of the API: what it takes, what it answers, and how it refuses."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.extensions import OpenApiSerializerFieldExtension, OpenApiViewExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view

from accounts.permissions import scope_of
from handoff.api.deals import LISTING as DEALS
from handoff.api.handoffs import LISTING as HANDOFFS
from handoff.api.timeline import LISTING as ACTIVITIES
from handoff.forms import ACTS
from leads.api.campaigns import LISTING as CAMPAIGNS
from leads.api.capturing import LISTING as SUBMISSIONS
from leads.api.changes import CampaignSaid, CompanyChanges, LeadChanges
from leads.api.companies import LISTING as COMPANIES
from smarketing.openapi import answers, words

#: Why something is refused, by status.
WHY = {
    400: "It cannot be read.",
    401: "No token, or one that is unknown, revoked or expired.",
    403: "Not for this team, or not in the scopes of this token; the sentence says which.",
    404: "There is no such row.",
    406: "Answers are JSON.",
    409: "Not from where things stand, or an Idempotency-Key that came with something else; nothing was changed.",
    412: "Somebody has changed it since the version that was read.",
    413: "More than is taken at once.",
    415: "Bodies are JSON.",
    422: "Read, and refused, by field.",
    428: "Which version was read is not said.",
    429: "More than one may do within a time; Retry-After says when to go on.",
    503: "The database is away; nothing was kept.",
}
ALWAYS, WITH_BODY = (401, 403, 406, 429, 503), (400, 413, 415, 422)


class TokenScheme(KnoxTokenScheme):
    target_class = "accounts.authentication.ApiToken"
    name = "token"


class Company(OpenApiSerializerFieldExtension):
    target_class = "leads.api.changes.CompanySaid"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"oneOf": [{"type": "string"}, {"type": "object"}], "nullable": True}


def operation(
    name: str,
    group: str,
    answer: Any,
    *codes: int,
    status: int = 200,
    body: Any = None,
    takes: Any = (),
    example: Any = None,
) -> Any:
    """One operation; `codes` are the refusals beside those that each may meet."""
    refused = {*codes, *ALWAYS, *(WITH_BODY if body else ())}
    said = {(code, "application/problem+json"): OpenApiResponse(answers.PROBLEM, WHY[code]) for code in sorted(refused)}
    reads = status == 200 and body is None and not name.endswith(("claim", "act"))
    again = {304: OpenApiResponse(None, "It still is what you have.")} if reads else {}
    tag = OpenApiParameter("ETag", str, OpenApiParameter.HEADER, response=[200], description="Its version.")
    return extend_schema(
        operation_id=name,
        tags=[group],
        parameters=[*takes, *((words.KNOWN, tag) if reads else ())],
        request=body,
        responses={(status, "application/json"): answer, **again, **said},
        examples=[OpenApiExample("Example", value=example, request_only=True)] if example else None,
    )


def describe(view: str, **operations: Any) -> None:
    """Register what a view's methods do."""

    def replaced(self: Any) -> Any:
        target = type("Described", (self.target_class,), {})
        return extend_schema_view(**operations)(target)

    type(view.replace(".", "_"), (OpenApiViewExtension,), {"target_class": view, "view_replacement": replaced})


def page(name: str, row: Any) -> Any:
    return answers.page_of(name, row)


ACTIVITY_PAGE = page("ActivityPage", answers.ACTIVITY)
LENA = {
    "email": "lena@fehr.example",
    "name": "Lena Fischer",
    "company": {"name": "Fehr", "size": 310},
    "source": "web_form",
    "activity": {"kind": "web:pricing", "text": "Read the prices"},
}
describe(
    "leads.api.leads.Leads",
    get=operation("leads_list", "leads", page("LeadPage", answers.LEAD_ROW), 422,
                  takes=[*words.LEAD_FILTERS, words.FIELDS, words.SIZE, words.AFTER]),
    post=operation("leads_create", "leads", answers.SUBMISSION, 409, status=202, body=words.NEW_LEAD,
                   takes=[words.KEY], example=LENA),
)  # fmt: skip
describe(
    "leads.api.capturing.Batch",
    post=operation("leads_batch", "leads", answers.BATCH, 409, status=202, body=words.BATCH, takes=[words.KEY],
                   example={"leads": [{**LENA, "key": "crm-17"}, {"email": "georg@fehr.example"}]}),
)  # fmt: skip
describe(
    "handoff.api.leads.OneLead",
    get=operation("leads_read", "leads", answers.LEAD, 404, 422, takes=[words.FIELDS]),
    patch=operation("leads_change", "leads", answers.LEAD, 404, 412, 428, body=LeadChanges(partial=True),
                    takes=[words.IF_MATCH, words.FIELDS], example={"phone": "0662 123456", "next_action": "Call"}),
)  # fmt: skip
describe(
    "handoff.api.acts.Acts",
    post=operation("leads_act", "leads", answers.DONE, 404, 409, body=words.ACT_WORDS,
                   takes=[OpenApiParameter("name", str, OpenApiParameter.PATH, enum=sorted(ACTS))],
                   example={"note": "Their tariff ends in January"}),
)  # fmt: skip
describe(
    "handoff.api.timeline.Emails",
    post=operation("leads_email", "leads", answers.ACTIVITY, 404, status=201, body=words.EMAIL,
                   example={"subject": "Your question", "text": "Dear Lena, here is the tariff sheet."}),
)  # fmt: skip
describe(
    "handoff.api.timeline.Timeline",
    get=operation("leads_timeline", "activities", ACTIVITY_PAGE, 404, 422,
                  takes=[words.GROUP, words.FIELDS, words.AFTER]),
    post=operation("activities_add", "activities", answers.ACTIVITY, 404, status=201, body=words.TOUCH,
                   example={"kind": "call:left_message", "text": "Asked her to call back"}),
)  # fmt: skip
describe(
    "handoff.api.timeline.Activities",
    get=operation("activities_list", "activities", ACTIVITY_PAGE, 422,
                  takes=words.filters_of(ACTIVITIES)),
)  # fmt: skip
describe(
    "leads.api.companies.Companies",
    get=operation("companies_list", "companies", page("CompanyPage", answers.COMPANY), 422,
                  takes=words.filters_of(COMPANIES)),
)  # fmt: skip
describe(
    "leads.api.companies.OneCompany",
    get=operation("companies_read", "companies", answers.COMPANY, 404, 422, takes=[words.FIELDS]),
    patch=operation("companies_change", "companies", answers.COMPANY, 404, 412, 428,
                    body=CompanyChanges(partial=True), takes=[words.IF_MATCH, words.FIELDS], example={"size": 320}),
)  # fmt: skip
describe(
    "leads.api.campaigns.Campaigns",
    get=operation("campaigns_list", "campaigns", page("CampaignPage", answers.CAMPAIGN), 422,
                  takes=words.filters_of(CAMPAIGNS)),
    post=operation("campaigns_create", "campaigns", answers.CAMPAIGN, status=201, body=CampaignSaid,
                   example={"name": "Spring webinar", "source": "web_form", "cost": "1200.00"}),
)  # fmt: skip
describe(
    "leads.api.campaigns.OneCampaign",
    get=operation("campaigns_read", "campaigns", answers.CAMPAIGN, 404, 422, takes=[words.FIELDS]),
    patch=operation("campaigns_change", "campaigns", answers.CAMPAIGN, 404, 412, 428,
                    body=CampaignSaid(partial=True), takes=[words.IF_MATCH, words.FIELDS],
                    example={"ends_on": "2030-03-31"}),
)  # fmt: skip
describe(
    "handoff.api.handoffs.Handoffs",
    get=operation("handoffs_list", "handoffs", page("HandoffPage", answers.HANDOFF), 422,
                  takes=words.filters_of(HANDOFFS)),
)  # fmt: skip
describe(
    "handoff.api.handoffs.OneHandoff",
    get=operation("handoffs_read", "handoffs", answers.HANDOFF, 404, 422, takes=[words.FIELDS]),
)
describe(
    "handoff.api.handoffs.Claim",
    post=operation("handoffs_claim", "handoffs", answers.HANDOFF, 404, 409, 422, takes=[words.FIELDS]),
)
describe(
    "handoff.api.deals.Deals",
    get=operation("deals_list", "deals", page("DealPage", answers.DEAL), 422, takes=words.filters_of(DEALS)),
)
describe(
    "handoff.api.deals.OneDeal",
    get=operation("deals_read", "deals", answers.DEAL, 404, 422, takes=[words.FIELDS]),
    patch=operation("deals_change", "deals", answers.DEAL, 404, 412, 428, body=words.DEAL_CHANGES,
                    takes=[words.IF_MATCH, words.FIELDS], example={"amount": "58000"}),
)  # fmt: skip
describe(
    "leads.api.capturing.Submissions",
    get=operation("submissions_list", "submissions", page("SubmissionPage", answers.SUBMISSION_ROW), 422,
                  takes=words.filters_of(SUBMISSIONS)),
)  # fmt: skip
describe(
    "leads.api.capturing.OneSubmission",
    get=operation("submissions_read", "submissions", answers.SUBMISSION, 404),
)


def named_scopes(result: dict[str, Any], generator: Any, **_more: Any) -> dict[str, Any]:
    """Each operation says which scope it asks of a token."""
    for path, _regex, method, callback in generator.endpoints:
        found = result["paths"].get(path.replace("{pk}", "{id}"), {}).get(method.lower())
        if found:
            found["x-scope"] = str(scope_of(callback.cls, method))
    return result
