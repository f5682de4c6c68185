"""The agreement: what is in force and what was, the draft of what comes next, and the signatures of both teams."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from handoff import agreement as contract
from handoff import wording
from handoff.foresight import LISTED, Foresight, listed
from handoff.models import Agreement, Reason
from handoff.proposal import Evidence, propose
from handoff.sheet import Sheet
from handoff.tally import Tally
from handoff.terms import DraftForm
from leads import rights, scoring
from leads.tasks import nudge, rescore_outdated, soon

EARLIER = 20
#: So many leads that wait to be counted anew are told one by one; beyond that "10,000+".
MOST_BEHIND = 10_000


@login_required
@require_GET
def agreement(request: HttpRequest) -> HttpResponse:
    """What is in force, where everybody can look it up."""
    current = Agreement.objects.select_related("agreed_by").in_force()
    context = {"sheet": Sheet.of(current), "tally": Tally(current), "reasons": by_act(), **around(request)}
    return render(request, "handoff/agreement.html", context | {"behind": scoring.behind(MOST_BEHIND)})


@login_required
@require_GET
def counting(request: HttpRequest) -> HttpResponse:
    """How many leads are still to be counted by what is in force, asked again and again until none is."""
    context = {"version": Agreement.objects.in_force(), "behind": scoring.behind(MOST_BEHIND), "asked": True}
    return render(request, "handoff/_agreement_counting.html", context)


@login_required
@require_GET
def version(request: HttpRequest, number: int) -> HttpResponse:
    """What an earlier version said, and what it changed of the one before it."""
    asked = Agreement.objects.select_related("scorecard", "agreed_by", "drafted_by")
    shown = get_object_or_404(asked.filter(ended_at__isnull=False), version=number)
    before = asked.signed().filter(version__lt=number).order_by("-version").first()
    context = {"sheet": Sheet.of(shown, before=before), "tally": Tally(shown), **around(request)}
    return render(request, "handoff/agreement_version.html", context)


def around(request: HttpRequest) -> dict[str, Any]:
    """What stands beside every version: the draft, and the others."""
    earlier = Agreement.objects.exclude(ended_at=None).select_related("scorecard", "agreed_by").order_by("-version")
    draft = Agreement.objects.drafts().select_related("scorecard", "drafted_by").first()
    may_draft = rights.may(request.user, "agreement")
    return {"earlier": earlier[:EARLIER], "draft": draft, "may_draft": may_draft}


def by_act() -> list[tuple[str, str, list[Reason]]]:
    """Each act, its words and its reasons, those first that are still offered."""
    reasons = list(Reason.objects.order_by("retired", "position", "pk"))
    return [(act.value, str(act.label), [one for one in reasons if one.act == act]) for act in Reason.Act]


@login_required
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """A draft of what returns ask for; where one is begun already, its page says whose it is."""
    rights.permit(request.user, "agreement")
    try:
        propose(actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("handoff:agreement_draft")


def the_draft(request: HttpRequest) -> Agreement | None:
    """The draft, for those who may work on it."""
    rights.permit(request.user, "agreement")
    return Agreement.objects.drafts().select_related("scorecard", "drafted_by").first()


def no_draft(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("There is no draft now; this is what is in force."))
    return redirect("handoff:agreement")


@login_required
@require_GET
def draft(request: HttpRequest) -> HttpResponse:
    """What the draft changes, what it would have changed, and who has signed it."""
    if (found := the_draft(request)) is None:
        return no_draft(request)
    return draft_page(request, found)


def draft_page(
    request: HttpRequest, found: Agreement, errors: list[str] | None = None, since: list[wording.Change] | None = None
) -> HttpResponse:
    current = Agreement.objects.in_force()
    sheet = Sheet.of(found, before=current, reader=request.user)
    context = {"sheet": sheet, "tally": Tally(found), "current": current, "draft": found, "errors": errors}
    context |= {"since": since, "may_change": rights.may(request.user, "points")}
    return render(request, "handoff/agreement_draft.html", context, status=422 if errors else 200)


@login_required
@require_GET
def foresee(request: HttpRequest) -> HttpResponse:
    """What the draft would have changed over the last 90 days: counted while the draft is read."""
    if (found := the_draft(request)) is None:
        return HttpResponse("")
    ahead = Foresight(found, Agreement.objects.in_force())
    return render(request, "handoff/_agreement_foresight.html", {"ahead": ahead, "draft": found, "listed": LISTED})


@login_required
@require_GET
def foreseen(request: HttpRequest) -> HttpResponse:
    """The leads behind one number of what the draft would have changed."""
    if (draft := the_draft(request)) is None:
        return no_draft(request)
    ahead = Foresight(draft, Agreement.objects.in_force())
    if (found := listed(ahead, request.GET.get("of", ""))) is None:
        raise Http404(_("There is no such number."))
    number = request.GET.get("page", "")
    offers, leads, after = found.page(int(number) if number.isdecimal() and len(number) < 6 else 1)
    context = {"found": found, "offers": offers, "people": leads, "after": after, "ahead": ahead, "draft": draft}
    return render(request, "handoff/agreement_foresight_leads.html", context)


@login_required
@require_GET
def evidence(request: HttpRequest) -> HttpResponse:
    """The change that returns ask for, where they gather; else, if asked for, how far they are from it."""
    rights.permit(request.user, "agreement")
    found = Evidence.gather()
    draft = Agreement.objects.drafts().first()
    still = found.still if "still" in request.GET and not found.gathers else ""
    context = {"evidence": found if found.gathers else None, "draft": draft, "listed": LISTED, "still": still}
    context |= {"may_change": rights.may(request.user, "points")}
    return render(request, "handoff/_agreement_evidence.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """The terms of the draft in a form; where there is none, the first change that is saved begins it."""
    rights.permit(request.user, "agreement")
    form = DraftForm(request.POST if request.method == "POST" else None, draft=contract.coming())
    if form.is_bound and (saved := form.attempt(actor=request.user)):
        messages.success(
            request, _("%(version)s is saved. It counts once both teams have signed.") % {"version": saved}
        )
        return redirect("handoff:agreement_draft")
    form = form.anew() if form.is_stale else form
    context = {"form": form, "days": days_of(form), "sheet": Sheet(form.draft), "next": contract.next_version()}
    return render(request, "handoff/agreement_edit.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_GET
def days(request: HttpRequest) -> HttpResponse:
    """The days off that come next by a country and days of one's own, so that a person sees whether it is right."""
    rights.permit(request.user, "agreement")
    form = DraftForm(request.GET, draft=contract.coming())
    return render(request, "handoff/_agreement_days.html", {"days": days_of(form)})


