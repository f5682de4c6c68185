"""Rows of the long tables, as strings: a template's loop takes three times as long over fifty rows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from django import template
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from smarketing.display.amounts import money, money_full
from smarketing.display.marks import escape, icon_markup, owner, score_badge, stage_chip
from smarketing.display.moments import age, day_of, due, moment, when

register = template.Library()


@register.simple_tag
def lead_lines(rows: Iterable[Any], now: datetime) -> SafeString:
    """The lead table's lines: what `leads.filters.Row` knows of each lead. Whatever is not a mark is escaped here."""
    leads, nobody, unplanned = reverse("leads:table"), gettext("Unowned"), gettext("No next action")
    lines = []
    for row in rows:
        company = escape(row.company or "")
        lines.append(
            f'<tr class="two-l"><th scope="row"><a href="{leads}{row.pk}/">{escape(row.name)}</a>'
            f"<span>{_beneath(row.named, row.job_title)}</span></th>"
            f'<td class="wide"><span class="co">{company}</span></td>'
            f'<td class="end">{stage_chip(row.stage, row.lane or "")}</td>'
            f'<td class="wide">{score_badge(row.grade, row.score)}</td>'
            f'<td class="wide">{owner(row.owner, "", nobody)}</td>'
            f'<td class="full"><span class="co narrow">{company}</span>'
            f"{due(row.next_action_at, row.next_action, now, none=unplanned)}</td>"
            f'<td class="n wide">{escape(money(row.value, row.currency))}</td>'
            f'<td class="wide"><span class="co">{escape(row.source)}</span></td>'
            f'<td class="n wide">{escape(age(row.last_activity_at, now))}</td></tr>\n'
        )
    return SafeString("".join(lines))


def _beneath(named: str, known: str | None) -> str:
    """What stands beneath a lead's name; where that is missing, and an e-mail or a phone stands for it, it says so."""
    return escape(", ".join(filter(None, (None if named else gettext("No name"), known))))


@register.simple_tag
def card_lines(cards: Iterable[Any], now: datetime) -> SafeString:
    """The cards of a lane: what `handoff.lanes.Card` knows of each lead; a sentence where there is none."""
    leads, nobody, unplanned = reverse("leads:table"), gettext("Unowned"), gettext("No next action")
    lines = []
    for card in cards:
        name, tag = escape(card.name), card.tag
        lines.append(
            f'<article class="card{" stale" if card.idle else ""}" id="c{card.pk}" data-lead="{card.pk}" '
            f'data-name="{name}" data-seen="{escape(card.seen)}"><div class="who">'
            f'<a class="cut" id="n{card.pk}" href="{leads}{card.pk}/">{name}</a>'
            f'<span class="cut">{_beneath(card.named, card.company)}</span></div>'
            '<button class="mv" type="button" aria-haspopup="menu" aria-expanded="false" '
            f'aria-labelledby="move-word n{card.pk}">{icon_markup("ellipsis")}</button>'
            f"{due(card.next_action_at, card.next_action, now, card.left, box=card.promise, none=unplanned)}"
            + (f'<span class="tag">{icon_markup(tag[0], "s")}{escape(tag[1])}</span>' if tag else "")
            + '<div class="foot">'
            + (f'<span class="val">{escape(money(card.amount, card.currency))}</span>' if card.amount else "")
            + f'{score_badge(card.grade, card.score)}<span class="push">{escape(age(card.since, now))}</span>'
            f"{owner(card.owner, '', nobody)}</div></article>\n"
        )
    return SafeString("".join(lines) or f'<p class="none">{escape(gettext("Nobody here"))}</p>')


@register.simple_tag
def move_lines(moves: Iterable[dict[str, Any]], lead: Any, seen: str) -> SafeString:
    """The items of a lead's 'Move to...' menu: what `handoff.forms.moves_from` knows of each move.

    A move that is not open says why; one that asks for something opens its form, and any other is done at once.
    """
    lines = []
    for move in moves:
        to, label = move["to"], escape(move["label"])
        said = f'<button type="button" role="menuitem" data-move-to="{to}" data-act="{label}"'
        address = _act(move["act"], get_script_prefix()) % lead.pk
        if move["why"]:
            said += f' aria-disabled="true" data-why="{escape(move["why"])}"'
        elif move["asks"]:
            said, label = f'{said} hx-get="{address}" hx-target="#act" hx-swap="innerHTML"', f"{label}…"
        else:
            values = escape(json.dumps({"seen": seen, "step": to}))
            said += f' hx-post="{address}" hx-vals="{values}" hx-swap="none"'
        lines.append(f"{said}>{stage_chip(to)}<span>{label}</span></button>\n")
    return SafeString("".join(lines))


