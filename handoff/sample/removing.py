"""Take the sample company away: all of it, and only it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, ProtectedError, Q, QuerySet
from django.utils.translation import gettext as _

from accounts import departed
from accounts.models import User
from handoff.models import Deal, DealLead, Notice, Queue, RoutingRule, SampleMark, ShoutOut, Task
from handoff.sample import minding, signing, standing, ways
from handoff.sample.standing import Counts, hold, managers_who_stay, marked
from leads import scoring
from leads.models import Campaign, Company, Lead, LearnedModel, Learning, Snapshot, Source, Submission
from personas.models import Persona

Kind = SampleMark.Kind


@transaction.atomic
def remove(*, actor: User | None = None) -> Counts:
    """Remove what was filled in and still belongs to nobody else; return how many leads and people went.

    What real people added stays: their leads, also of a sample company or source, and a persona they have rewritten.
    A sample person whom a real record names stays as a name that can no longer sign in. A manager (`actor`) is refused
    when nobody could manage afterwards.
    """
    hold()
    if actor is not None and not managers_who_stay().exists():
        raise ValidationError(
            _("Nobody could manage Smarketing afterwards. Nothing was changed; first add a manager of your own.")
        )
    gone = standing.count()
    leads = list(marked(Kind.LEAD))
    _deals(leads)
    _talk()
    minding.disconnect()
    Submission.objects.filter(lead__in=leads).delete()
    ways.take_up()
    Lead.objects.filter(pk__in=leads).delete()
    _lessons()
    signing.unsign()
    ways.gone()
    _personas()
    for kind, model in ((Kind.CAMPAIGN, Campaign), (Kind.SOURCE, Source), (Kind.COMPANY, Company)):
        _take_away(model._default_manager.filter(pk__in=marked(kind)))
    for person in standing.people():
        transaction.on_commit(partial(departed.note, person.pk))
    _take_away(standing.people())
    for person in standing.people():
        person.is_active = False
        person.set_unusable_password()
        person.save(update_fields=["is_active", "password"])
    _forget()
    return gone


def _deals(leads: list[int]) -> None:
    """A deal that a real lead is part of stays, and becomes that lead's."""
    ours = Deal.objects.filter(leads__in=leads)
    shared = set(DealLead.objects.filter(deal__in=ours).exclude(lead__in=leads).values_list("deal", flat=True))
    Deal.objects.filter(pk__in=set(ours.values_list("pk", flat=True)) - shared).delete()
    Deal.objects.filter(pk__in=shared, handoff__lead__in=leads).update(handoff=None)
    DealLead.objects.filter(deal__in=shared, lead__in=leads).delete()
    for pk in shared:
        roles = DealLead.objects.filter(deal=pk)
        if not roles.filter(primary=True).exists():
            first = roles.earliest("pk")
            first.primary = True
            first.save(update_fields=["primary"])


def _talk() -> None:
    """What the sample people planned for themselves and whom they thanked; what real people said stays."""
    people = marked(Kind.PERSON)
    Notice.objects.filter(lead=None, person__in=people, actor__in=people).delete()
    Task.objects.filter(lead=None, owner__in=people, created_by__in=people).delete()
    ShoutOut.objects.filter(by__in=people).filter(Q(to=None) | Q(to__in=people)).delete()


def _lessons() -> None:
    """What was learned from them goes too, and what it foretold: the worker says the chances of who stays anew."""
    Snapshot.objects.exclude(model=None).update(model=None, probability=None)
    LearnedModel.objects.all().delete()
    Learning.objects.update(began_at=None, tried_at=None, outcomes_then=0, said="")


def _personas() -> None:
    """A persona that a person chose for a real lead, or has rewritten since, is theirs now."""
    for mark in SampleMark.objects.filter(kind=Kind.PERSONA):
        persona = Persona.objects.filter(pk=mark.row).first()
        if persona is None or persona.changed_at > mark.made_at or persona.leads.filter(persona_chosen=True).exists():
            continue
        recognised = list(persona.leads.values_list("pk", flat=True))
        Lead.objects.locked(recognised)
        persona.leads.update(persona=None)
        persona.delete()
        scoring.rescore(recognised)


def _take_away(rows: QuerySet[Any]) -> None:
    """Delete what nothing real refers to; the rest stays."""
    if _deleted(rows):
        return
    for row in rows:
        _deleted(rows.model._default_manager.filter(pk=row.pk))


def _deleted(rows: QuerySet[Any]) -> bool:
    try:
        with transaction.atomic():
            rows.delete()
    except ProtectedError:
        return False
    return True


def _forget() -> None:
    """Drop the marks of what is gone; people, sources and companies that stay go with the next removal."""
    models: dict[str, type[Model]] = {
        Kind.PERSON: User, Kind.LEAD: Lead, Kind.COMPANY: Company, Kind.SOURCE: Source, Kind.CAMPAIGN: Campaign,
        Kind.QUEUE: Queue, Kind.RULE: RoutingRule,
    }  # fmt: skip
    SampleMark.objects.filter(kind=Kind.PERSONA).delete()
    for kind, model in models.items():
        here = set(model._default_manager.filter(pk__in=marked(kind)).values_list("pk", flat=True))
        SampleMark.objects.filter(kind=kind).exclude(row__in=here).delete()