def days_of(form: DraftForm) -> list[wording.DayOff]:
    country, own = form.calendar_days()
    return wording.next_days_off(country, own, today=wording.today_in(form.draft.zone))


@login_required
@require_POST
def sign(request: HttpRequest) -> HttpResponse:
    """One team's word; the second puts the draft in force."""
    if (found := shown(request)) is None:
        return no_draft(request)
    try:
        signed = contract.sign(found, actor=request.user, team=request.POST.get("team", ""), seen=seen_by(request))
    except ValidationError as error:
        return refused(request, found, error)
    if signed.in_force_since is None:
        messages.success(request, _("You have signed %(version)s.") % {"version": signed})
        return redirect("handoff:agreement_draft")
    nudge()
    soon(rescore_outdated)
    both = _("Both have signed: %(version)s is in force. Leads are counted anew.") % {"version": signed}
    messages.success(request, both)
    return redirect("handoff:agreement")


@login_required
@require_POST
def drop(request: HttpRequest) -> HttpResponse:
    """Put the draft away."""
    if (found := shown(request)) is None:
        return no_draft(request)
    try:
        contract.drop(found, actor=request.user, seen=seen_by(request))
    except ValidationError as error:
        return refused(request, found, error)
    messages.success(request, _("%(version)s is put away. It can be taken up again.") % {"version": found})
    return redirect("handoff:agreement_version", found.version)


@login_required
@require_POST
def take_up(request: HttpRequest, number: int) -> HttpResponse:
    """Take up a draft again that was put away."""
    rights.permit(request.user, "agreement")
    found = get_object_or_404(Agreement, version=number)
    try:
        taken = contract.take_up(found, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("handoff:agreement")
    messages.success(request, _("%(version)s is a draft again.") % {"version": taken})
    return redirect("handoff:agreement_draft")


def shown(request: HttpRequest) -> Agreement | None:
    """The version that the page showed, whatever became of it; the draft where it does not say."""
    said = request.POST.get("version", "")
    if not said.isdecimal() or len(said) > 8:
        return the_draft(request)
    rights.permit(request.user, "agreement")
    return Agreement.objects.filter(version=said).first()


def seen_by(request: HttpRequest) -> int:
    said = request.POST.get("seen", "")
    return int(said) if said.isdecimal() and len(said) < 9 else 0


def refused(request: HttpRequest, found: Agreement, error: ValidationError) -> HttpResponse:
    """The draft as it is now with the sentence and what changed, or the agreement when it is no draft any more."""
    now = Agreement.objects.drafts().select_related("scorecard", "drafted_by").filter(pk=found.pk).first()
    if now is None:
        messages.error(request, " ".join(error.messages))
        return redirect("handoff:agreement")
    since = contract.meanwhile(now, seen_by(request), now) if getattr(error, "code", "") == "stale" else {}
    pairs = {name: (change.old, change.new) for name, change in since.items()}
    return draft_page(request, now, error.messages, wording.changes(pairs, wording.persona_names()))
