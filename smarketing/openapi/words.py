"""What the API takes: the bodies of its requests, and the filters of its lists."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from handoff.forms import ACTS, TOUCHES
from handoff.forms.desk import MENDABLE
from leads.api.listing import LIMIT, MOST, Listing
from leads.filters import LABELS, SORTS
from leads.payload import FILE_FIELDS, PAYLOAD_FIELDS
from leads.timeline import GROUPS
from smarketing.openapi.answers import part


def said(about: Any = "", **more: Any) -> Any:
    return serializers.CharField(required=False, help_text=about, **more)


def at() -> Any:
    return serializers.DateTimeField(required=False)


EVENT_KEY = "The same key is one event."
NEW_ACTIVITY = part(
    "NewActivity",
    "What the person did.",
    kind=serializers.CharField(max_length=40, help_text="Namespaced, such as web:pricing or event:attended."),
    text=said(),
    at=at(),
)
HAND_RAISE = part("HandRaise", "They ask to talk.", note=said(), at=at(), key=said(EVENT_KEY, max_length=120))
PURCHASE = part(
    "Purchase",
    "They have bought: the fast lane.",
    amount=serializers.DecimalField(required=False, max_digits=12, decimal_places=2),
    currency=said(),
    name=said("What the deal is called."),
    at=at(),
    key=said(EVENT_KEY, max_length=120),
)
TAGS = part("Utm", "UTM parameters.", **{n: said() for n in ("source", "medium", "campaign", "term", "content", "id")})
ORIGIN = part(
    "Origin",
    "Where this touch came from, kept raw; the first one tells source and campaign.",
    url=said("The address of the page."),
    referrer=said("The address that led to it."),
    utm=TAGS(required=False),
    click_ids=serializers.DictField(
        child=serializers.CharField(), required=False, help_text="gclid, fbclid, msclkid, li_fat_id"
    ),
    visitor=serializers.UUIDField(required=False),
)
#: What a lead takes beyond plain text.
TYPES: dict[str, Any] = {
    "company": serializers.DictField(
        required=False, help_text="name, domain, industry, size, country, city; or the name as text."
    ),
    "custom": serializers.DictField(required=False),
    "value": serializers.DecimalField(required=False, max_digits=12, decimal_places=2),
    "first_seen_at": at(),
    "next_action_at": at(),
    "activity": NEW_ACTIVITY(required=False),
    "hand_raise": HAND_RAISE(required=False),
    "purchase": PURCHASE(required=False),
    "origin": ORIGIN(required=False),
}
LEAD_FIELDS = {name: TYPES.get(name) or said() for name in sorted(PAYLOAD_FIELDS - FILE_FIELDS)}
NEW_LEAD = part("NewLead", "A lead: one sign of the person (email, phone, or external_id), and whatever is known.",
                **LEAD_FIELDS)  # fmt: skip
BATCH_LEAD = part("BatchLead", "A lead of a batch.", **LEAD_FIELDS, key=said("Yours: one key is one lead."))
BATCH = part("NewLeads", "Up to 1,000 leads.", leads=BATCH_LEAD(many=True))
ACT_WORDS = part(
    "ActWords",
    "The words of an act; which ones it takes, its form says.",
    **{
        name: serializers.CharField(required=False)
        for name in sorted({name for form in ACTS.values() for name in form.base_fields} - {"fields_wrong"})
    },
    fields_wrong=serializers.ListField(
        child=serializers.ChoiceField(MENDABLE), required=False, help_text="Of a clerical return: marketing mends them."
    ),
)
DEAL_CHANGES = part(
    "DealChanges",
    "What changes of a deal.",
    name=said(max_length=200),
    amount=serializers.DecimalField(required=False, max_digits=12, decimal_places=2, min_value=0, allow_null=True),
    currency=said(),
    close_on=serializers.DateField(required=False, allow_null=True),
)
TOUCH = part(
    "NewTouch",
    "A touch that was made, or a comment.",
    kind=serializers.ChoiceField(["comment", *TOUCHES]),
    text=said(),
    at=at(),
    next_action=said(max_length=120),
    next_action_at=at(),
    done=serializers.BooleanField(required=False, help_text="What was planned is done."),
    reply_to=serializers.IntegerField(required=False, min_value=1, help_text="A comment that this one answers."),
)
EMAIL = part(
    "NewEmail",
    "A mail to the lead.",
    subject=serializers.CharField(max_length=180),
    text=serializers.CharField(max_length=10_000),
    ident=serializers.UUIDField(required=False, help_text="The same one is one mail."),
)


def query(name: str, kind: Any = str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, **more)


FIELDS = query("fields", description="Names of fields, with commas between: only these are told, and `id`.")
AFTER = query("after", description="The cursor of a page: it stands in `next` of the page before.")
SIZE = query(
    "limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}, description="Rows of a page."
)
KEY = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "maxLength": 100}, OpenApiParameter.HEADER,
    description="Yours: the same key with the same body gives the same answer.",
)  # fmt: skip
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The ETag that you read.")
KNOWN = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The ETag that you have: 304 if it still is that."
)
LEAD_FILTERS = [
    *(query(name, description=str(label)) for name, label in LABELS.items()),
    query("sort", enum=list(SORTS)),
]
GROUP = query("group", enum=list(GROUPS), description="Without it everything is told.")


def filters_of(listing: Listing) -> list[OpenApiParameter]:
    """The parameters of a list."""
    kinds = {"number": OpenApiTypes.INT64, "moment": OpenApiTypes.DATETIME}
    found = [
        query(
            name,
            kinds.get(one.read.__name__, str),
            enum=one.choices or None,
            description=str(one.about) or None,
        )
        for name, one in listing.filters.items()
    ]
    return [*found, FIELDS, SIZE, AFTER]
