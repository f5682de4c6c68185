"""Whatever the product writes on a timeline has words of its own; what a sender invents is told by its name."""

import ast
from pathlib import Path

import pytest

import handoff
import leads
from handoff import telling
from handoff.forms import TOUCHES
from handoff.lifecycle import offers
from leads.capture import CAME_BY
from leads.definition import ACTIONS
from leads.models import Activity
from leads.models.scoring import default_points
from leads.timeline import GROUPS
from tests.factories import make_lead, make_user

#: What writes lines of a timeline, with the kind as a keyword or as the second of what it is given.
WRITERS = {"record", "_record", "log", "log_touch", "touch", "Activity"}
#: Kinds that are put together where they are written.
COMPOSED = {"handoff:recycle", "handoff:withdraw", "handoff:claim"}


def recorded():
    """Every kind that a line of our code can write, read from the code itself."""
    found = set(COMPOSED) | set(CAME_BY.values()) | set(TOUCHES) | set(ACTIONS)
    for package in (handoff, leads):
        for path in Path(package.__path__[0]).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            tree = ast.parse(path.read_text())
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in WRITERS:
                    said = [part.value for part in node.keywords if part.arg == "kind"] + node.args[1:2]
                    found |= {part.value for one in said for part in ast.walk(one) if isinstance(part, ast.Constant)}
                if isinstance(node, ast.Dict):  # what the story of the sample company lets people do
                    for key, value in zip(node.keys, node.values, strict=True):
                        if isinstance(key, ast.Constant) and key.value == "kind" and isinstance(value, ast.Constant):
                            found.add(value.value)
    spaces = {kind.partition(":")[0] for kind in telling.KINDS} | {name for names in GROUPS.values() for name in names}
    known = (kind for kind in found if isinstance(kind, str) and not kind.endswith(":"))  # the rest is put together
    return {kind for kind in known if kind.partition(":")[0] in spaces}


def test_the_kinds_that_the_code_writes_are_found():
    assert recorded() >= {"event:met", "form:newsletter", "web:order", "call:spoke", "handoff:offer", "deal:win"}
    assert "'handoff:claim'" in offers.CLAIM


@pytest.mark.parametrize("kind", sorted(recorded()))
def test_every_kind_that_we_write_has_words(kind):
    assert kind in telling.KINDS


def test_points_are_given_for_kinds_with_words():
    assert {part["kind"] for part in default_points()["engagement"]} <= set(telling.KINDS)


def test_a_timeline_tells_each_kind_in_its_words(client):
    lead, mia = make_lead(), make_user("mia")
    Activity.objects.bulk_create(Activity(lead=lead, kind=kind, actor=mia) for kind in ("event:met", "web:calculator"))
    client.force_login(mia)
    text = client.get(lead.get_absolute_url()).text
    assert "<b>Mia</b> met them at an event" in text
    assert "Web, calculator" in text


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("2026-12-04", "Fri 4 Dec 2026"),
        ("2026-12-04T08:30:00+00:00", "Fri 4 Dec 2026 09:30"),
        ("20201212123", "20201212123"),
        ("2026-02-31", "2026-02-31"),
        ("2026-12-04 or later", "2026-12-04 or later"),
    ],
)
def test_a_change_tells_days_and_moments_as_its_reader_says_them_and_nothing_else_as_one(client, kept, told):
    mia, lead = make_user("mia", time_zone="Europe/Vienna"), make_lead()
    changes = {"value": ["before", kept]}
    Activity.objects.create(lead=lead, kind="lead:edit", actor=mia, data={"changes": changes})
    client.force_login(mia)
    assert f"before → {told}<" in client.get(lead.get_absolute_url()).text.replace("\n", "<")
