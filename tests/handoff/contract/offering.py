"""Leads about whom the agreement decides: who fits, what they have done, and how sales answered."""

import copy

from handoff import answers, deals, lifecycle
from handoff.foresight import Foresight
from handoff.models import Agreement, Handoff
from leads import capture
from leads.models import Scorecard
from leads.models.scoring import default_points
from tests.factories import make_draft, make_lead, make_reason

PRICING = next(n for n, rule in enumerate(default_points()["engagement"]) if rule["kind"] == "web:pricing")
REPLY = next(n for n, rule in enumerate(default_points()["engagement"]) if rule["kind"] == "email:reply")
#: 50 points of fit
FITS = {
    "phone": "+43 316 811235", "job_title": "Director", "country": "AT",
    "company": {"name": "Steel Works", "size": 90, "industry": "Steel"},
}  # fmt: skip


def warm(*kinds, **said):
    """Somebody who fits, in TOFU, and has done these things."""
    lead = make_lead(**{**FITS, **said})
    for kind in kinds:
        capture.log(lead, kind=kind)
    return lead


def offered(*kinds, **said):
    """Somebody whom the definition has offered: 62 points with a reply to an e-mail."""
    lead = warm(*(kinds or ("email:reply",)), **said)
    answers.answer_all()
    assert lead.handoffs.open().get().origin == Handoff.Origin.LINE
    return lead


def returned(sam, code="below_fit", *kinds, **said):
    lead = offered(*kinds, **said)
    lifecycle.return_to_marketing(lead, actor=sam, reason=make_reason("return", code), verdict="Too small")
    return lead


def won(sam, *kinds, **said):
    lead = offered(*kinds, **said)
    lifecycle.accept(lead, actor=sam)
    lifecycle.qualify(lead, actor=sam)
    deals.win(deals.open_deal(lead, actor=sam, name="Meters"), actor=sam)
    return lead


def ahead(**terms):
    """What a draft with these terms would have changed."""
    return Foresight(make_draft(**terms), Agreement.objects.in_force())


def words(response):
    """The text of a page in one line."""
    return " ".join(response.text.replace("&#x27;", "'").split())


def table(**changes):
    """Today's points, with a rule of engagement otherwise: table(pricing={"points": 12})."""
    found = copy.deepcopy(Scorecard.objects.get(in_force=True).points)
    for number, name in ((PRICING, "pricing"), (REPLY, "reply")):
        found["engagement"][number] |= changes.get(name, {})
    return found
