"""`{% load look %}`: the display tags, which `smarketing.display` draws."""

from django import template

from smarketing.display import amounts, marks, moments

register = template.Library()
for tag in (
    marks.icon, marks.glyph, marks.own, marks.stage_chip, marks.track, marks.team_mark, marks.owner, marks.person,
    marks.initials, marks.score_badge, marks.score_ring,
    moments.business_time, moments.due, moments.age, moments.when, moments.ago,
    amounts.money, amounts.money_full, amounts.count, amounts.share,
):  # fmt: skip
    register.simple_tag(tag)