@lru_cache(maxsize=256)
def _act(name: str, _prefix: str) -> str:
    """Where an act on a lead is done, but for the lead's number."""
    mark = 2**62 + 11
    return reverse("handoff:act", args=[mark, name]).replace("%", "%%").replace(str(mark), "%d")


@register.filter
def stretches(entries: Iterable[Any]) -> list[list[Any]]:
    """Entries of a timeline in their order: each comment by itself, and the lines that stand between two comments."""
    parts = groupby(entries, lambda line: line.pk if line.thread else None)
    return [list(lines) for _comment, lines in parts]


@register.simple_tag
def told_lines(entries: Iterable[Any], now: datetime) -> SafeString:
    """Lines of a timeline (see `handoff.telling.Told`): icon, sentence, words, and when."""
    zone, lines = timezone.get_current_timezone(), []
    today = day_of(now, zone)
    for line in entries:
        words, box = str(line.words), ""
        if line.chip:
            words += f" {stage_chip(line.chip)}"
        if line.amount is not None:
            words += f' <span class="num">{money_full(line.amount, line.currency)}</span>'
        if line.aside:
            words += f' <span class="mut">{escape(line.aside)}</span>'
        if line.said and line.short:
            words += f' <span class="ink2">{escape(line.said)}</span>'
        elif line.said:
            box = f'<div class="say">{conditional_escape(line.said)}</div>'
        if line.undo:
            box += (
                f'<a class="btn bare sm" href="{line.undo}" hx-post="{line.undo}" hx-swap="none">'
                f"{icon_markup('rotate-ccw', 's')}{escape(gettext('Undo'))}</a>"
            )
        hue = f' data-own="{line.own}"' if line.own else ""
        lines.append(
            f'<li{hue}><span class="ic">{icon_markup(line.icon, "s")}</span><div class="any"><p>{words}</p>{box}</div>'
            f"{moment(line.at, zone, today)}</li>\n"
        )
    return SafeString("".join(lines))


@register.simple_tag
def offer_lines(
    offers: Iterable[Any], chosen: int | None, before: int | None, after: int | None, keep: str
) -> SafeString:
    """The hand-offs of a group of the inbox: what `handoff.inbox.Line` knows of each."""
    inbox, keep, lines = reverse("handoff:inbox"), escape(keep), []
    for each in offers:
        icon, tag = each.tag
        place = f"{inbox}{each.pk}/{keep}"
        mark = {chosen: ' aria-current="true"', after: ' data-hotkey="j"', before: ' data-hotkey="k"'}.get(each.pk, "")
        moment = ""
        if each.ended_at:
            moment = f'<span class="t12 mut">{when(each.ended_at, each.now)}</span>'
        elif each.due_at:
            moment = due(each.due_at, left=each.left_for)
        lines.append(
            f'<a class="it" id="o{each.pk}" href="{place}" hx-get="{place}" hx-target="#main" hx-select="#main" '
            'hx-swap="outerMorph show:window:top" hx-push-url="true" hx-sync="#offers:replace"'
            f'{mark}><span class="row"><b class="grow cut">{escape(each.name)}</b>{moment}</span>'
            f'<span class="row t12"><span class="grow cut ink2">{escape(each.who)}</span>'
            f"{score_badge(each.grade, each.score) if each.score is not None else ''}</span>"
            f'<span class="row"><span class="why grow cut">{escape(each.why)}</span>'
            f'<span class="tag">{icon_markup(icon, "s")}{escape(tag)}</span></span></a>\n'
        )
    return SafeString("".join(lines))


@register.simple_tag
def option_lines(options: Iterable[Any]) -> SafeString:
    """What a list of a filter offers: each with `value`, `label` and whether it is `chosen`."""
    return SafeString(
        "".join(
            f'<option value="{escape(each.value)}"{" selected" if each.chosen else ""}>{escape(each.label)}</option>'
            for each in options
        )
    )
