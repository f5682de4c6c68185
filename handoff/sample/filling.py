"""Fill the sample company in: its people, its shared language, and the months of its story."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from accounts.models import User
from handoff import answers
from handoff.models import Notice, SampleMark
from handoff.sample import cast, signing, standing, words
from handoff.sample.minding import connect, mind
from handoff.sample.selling import Sales
from handoff.sample.standing import Counts, hold, marked
from handoff.sample.story import Marketing, Story
from handoff.sample.talking import talk
from handoff.sample.ways import lay_out
from leads import clock, editing, scoring
from leads.models import Activity, Campaign, Company, Lead, Outcome, Signal, Source, StageChange, Submission
from personas.choices import Stage
from personas.models import Persona

SEED = 20
Kind = SampleMark.Kind


@transaction.atomic
def fill(*, seed: int = SEED, end: datetime | None = None, leads: int = cast.LEADS) -> Counts:
    """Fill in the sample company, its story ending now; where it is already, nothing is done.

    The same seed tells the same story, up to the hours and days at which people work.
    """
    hold()
    if SampleMark.objects.filter(kind=Kind.LEAD).exists():
        return standing.count()
    end = end or timezone.now()
    begin = (end - timedelta(days=cast.DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    rng = Random(seed)
    colleagues = _people(begin)
    campaigns = _language(begin, end)
    companies_before = Company.objects.aggregate(newest=Max("pk"))["newest"] or 0
    signs = signing.may_sign()
    if signs:
        signing.first(colleagues, begin=begin)
    story = Story(rng, begin=begin, end=end, colleagues=colleagues)
    marketing = Marketing(story)
    Sales(story, marketing)
    for person in cast.people(rng, begin=begin, end=end, campaigns=campaigns, leads=leads):
        marketing.expect(person)
    if signs:
        story.plan(begin + (end - begin) * 0.6, lambda: signing.renew(colleagues))
        story.plan(end - timedelta(days=2), lambda: signing.propose(colleagues))
    with _no_collecting():
        story.tell()
    ours = list(story.by_lead)
    _mark(Kind.LEAD, ours)
    made = Company.objects.filter(leads__in=ours, pk__gt=companies_before).distinct()
    _mark(Kind.COMPANY, made.values_list("pk", flat=True))
    _this_week(story)
    talk(story)
    mind(story)
    connect(colleagues, at=begin)
    _as_it_happened(ours)
    _only_among_themselves(ours)
    scoring.rescore(ours, at=end)
    lay_out(colleagues, end)
    return standing.count()


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Half a minute of small objects: looking for garbage in between would take every eighth second."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _mark(kind: str, rows: Any) -> None:
    SampleMark.objects.bulk_create([SampleMark(kind=kind, row=row) for row in rows], ignore_conflicts=True)


def _people(begin: datetime) -> dict[str, User]:
    """The colleagues, by the name they have here; who was left behind by a removal comes back."""
    password = make_password(settings.SAMPLE_PASSWORD or None)
    before, found = set(marked(Kind.PERSON)), {}
    for colleague in words.PEOPLE:
        known = {"name": colleague.name, "team": colleague.team, "time_zone": colleague.time_zone}
        person = User.objects.filter(pk__in=before, name=colleague.name).first()
        if person is None:
            names = (colleague.username, *(f"{colleague.username}.sample{n or ''}" for n in range(99)))
            username = next(name for name in names if not User.objects.filter(username__iexact=name).exists())
            person = User(username=username, email=f"{username}@brightmeter.example", date_joined=begin)
        for name, value in {**known, "password": password, "is_active": True}.items():
            setattr(person, name, value)
        person.save()
        found[colleague.username] = person
    _mark(Kind.PERSON, [person.pk for person in found.values()])
    return found


def _language(begin: datetime, end: datetime) -> list[tuple[str, str, datetime, datetime]]:
    """Personas, sources and campaigns; those that are here under the same name are used as they are."""
    for known in words.PERSONAS:
        if not Persona.objects.filter(name__iexact=known["name"]).exists():
            _mark(Kind.PERSONA, [Persona.objects.create(**known).pk])
    sources: dict[str, Source] = {}
    for slug, name, channel, _share in words.SOURCES:
        sources[slug], made = Source.objects.get_or_create(slug=slug, defaults={"name": name, "channel": channel})
        _mark(Kind.SOURCE, [sources[slug].pk] if made else [])
    running = []
    for name, slug, first, last, cost in words.CAMPAIGNS:
        starts, ends = (begin + (end - begin) * share for share in (first, last))
        days: dict[str, date | None] = {"starts_on": starts.date(), "ends_on": None if last == 1.0 else ends.date()}
        if not Campaign.objects.filter(name__iexact=name).exists():
            made_here = Campaign.objects.create(name=name, source=sources[slug], cost=cost, **days)
            _mark(Kind.CAMPAIGN, [made_here.pk])
        running.append((name, slug, starts, ends))
    return running


def _this_week(story: Story) -> None:
    """What people plan to do next: some of it late, some due today, most of it later this week or the next."""
    rng, end = story.rng, story.end
    for stage, owner, actions, share in (
        (Stage.TOFU, "marketer", words.NEXT_NURTURE, 0.30),
        (Stage.MOFU, "rep", words.NEXT_CALL, 1.0),
        (Stage.BOFU, "rep", words.NEXT_DEAL, 1.0),
        (Stage.CUSTOMER, "rep", ["Ask how it goes", "Plan the second site"], 0.4),
    ):
        for lead in Lead.objects.filter(pk__in=story.by_lead, stage=stage).order_by("pk"):
            person = story.by_lead[lead.pk]
            actor = lead.rep if owner == "rep" else lead.marketer or person.marketer
            late = lead.next_action_at and lead.next_action_at < end - timedelta(days=4)
            if actor is None or rng.random() > share or (lead.next_action_at and not late):
                continue
            days = rng.choices([-2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 7.0, 11.0], weights=[1, 1, 3, 3, 3, 2, 2, 1])[0]
            due = (end + timedelta(days=days)).replace(hour=rng.randint(8, 16), minute=rng.choice([0, 30]), second=0)
            changes: dict[str, Any] = {"next_action": rng.choice(actions), "next_action_at": due}
            if owner == "marketer":
                changes["marketer"] = actor
            with clock.at(end - timedelta(minutes=rng.uniform(30, 3_000))):
                editing.edit(lead, actor=actor, changes=changes)
    answers.answer_signals(leads=story.by_lead)


def _as_it_happened(leads: list[int]) -> None:
    """Each row was written down when it happened, not in the minute in which the story is told."""
    for model, happened in ((Activity, "at"), (StageChange, "at"), (Outcome, "at"), (Signal, "at")):
        model._default_manager.filter(lead__in=leads).update(recorded_at=F(happened))
    Submission.objects.filter(lead__in=leads).update(received_at=F("at"), processed_at=F("at"))
    Lead.objects.filter(pk__in=leads).update(created_at=F("first_seen_at"))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_company company SET created_at = first.at FROM (SELECT company_id, min(first_seen_at) AS at "
            "FROM leads_lead GROUP BY 1) first WHERE first.company_id = company.id AND company.id = ANY(%s)",
            [list(marked(Kind.COMPANY))],
        )


def _only_among_themselves(leads: list[int]) -> None:
    """Nobody outside the sample hears of it, by mail least of all; what is older than three days has been read."""
    ours = Q(lead__in=leads) | Q(lead=None, actor__in=marked(Kind.PERSON))
    notices = Notice.objects.filter(ours)
    notices.exclude(person__in=marked(Kind.PERSON)).delete()
    notices.update(sent_at=F("written_at"))
    old = Q(written_at__lt=timezone.now() - timedelta(days=3))
    notices.filter(old).update(read_at=F("written_at") + timedelta(hours=5))
    with connection.cursor() as cursor:  # the story is told lead by lead; what is listed by number is listed by time
        cursor.execute(
            "UPDATE handoff_notice told SET id = place.id FROM (SELECT was, nextval(pg_get_serial_sequence("
            "'handoff_notice', 'id')) AS id FROM (SELECT id AS was FROM handoff_notice WHERE id = ANY(%s) "
            "ORDER BY written_at, id) AS in_order) AS place WHERE told.id = place.was",
            [list(notices.values_list("pk", flat=True))],
        )
