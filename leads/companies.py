"""A person, or their program, mends what is known of a company; its leads are scored anew."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.models import User
from leads import clock, identity, learning, pipeline, scoring, timeline
from leads.models import Activity, Company, Lead


def lock(pk: int, *, names: dict[str, Any]) -> Company:
    """Hold a company and the names that it is about to take until this transaction ends: before its leads, as capture.

    Raises Company.DoesNotExist.
    """
    known: dict[str, Any] = dict(Company.objects.filter(pk=pk).values("name", "domain").first() or {})
    taken = {name: names.get(name, value) for name, value in known.items()}
    identity.hold([identity.Profile(company=said) for said in (known, taken)])
    return Company.objects.select_for_update(no_key=True).get(pk=pk)


@transaction.atomic
def edit(company: Company, *, actor: User, changes: dict[str, Any]) -> Company:
    """Change fields of a locked company; its leads' timelines tell it.

    Raises ValidationError where another one has its name or domain already.
    """
    changed = [name for name, value in changes.items() if getattr(company, name) != value]
    if not changed:
        return company
    before = {name: getattr(company, name) for name in changed}
    for name in changed:
        setattr(company, name, changes[name])
    _alone(company)
    company.save(update_fields=changed)
    leads = Lead.objects.locked(company.leads.values_list("pk", flat=True))
    at = clock.now()
    data = {"changes": {"company": [before, {name: changes[name] for name in changed}]}}
    timeline.record_many([Activity(lead=lead, kind="lead:edit", actor=actor, data=data, at=at) for lead in leads])
    counted = scoring.rescore([lead.pk for lead in leads], at=at)
    pipeline.notice_readiness(counted.crossed, at=at)
    learning.answer(counted)
    return company


def _alone(company: Company) -> None:
    others = Company.objects.exclude(pk=company.pk).annotate(lower=Lower("name"))
    if company.domain and others.filter(domain=company.domain).exists():
        raise ValidationError({"domain": _("Another company has this domain. Nothing was changed.")})
    if not company.domain and others.filter(domain="", lower=Lower(Value(company.name))).exists():
        raise ValidationError({"name": _("Another company has this name. Nothing was changed.")})
