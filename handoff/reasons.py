"""Why hand-offs, deals and customers end: the reasons a new installation begins with, and how they are worded anew."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from handoff.models import Reason

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


def lay_down() -> None:
    """Give a new database the usual reasons."""
    if Reason.objects.exists():
        return
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


#: What a reason may say beside its label, and for which acts.
FOR_ACTS: dict[str, tuple[str, ...]] = {
    "return_class": (Reason.Act.RETURN,),
    "final": (Reason.Act.LOSE,),
    "do_not_contact": (Reason.Act.DISQUALIFY,),
    "look_again_days": (
        Reason.Act.RETURN, Reason.Act.RECYCLE, Reason.Act.LOSE, Reason.Act.CHURN, Reason.Act.WITHDRAW,
    ),
}  # fmt: skip


@transaction.atomic
def add_reason(act: str, *, label: str, **said: Any) -> Reason:
    """Add a reason to those that are offered for an act."""
    known = Reason.objects.select_for_update().filter(act=act)
    _check_label(act, label)
    codes, stem = {reason.code for reason in known}, slugify(label).replace("-", "_")[:36] or "reason"
    code = next(code for code in (stem, *(f"{stem}_{n}" for n in range(2, 1000))) if code not in codes)
    final = said.pop("final", act == Reason.Act.DISQUALIFY)
    position = max((reason.position for reason in known), default=0) + 1
    return Reason.objects.create(act=act, code=code, label=label, final=final, position=position, **said)


@transaction.atomic
def change_reason(reason: Reason, **said: Any) -> Reason:
    """Word a reason anew, change what follows from it, or retire it; verdicts that were given keep it."""
    offered = Reason.objects.select_for_update().filter(act=reason.act, retired=False)
    if said.get("retired") and not any(one.pk != reason.pk for one in offered):
        raise ValidationError(
            {
                "retired": _(
                    "This is the last reason for it, and the act needs one. Nothing was changed; add another first."
                )
            }
        )
    _check_label(reason.act, said.get("label", reason.label), but=reason)
    for name, value in said.items():
        setattr(reason, name, value)
    reason.save(update_fields=list(said))
    return reason


def _check_label(act: str, label: str, but: Reason | None = None) -> None:
    same = Reason.objects.filter(act=act, label__iexact=label)
    if any(reason != but for reason in same):
        raise ValidationError({"label": _("This reason is there already. Choose other words.")})
