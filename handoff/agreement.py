"""The contract in force, and what a new installation begins with."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from handoff.models import Agreement, Reason
from leads.models import Scorecard

DEFINITION = (
    "A person who fits (business address, a role that decides, a company we can serve) and has shown interest: "
    "together at least the points of the line, or asked to talk."
)

#: act, code, label, class of return, final, do not contact, look again after days
DEFAULT_REASONS: list[tuple[str, str, str, str, bool, bool, int]] = [
    ("return", "another_region", "Another region", "procedural", False, False, 0),
    ("return", "partner_account", "Partner's account", "procedural", False, False, 0),
    ("return", "already_in_a_deal", "Already in a deal", "procedural", False, False, 0),
    ("return", "no_working_contact", "No working phone or e-mail", "clerical", False, False, 0),
    ("return", "duplicate", "Duplicate of a lead", "clerical", False, False, 0),
    ("return", "facts_missing", "Facts missing or wrong", "clerical", False, False, 0),
    ("return", "below_fit", "Below the fit line", "definitional", False, False, 90),
    ("return", "not_a_buyer", "Not a buyer role", "definitional", False, False, 180),
    ("return", "student_or_press", "Student or press", "definitional", False, False, 180),
    ("recycle", "not_now", "Not now", "", False, False, 90),
    ("recycle", "no_budget_yet", "No budget yet", "", False, False, 180),
    ("recycle", "unreachable", "Unreachable", "", False, False, 30),
    ("disqualify", "no_need", "No need", "", True, False, 0),
    ("disqualify", "no_budget", "No budget", "", True, False, 0),
    ("disqualify", "no_interest", "No interest", "", True, False, 0),
    ("disqualify", "wrong_person", "Wrong person", "", True, False, 0),
    ("disqualify", "do_not_contact", "Asked not to be contacted", "", True, True, 0),
    ("lose", "timing", "Bad timing", "", False, False, 90),
    ("lose", "price", "Price", "", False, False, 180),
    ("lose", "competitor", "Chose a competitor", "", False, False, 180),
    ("lose", "no_decision", "No decision made", "", False, False, 90),
    ("lose", "cannot_serve", "We cannot serve them", "", True, False, 0),
    ("churn", "closed_down", "Closed down", "", False, False, 180),
    ("churn", "changed_supplier", "Changed supplier", "", False, False, 180),
    ("churn", "expectations", "Expectations not met", "", False, False, 90),
    ("withdraw", "offered_too_early", "Offered too early", "", False, False, 30),
    ("withdraw", "offered_by_mistake", "Offered by mistake", "", False, False, 0),
]


@transaction.atomic
def lay_down_defaults() -> None:
    """Give a new database its first scorecard, agreement and reasons; leave an older one as it is."""
    if not Scorecard.objects.exists():
        Scorecard.objects.create(version=1, in_force=True)
    if not Agreement.objects.exists():
        Agreement.objects.create(version=1, scorecard=Scorecard.objects.get(in_force=True), definition=DEFINITION)
    if not Reason.objects.exists():
        Reason.objects.bulk_create(
            Reason(
                act=act,
                code=code,
                label=label,
                return_class=return_class,
                final=final,
                do_not_contact=do_not_contact,
                look_again_days=days,
                position=position,
            )
            for position, (act, code, label, return_class, final, do_not_contact, days) in enumerate(DEFAULT_REASONS)
        )


@transaction.atomic
def renew(*, actor: User, mql_line: int, points: dict[str, Any] | None = None, **terms: Any) -> Agreement:
    """Put the next version in force: a scorecard with this line, and terms that differ from today's where given."""
    now = timezone.now()
    current = Agreement.objects.select_for_update().select_related("scorecard").get(ended_at=None)
    card = current.scorecard
    if mql_line != card.mql_line or points is not None:
        Scorecard.objects.filter(in_force=True).update(in_force=False)
        newest = Scorecard.objects.aggregate(newest=Max("version"))["newest"]
        card = Scorecard.objects.create(
            version=newest + 1, points=points or card.points, mql_line=mql_line, in_force=True
        )
    Agreement.objects.filter(pk=current.pk).update(ended_at=now)
    kept = {name: getattr(current, name) for name in TERMS}
    return Agreement.objects.create(
        version=current.version + 1, scorecard=card, in_force_since=now, agreed_by=actor, **{**kept, **terms}
    )


#: What an agreement says beside its scorecard.
TERMS = (
    "definition", "accept_within", "attempt_within", "hand_raise_within", "time_zone", "opens", "closes", "weekdays",
    "holidays",
)  # fmt: skip
