"""Rules and queues are data: written, put in order and retired, never deleted, since decisions name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff.models import Handoff, Member, Queue, RoutingRule


class Place(NamedTuple):
    """What a queue says of one of its reps; without a weight or a limit the person's own count."""

    weight: int | None = None
    capacity: int | None = None


@transaction.atomic
def save_rule(rule: RoutingRule | None = None, **said: Any) -> RoutingRule:
    """Write a rule, or change one; a new one is asked last."""
    order = _rules()
    if rule is None:
        last = order.aggregate(last=Max("position"))["last"] or 0
        rule = RoutingRule(position=last + 1)
    else:
        rule = order.get(pk=rule.pk)
    for name, value in said.items():
        setattr(rule, name, value)
    if rule.rep and (not rule.rep.is_active or rule.rep.team != Team.SALES):
        raise ValidationError({"target": _("%(who)s is not an active rep of sales.") % {"who": rule.rep}})
    _in_order("size", rule.size_from, rule.size_to)
    _in_order("value", rule.value_from, rule.value_to)
    rule.full_clean()
    rule.save()
    return rule


@transaction.atomic
def move_rule(rule: RoutingRule, *, up: bool) -> None:
    """Ask a rule one place earlier or later; the first and the last stay where they are."""
    rules = list(_rules().filter(retired=False).order_by("position", "pk").select_for_update())
    at = next((number for number, one in enumerate(rules) if one.pk == rule.pk), None)
    if at is None:
        raise ValidationError(_("This rule is retired. Nothing was changed."))
    to = at - 1 if up else at + 1
    if not 0 <= to < len(rules):
        return
    rules[at], rules[to] = rules[to], rules[at]
    for number, one in enumerate(rules, 1):
        one.position = number
    RoutingRule.objects.bulk_update(rules, ["position"])


@transaction.atomic
def retire_rule(rule: RoutingRule, *, retired: bool = True) -> None:
    """Ask a rule no more, or again, at the end."""
    rule = _rules().select_for_update().get(pk=rule.pk)
    if not retired and rule.queue and rule.queue.retired:
        raise ValidationError(_("Its queue %(queue)s is retired: choose another first.") % {"queue": rule.queue})
    rule.retired = retired
    if not retired:
        rule.position = (RoutingRule.objects.aggregate(last=Max("position"))["last"] or 0) + 1
    rule.save(update_fields=["retired", "position"])


@transaction.atomic
def save_queue(queue: Queue | None = None, *, name: str, way: str, members: Mapping[int, Place] | None = None) -> Queue:
    """Write a queue and who is in it; everybody of sales is in the queue of everybody, by themselves."""
    queue = Queue.objects.select_for_update(no_key=True).get(pk=queue.pk) if queue else Queue()
    same = Queue.objects.active().filter(name__iexact=name).exclude(pk=queue.pk or 0)
    if same.exists():
        raise ValidationError({"name": _("There is a queue of this name already. Everything else was kept.")})
    queue.name, queue.way = name, way
    queue.save()
    if queue.everybody or members is None:
        return queue
    if not members:
        raise ValidationError(_("A queue needs somebody who claims from it. Everything else was kept."))
    queue.members.exclude(rep__in=members).delete()
    Member.objects.bulk_create(
        [Member(queue=queue, rep_id=rep, **place._asdict()) for rep, place in members.items()],
        update_conflicts=True, unique_fields=["queue", "rep"], update_fields=["weight", "capacity"],
    )  # fmt: skip
    return queue


@transaction.atomic
def retire_queue(queue: Queue) -> int:
    """Use a queue no more; what still lies in it goes to everybody. Returns how many hand-offs that were."""
    everybody = Queue.objects.select_for_update(no_key=True).get(everybody=True)
    queue = Queue.objects.select_for_update(no_key=True).get(pk=queue.pk)
    if queue.everybody:
        raise ValidationError(_("This queue stays: what no rule sends elsewhere lies here."))
    if rule := queue.rules.filter(retired=False).first():
        raise ValidationError(
            _("The rule %(rule)s sends leads here: change or retire it first. Nothing was changed.") % {"rule": rule}
        )
    moved = Handoff.objects.open().filter(queue=queue, owner=None).update(queue=everybody)
    queue.retired = True
    queue.save(update_fields=["retired"])
    return moved


def reps() -> list[User]:
    """Who can be in a queue or be named by a rule."""
    return list(User.objects.on(Team.SALES))


def _rules() -> Any:
    return RoutingRule.objects.order_by("position", "pk")


def _in_order(name: str, least: Any, most: Any) -> None:
    if least is not None and most is not None and least > most:
        raise ValidationError({f"{name}_to": _("This lies below the least. Everything else was kept.")})
