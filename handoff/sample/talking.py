"""What the two teams say to each other and ask of each other: threads, tasks, both sides of a lead, thanks."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from accounts.choices import Team
from accounts.models import User
from handoff import conversation, shoutouts, sides, todo
from handoff.models import Comment
from handoff.sample import words
from handoff.sample.story import Story
from leads import clock
from leads.models import Activity, Lead
from personas.choices import Stage

#: So many of the last comments are answered, and so many leads have both sides noted.
ANSWERED, NOTED, ASKED = 14, 8, 9


def talk(story: Story) -> None:
    """The conversation of the last weeks, on what the story has left."""
    _answers(story)
    _sides(story)
    _tasks(story)
    _thanks(story)


def _answers(story: Story) -> None:
    """Most of what is said gets an answer from who is named, or from a colleague of the other team."""
    rng = story.rng
    said = Activity.objects.filter(lead__in=story.by_lead, kind="comment").select_related("actor", "lead")
    for comment in said.order_by("-at", "-pk")[:ANSWERED]:
        names = comment.data.get("mentions") or []
        other = [one for one in story.colleagues.values() if comment.actor and one.team != comment.actor.team]
        actor = next((one for one in other if one.username in names), None) or rng.choice(other)
        at = min(comment.at + timedelta(minutes=rng.uniform(20, 900)), story.end - timedelta(minutes=5))
        if at <= comment.at:
            continue
        with clock.at(at):
            reply = conversation.comment(comment.lead, actor=actor, text=rng.choice(words.ANSWERS), reply_to=comment)
        if comment.actor and rng.random() < 0.4 and at + timedelta(hours=1) < story.end:
            with clock.at(at + timedelta(minutes=rng.uniform(5, 55))):
                conversation.comment(comment.lead, actor=comment.actor, text=rng.choice(words.THANKED), reply_to=reply)
    edited = Comment.objects.filter(parent__lead__in=story.by_lead).order_by("-pk").first()
    if edited and edited.activity.actor:
        with clock.at(min(edited.activity.at + timedelta(minutes=3), story.end)):
            conversation.edit(edited.activity, actor=edited.activity.actor, text=f"{edited.activity.text} {words.MORE}")


def _sides(story: Story) -> None:
    middle = Lead.objects.filter(pk__in=story.by_lead, stage__in=[Stage.MOFU, Stage.BOFU]).order_by("-pk")
    for lead in middle.select_related("rep", "marketer")[:NOTED]:
        marketer = lead.marketer or story.colleagues["mia"]
        rep = lead.rep or story.colleagues["sam"]
        for team, actor, (known, needed) in (
            (Team.MARKETING, marketer, story.rng.choice(words.SIDE_OF_MARKETING)),
            (Team.SALES, rep, story.rng.choice(words.SIDE_OF_SALES)),
        ):
            with clock.at(_lately(story, 8)):
                sides.note(lead, actor=actor, team=team, known=known, needed=needed)


def _tasks(story: Story) -> None:
    """Some asked of the other team, one that comes every week, one that is late, one that is done."""
    rng = story.rng
    leads = list(
        Lead.objects.filter(pk__in=story.by_lead, stage=Stage.BOFU).select_related("rep").order_by("-pk")[:ASKED]
    )
    for number, lead in enumerate(leads):
        rep = lead.rep or story.colleagues["sam"]
        marketer = rng.choice([story.colleagues[name] for name in ("mia", "ines", "jonas")])
        actor, owner = (rep, marketer) if number % 2 else (marketer, rep)
        asked_at = _lately(story, 6)
        due = (story.end + timedelta(days=rng.choice([-1, 0, 0, 1, 2, 5]))).date()
        with clock.at(asked_at):
            task = todo.add(rng.choice(words.TASKS), actor=actor, owner=owner, lead=lead, due_on=due, remind=[0])
        if number == 3:
            with clock.at(story.end - timedelta(hours=3)):
                todo.finish(task, actor=owner)
    for name, title, repeat in words.ROUNDS:
        owner = story.colleagues[name]
        with clock.at(_lately(story, 5)):
            todo.add(title, actor=owner, owner=owner, due_on=_next_monday(story.end), repeat=repeat)


def _thanks(story: Story) -> None:
    lead = Lead.objects.filter(pk__in=story.by_lead, stage=Stage.CUSTOMER).order_by("-customer_since").first()
    for number, (by, to, text) in enumerate(words.THANKS):
        one: User | None = story.colleagues.get(to)
        with clock.at((story.end - timedelta(days=2 * (len(words.THANKS) - number))).replace(hour=9 + number)):
            shoutouts.thank(
                actor=story.colleagues[by], to=one, team="" if one else to, text=text,
                lead=lead if number == len(words.THANKS) - 1 else None,
            )  # fmt: skip


def _lately(story: Story, days: float) -> datetime:
    return story.end - timedelta(hours=story.rng.uniform(2, 24 * days))


def _next_monday(end: datetime) -> date:
    return (end + timedelta(days=7 - end.weekday())).date()
