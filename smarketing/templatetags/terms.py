"""The shared words with their meaning beside them, as the agreement in force has it."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from accounts.models import User
from handoff import glossary, notices
from handoff.models import Task
from handoff.models.task import TaskQuerySet
from leads.models import Lead
from smarketing.display.marks import icon_markup

register = template.Library()


@register.simple_tag
def sentences(*said: Any) -> SafeString:
    """Sentences one after another, each with its one full stop; empty ones are left out."""
    return escape(notices.sentences(*(str(one) for one in said if one)))


@register.simple_tag
def to_mend(lead: Lead, user: User) -> TaskQuerySet:
    """What sales returned this lead for and is still to be mended: whoever edits the record reads it first."""
    tasks = Task.objects.visible_to(user).open().filter(lead=lead, handoff__isnull=False)
    return tasks.select_related("handoff__reason", "handoff__ended_by").order_by("pk")


@register.simple_tag(takes_context=True)
def term(context: Any, name: str, words: Any = "", at: Any = "", mark: bool = False) -> SafeString:
    """A word that says what it means when it is pressed, or hovered over: `words` as they stand here, or only a mark.

    `at` tells two of the same word on one page apart. What is no word of the agreement stands as it is. Costs no query:
    the shell has counted which version is in force.
    """
    counts = context.get("nav_counts")
    agreed = counts["agreement"] if counts else None
    told = glossary.of(agreed, get_language() or "en") if agreed else None
    entry = told.entries.get(str(name)) if told else None
    if told is None or entry is None:
        return SafeString("") if mark else escape(words or name)
    key = f"term-{name}-{at}" if at else f"term-{name}"
    shown = icon_markup("circle-help", "s") if mark else escape(words or entry.word)
    label = f' aria-label="{escape(gettext("What %(word)s means") % {"word": entry.word})}"' if mark else ""
    source = escape(gettext("Agreement v%(version)d") % {"version": told.version})
    return SafeString(
        f'<button type="button" class="term{" mark" if mark else ""}" popovertarget="{escape(key)}"'
        f' title="{escape(entry.text)}"{label}>{shown}</button>'
        f'<span class="menu term-box" popover id="{escape(key)}" role="note"><b>{escape(entry.word)}</b>'
        f"<span>{escape(entry.text)}</span>"
        f'<a class="lnk t12" href="{reverse("handoff:agreement")}">{source}</a></span>'
    )
