"""How figures are written: a number that opens what it counts, a share, a length of time.

They stand in lists of hundreds, so they build strings; what is not constant is escaped.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dashboards.figures import Number, Share
from dashboards.verdicts import Rating, Row, Verdicts

register = template.Library()
MINUS = "\N{MINUS SIGN}"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@register.simple_tag
def opens(number: Number, words: str, classes: str = "n") -> SafeString:
    """Words that open the rows of a number; `data-count` says how many it promises."""
    href = escape(number.href)
    return SafeString(f'<a class="{escape(classes)}" href="{href}" data-count="{number.count}">{escape(words)}</a>')


@register.simple_tag(name="number")
def number_tag(number: Number, classes: str = "n") -> SafeString:
    """A count that opens what it counts."""
    return opens(number, number_format(number.count, use_l10n=True, force_grouping=True), classes)


@register.simple_tag
def percent(share: Share) -> str:
    """`7.5%`; a dash of nothing."""
    return "-" if share.percent is None else f"{number_format(share.percent, decimal_pos=1)}%"


@register.simple_tag
def rate(share: Share, tag: str = "span") -> SafeString:
    """A share beneath its number, `75.0%`, with the base where it is small: `75.0% of 4`; nothing of nothing."""
    if share.percent is None:
        return SafeString("")
    words = (
        _("%(percent)s of %(n)d") % {"percent": percent(share), "n": share.whole} if share.on_few else percent(share)
    )
    classes = "" if tag == "small" else ' class="sub"'
    return SafeString(f"<{tag}{classes}>{escape(words)}</{tag}>")


@register.simple_tag
def rated(rating: Rating) -> SafeString:
    """How many were called good of how many that were rated, each opening what it counts, with the share beneath."""
    words = escape(_("%(good)s of %(rated)s")) % {"good": number_tag(rating.good), "rated": number_tag(rating.rated)}
    return SafeString(f'{words}<span class="sub">{escape(percent(rating.share))}</span>')


@register.simple_tag
def alone(figures: Verdicts, row: Row) -> str:
    """The address of one row of a table alone."""
    return figures.only(row)


@register.simple_tag
def measure(value: float | None, digits: int = 3) -> str:
    """A measure to so many digits: an area under a curve, a log loss; a dash of none."""
    return "-" if value is None else number_format(round(value, digits), decimal_pos=digits)


@register.simple_tag
def part(share: float | None, digits: int = 1) -> str:
    """A share from 0 to 1 in percent, `7.5%`; a dash of none."""
    return "-" if share is None else f"{number_format(round(100 * share, digits), decimal_pos=digits)}%"


@register.simple_tag
def decimal(value: Decimal) -> str:
    return number_format(value, decimal_pos=1)


@register.simple_tag
def length(span: timedelta | None) -> str:
    """A length of time in whole days, hours or minutes; a dash of nothing."""
    if span is None:
        return "-"
    size = abs(span)
    if size >= 2 * DAY:
        words = _("%(n)s d") % {"n": number_format(round(size / DAY), force_grouping=True)}
    elif size >= HOUR:
        words = _("%(n)s h") % {"n": round(size / HOUR)}
    else:
        words = _("%(n)s min") % {"n": round(size.total_seconds() / 60)}
    return MINUS + words if span < timedelta(0) and size >= HOUR else words
