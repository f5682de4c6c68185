"""What the sample company's teams do about hand-offs besides answering them: put off, keep trying, rate, watch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import User
from handoff import lifecycle, watching
from handoff.models import Handoff, Hook, SampleMark
from handoff.sample import words
from handoff.sample.standing import marked
from handoff.sample.story import Story
from leads import clock, signed
from leads.models import Lead
from personas.choices import Lane, Stage

#: So many are put off, tried in vain, rated and watched.
PUT_OFF, TRIED, RATED, WATCHED = 4, 4, 90, 12
#: How often a lead of this end is called good, and a follow-up that came to it.
GOOD = {"qualified": (0.95, 0.9), "returned": (0.12, 0.55), "disqualified": (0.3, 0.75), "recycled": (0.6, 0.5)}
#: Where the company's hooks would lead; nobody answers there, so they are switched off.
HOST = "hooks.brightmeter.example"


def mind(story: Story) -> None:
    """Told on what the story has left, each at a moment of its last days."""
    _keep_trying(story)
    _put_off(story)
    _rate(story)
    _watch(story)


def _open(story: Story, most: int, **said: object) -> list[Handoff]:
    """Some that somebody holds, of several people; Sam's first, since who looks around signs in as him."""
    found = Handoff.objects.open().filter(lead__in=story.by_lead, owner__isnull=False, **said)
    rows = list(found.select_related("lead", "owner", "agreement").order_by("-attempts_made", "pk"))
    his = [row for row in rows if row.owner == story.colleagues["sam"]][: most // 2]
    return [*his, *(row for row in rows if row not in his)][:most]


def _keep_trying(story: Story) -> None:
    """Some have been tried as often as is agreed, and nobody has answered: sales may recycle them as unreachable."""
    for handoff in _open(story, TRIED, lane=Lane.SAL, first_attempt_at__isnull=False, first_contact_at=None):
        left = handoff.agreement.attempts - handoff.attempts_made
        begin = max(handoff.accepted_at or story.begin, story.end - timedelta(days=6))
        for number in range(left):
            kind, said = words.TRIES[number % len(words.TRIES)]
            with clock.at(begin + (story.end - begin) * (number + 1) / (left + 1)):
                lifecycle.log_touch(handoff.lead, actor=_owner(handoff), kind=kind, text=story.some(said))


def _put_off(story: Story) -> None:
    """Some are out of the inbox until a day, and say why."""
    for number, handoff in enumerate(_open(story, PUT_OFF, lane=Lane.MQL, snoozed_until=None)):
        at = max(handoff.offered_at, story.end - timedelta(hours=20 - 3 * number))
        until = (story.end + timedelta(days=1 + number)).replace(hour=8, minute=0, second=0, microsecond=0)
        with clock.at(min(at + timedelta(minutes=20), story.end - timedelta(minutes=1))):
            lifecycle.snooze(
                handoff.lead, actor=_owner(handoff), until=until, reason=words.PUT_OFF[number % len(words.PUT_OFF)]
            )


def _rate(story: Story) -> None:
    """Both teams say of the newest hand-offs what they think of the other's part; some they have not rated."""
    done = Handoff.objects.filter(lead__in=story.by_lead, end__in=GOOD).exclude(owner=None)
    for handoff in done.select_related("owner", "lead__marketer").order_by("-ended_at", "-pk")[:RATED]:
        assert handoff.ended_at is not None
        lead, follow_up = GOOD[handoff.end]
        for actor, share, rated in (
            (handoff.owner, lead, 0.75),
            (handoff.lead.marketer or story.colleagues["mia"], follow_up, 0.55),
        ):
            if actor and story.odds(rated):
                with clock.at(min(handoff.ended_at + timedelta(minutes=story.rng.uniform(5, 400)), story.end)):
                    lifecycle.rate(handoff, actor=actor, good=story.odds(share))


def _watch(story: Story) -> None:
    """Some leads are watched by whoever wants to know how it ends: a marketer, a manager."""
    followed = Lead.objects.filter(pk__in=story.by_lead, stage__in=[Stage.MOFU, Stage.BOFU]).order_by("-pk")
    watchers = [story.colleagues[name] for name in ("mia", "ruth", "sam", "ines")]
    for number, lead in enumerate(followed[:WATCHED]):
        with clock.at(story.end - timedelta(hours=story.rng.uniform(2, 90))):
            watching.choose(lead, actor=watchers[number % len(watchers)], on=True)


def connect(people: Mapping[str, User], *, at: datetime) -> None:
    """A chat and a program that would be told; they are switched off, so that nothing of a sample leaves."""
    ruth, why = people["ruth"], _("Part of the sample company: give it an address of your own.")
    for name, style, path, told in words.HOOKS:
        secret = signed.new_secret() if style == Hook.Style.WEBHOOK else ""
        Hook.objects.create(
            name=name, style=style, url=f"https://{HOST}{path}", secret=secret, kinds=told, made_by=ruth, made_at=at,
            disabled_at=at, disabled_why=why,
        )  # fmt: skip


def disconnect() -> None:
    """Take them away again; one that a person has led elsewhere is theirs, whoever made it."""
    ours = Hook.objects.filter(made_by__in=marked(SampleMark.Kind.PERSON))
    ours.filter(url__startswith=f"https://{HOST}/").delete()


def _owner(handoff: Handoff) -> User:
    assert handoff.owner is not None
    return handoff.owner
