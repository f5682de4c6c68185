"""Folded templates draw what Django's own draw."""

import re

import pytest
from django.template import Context, Engine
from django.template.engine import Engine as DjangoEngine
from django.test import override_settings
from django.urls import NoReverseMatch, set_script_prefix
from django.utils import translation

from smarketing.folding import fold
from tests.factories import make_handoff, make_user

ENGINE = Engine(libraries={"i18n": "django.templatetags.i18n", "look": "smarketing.templatetags.look"})


def both(source, **given):
    """What the same source draws plain and folded, each twice."""
    drawn = []
    for folds in (False, True):
        template = ENGINE.from_string("{% load i18n look %}" + source)
        if folds:
            fold(template.nodelist)
        drawn += [template.render(Context(given)), template.render(Context(given))]
    return drawn


@pytest.mark.parametrize(
    "source",
    [
        '{% translate "Add a task" %} {% icon "plus" "s" %}{% if n %}{% translate "100%% sure" %}{% endif %}',
        '{% for one in many %}{% url "handoff:act" one "accept" %}{% glyph "mql" %}{% empty %}-{% endfor %}',
        '{% url "handoff:act" n word as address %}{{ address }} {% url "nowhere" n as nothing %}{{ nothing }}',
        '{% with word="claim" %}{% url "handoff:act" n word %}{% url "leads:table" %}{% endwith %}',
        '{% translate "Add" as add %}{{ add }}{% translate word %}{% url "handoff:act" pk=n name="win" %}',
    ],
)
def test_what_is_folded_reads_the_same(source):
    drawn = both(source, n=7, many=[1, 22, 333], word="accept")
    assert len(set(drawn)) == 1, drawn


def test_an_address_that_does_not_exist_is_refused_as_ever():
    template = ENGINE.from_string('{% url "handoff:lead" n %}')
    fold(template.nodelist)
    assert template.render(Context({"n": 5})) == "/leads/5/"
    for wrong in (-5, "five", None):
        with pytest.raises(NoReverseMatch):
            template.render(Context({"n": wrong}))


def test_addresses_follow_where_the_product_is_mounted():
    template = ENGINE.from_string('{% url "handoff:lead" n %}')
    fold(template.nodelist)
    template.render(Context({"n": 5}))
    set_script_prefix("/crm/")
    try:
        assert template.render(Context({"n": 6})) == "/crm/leads/6/"
    finally:
        set_script_prefix("/")


def test_each_language_has_its_own_words():
    engine = DjangoEngine.get_default()
    loader = engine.template_loaders[0]
    english = loader.get_template("registration/logged_out.html")
    with translation.override("de"):
        german = loader.get_template("registration/logged_out.html")
        assert loader.get_template("registration/logged_out.html") is german
    assert german is not english


@pytest.mark.parametrize("address", ["/", "/leads/", "/pipeline/", "/inbox/", "/leads/{lead}/"])
def test_a_page_is_the_same_folded_and_plain(client, settings, address):
    handoff = make_handoff(name="Katrin Hofer")
    client.force_login(make_user("sam", team="sales"))
    address = address.format(lead=handoff.lead_id)
    plain = [
        {
            **settings.TEMPLATES[0],
            "OPTIONS": {
                **settings.TEMPLATES[0]["OPTIONS"],
                "loaders": settings.TEMPLATES[0]["OPTIONS"]["loaders"][0][1],
            },
        }
    ]
    client.get(address)
    folded = page(client, address)
    with override_settings(TEMPLATES=plain):
        assert page(client, address) == folded


def page(client, address):
    drawn = client.get(address).content.decode()
    return re.sub(r'(csrfmiddlewaretoken" value|csrf-token" content)="\w+"', "", drawn)
