"""What the API answers, by field. With `fields` a sender asks for some of them: only `id` is always there."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from handoff.models import Deal
from personas.choices import DealStep, Stage

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


def text(about: Any = "", **more: Any) -> Any:
    return serializers.CharField(required=False, allow_blank=True, help_text=about, **more)


def some(about: Any = "") -> Any:
    """Text, or null."""
    return text(about, allow_null=True)


def number(about: Any = "", **more: Any) -> Any:
    return serializers.IntegerField(required=False, help_text=about, **more)


def moment(about: Any = "", **more: Any) -> Any:
    return serializers.DateTimeField(required=False, help_text=about, **more)


def maybe(about: Any = "") -> Any:
    """A moment, or null."""
    return moment(about, allow_null=True)


def day() -> Any:
    return serializers.DateField(required=False, allow_null=True)


def money() -> Any:
    return serializers.DecimalField(max_digits=12, decimal_places=2, required=False, allow_null=True)


def among(values: Any) -> Any:
    return serializers.ChoiceField(values, required=False)


def record(name: str, about: str, /, **fields: Any) -> Any:
    """A component of the document: rows are known by their `id`."""
    known: dict[str, Any] = {"id": serializers.IntegerField(), **fields, "__doc__": about}
    return type(name, (serializers.Serializer,), known)


def part(name: str, about: str, /, **fields: Any) -> Any:
    """A component that is no row."""
    return type(name, (serializers.Serializer,), {**fields, "__doc__": about})


PROBLEM_FIELD = part(
    "ProblemField",
    "What is wrong with one field.",
    code=serializers.CharField(),
    detail=serializers.CharField(help_text="The sentence for a person."),
    attr=serializers.CharField(allow_null=True, help_text="The field; null for the whole."),
)
PROBLEM = part(
    "Problem",
    "A refusal (RFC 9457); nothing was changed.",
    type=serializers.CharField(),
    title=serializers.CharField(),
    status=serializers.IntegerField(),
    detail=serializers.CharField(help_text="The sentence for a person."),
    errors=PROBLEM_FIELD(many=True, required=False),
)
SUBMISSION = record(
    "Submission",
    "What became of what came in.",
    state=serializers.ChoiceField(["waiting", "processed", "failed"]),
    lead=serializers.IntegerField(allow_null=True, help_text="The lead that it became, once it is processed."),
    error=serializers.CharField(allow_blank=True, help_text="Why it waits for a person."),
    url=serializers.CharField(help_text="Where to ask again."),
)
SUBMISSION_ROW = record(
    "SubmissionRow",
    "What came in, by whichever way.",
    way=text("hand, api, file, form, tracker or webhook"),
    state=among(["waiting", "processed", "failed"]),
    lead=number(allow_null=True),
    error=text(),
    at=moment("When it happened."),
    received_at=moment(),
    url=text(),
)
BATCH_ROW = part(
    "BatchRow",
    "What became of one row: kept, or refused by itself.",
    index=serializers.IntegerField(help_text="Its place in the list that was sent, from 0."),
    id=serializers.IntegerField(allow_null=True, help_text="The submission; null where it was refused."),
    state=serializers.ChoiceField(["waiting", "processed", "failed", "refused"]),
    lead=serializers.IntegerField(allow_null=True),
    error=serializers.CharField(allow_blank=True),
    url=serializers.CharField(allow_null=True),
    errors=PROBLEM_FIELD(many=True, help_text="Why it was refused, by field."),
)
BATCH = part(
    "BatchAnswer",
    "What became of a batch.",
    accepted=serializers.IntegerField(),
    refused=serializers.IntegerField(),
    results=BATCH_ROW(many=True, help_text="One for each row, in their order."),
)
LEAD_ROW = record(
    "LeadRow",
    "A lead as lists tell it.",
    name=text(),
    email=text(),
    phone=text(),
    job_title=text(),
    company=some("Its name."),
    stage=among(Stage.values),
    lane=some("In the middle: mql, sal or sql."),
    stage_since=moment(),
    owner=some("A username."),
    source=some(),
    value=money(),
    currency=text(),
    next_action=text(),
    next_action_at=maybe(),
    look_again_on=day(),
    last_activity_at=moment(),
    score=number(allow_null=True),
    grade=text("A to D"),
)
COMPANY = record(
    "Company",
    "The account that leads work for.",
    name=text(),
    domain=text(),
    industry=text(),
    size=number("Staff.", allow_null=True),
    country=text("Two letters."),
    city=text(),
    custom=serializers.DictField(required=False),
    created_at=moment(),
)
LEAD_COMPANY = record(
    "LeadCompany",
    "The company of a lead.",
    name=text(),
    domain=text(),
    industry=text(),
    size=number(allow_null=True),
    country=text(),
    city=text(),
)
SCORE_PART = part("ScorePart", "Points and what they are for.", group=text(), label=text(), points=number())
SCORE = part(
    "Score",
    "The agreed points; the parts sum to the total.",
    total=number(),
    grade=text(),
    fit=number(),
    engagement=number(),
    parts=SCORE_PART(many=True),
    reasons=serializers.ListField(child=serializers.CharField()),
)
CHANCE_PART = part(
    "ChancePart",
    "What moves a chance.",
    name=text(),
    value=serializers.JSONField(required=False, allow_null=True),
    log_odds=serializers.FloatField(required=False),
)
CHANCE = part(
    "Chance",
    "The learned chance to be won; the parts sum with the base to the log-odds.",
    probability=serializers.FloatField(),
    log_odds=serializers.FloatField(),
    base=serializers.FloatField(),
    parts=CHANCE_PART(many=True),
    reasons=serializers.ListField(child=serializers.CharField()),
)
HANDOFF = record(
    "Handoff",
    "One offer of a lead to sales.",
    lead=number(),
    owner=some("A username."),
    queue=some(),
    offered_by=some("A username."),
    reason=some("The code of the reason for which it ended."),
    lane=text("mql, sal or sql"),
    origin=text("Why it was offered."),
    note=text(),
    offered_at=moment(),
    claimed_at=maybe(),
    accepted_at=maybe(),
    first_attempt_at=maybe(),
    first_contact_at=maybe(),
    qualified_at=maybe(),
    promise=text("The promise that runs out next."),
    due_at=maybe("When it runs out."),
    snoozed_until=maybe(),
    ended_at=maybe(),
    end=text("How it ended; empty while it is open."),
    verdict=text(),
)
DEAL = record(
    "Deal",
    "An opportunity.",
    name=text(),
    lead=number("Whom it is about first.", allow_null=True),
    company=some("Its name."),
    amount=money(),
    currency=text(),
    step=among(DealStep.values),
    step_since=moment(),
    status=among(Deal.Status.values),
    close_on=day(),
    opened_at=moment(),
    closed_at=maybe(),
    owner=some("A username."),
    reason=some("The code of the reason for which it was lost."),
    competitor=text(),
)
CAMPAIGN = record(
    "Campaign",
    "A planned effort.",
    name=text(),
    source=some("The slug of a source."),
    starts_on=day(),
    ends_on=day(),
    cost=money(),
    currency=text(),
)
ACTIVITY = record(
    "Activity",
    "A line of a timeline.",
    lead=number(),
    kind=text("Namespaced, such as web:pricing."),
    text=text(),
    data=serializers.DictField(required=False),
    actor=some("A username."),
    at=moment("When it happened."),
    recorded_at=moment("When we knew."),
)
LEAD = record(
    "Lead",
    "A lead's record, and what only the pipeline writes.",
    name=text(),
    email=text(),
    phone=text(),
    job_title=text(),
    country=text("Two letters."),
    currency=text(),
    preferred_contact=text(),
    next_action=text(),
    next_action_at=maybe(),
    look_again_on=day(),
    custom=serializers.DictField(required=False),
    stage=among(Stage.values),
    stage_since=moment(),
    customer_since=maybe(),
    do_not_contact=serializers.BooleanField(required=False),
    first_seen_at=moment(),
    last_activity_at=moment(),
    version=number("Rises with every edit; the ETag begins with it."),
    value=money(),
    company=LEAD_COMPANY(allow_null=True, required=False),
    source=some("The slug of a source."),
    campaign=some("Its name."),
    persona=some("Its name."),
    marketer=some("A username."),
    rep=some("A username."),
    score=SCORE(allow_null=True, required=False),
    chance=CHANCE(allow_null=True, required=False),
    page=text("The address of its page."),
    standing=text("Where it stands, as `seen` of an act takes it."),
    handoff=HANDOFF(allow_null=True, required=False),
    deals=DEAL(many=True, required=False),
    acts=serializers.ListField(child=serializers.CharField(), required=False, help_text="What you may do now."),
)
DONE = part("Done", "What an act did.", said=serializers.CharField(), lead=LEAD())


def page_of(name: str, row: Any) -> Any:
    """A page of a list."""
    following = serializers.CharField(allow_null=True, help_text="The address of the following page; null at the end.")
    return part(name, "A page of a list.", results=row(many=True), next=following)
