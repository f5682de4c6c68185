"""The funnel's steps, and what may become of a visit to each: words, hues and which way it went."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy

from handoff.models import Handoff
from personas.choices import Lane, Stage

#: Top to bottom: stages count visits, lanes of the shared middle count hand-offs that stood there.
STEPS = [Stage.TOFU, Lane.MQL, Lane.SAL, Lane.SQL, Stage.BOFU, Stage.CUSTOMER, Stage.OUT]
STAGES = [Stage.TOFU, Stage.BOFU, Stage.CUSTOMER, Stage.OUT]

#: Which way a visit went. `on` is forward, a skip included; `here` has not ended.
ON, BACK, OUT, HERE = "on", "back", "out", "here"
WAYS = {
    ON: gettext_lazy("moved on"),
    BACK: gettext_lazy("went back"),
    OUT: gettext_lazy("left the pipeline"),
    HERE: gettext_lazy("still here"),
}


class Fate(NamedTuple):
    """What became of a visit. `own` names the hue of where it went; a skip passed stages over."""

    key: str
    words: Any
    way: str
    own: str
    skip: bool = False


def _middle(on: Fate) -> list[Fate]:
    return [
        on,
        Fate("purchased", gettext_lazy("bought at once"), ON, "cus", skip=True),
        Fate("returned", gettext_lazy("returned"), BACK, "mkt"),
        Fate("recycled", gettext_lazy("recycled"), BACK, "mkt"),
        Fate("withdrawn", gettext_lazy("withdrawn"), BACK, "mkt"),
        Fate("disqualified", gettext_lazy("disqualified"), OUT, "out"),
        Fate("merged", gettext_lazy("merged with another lead"), OUT, "out"),
        Fate("here", gettext_lazy("still here"), HERE, "sys"),
    ]


FATES: dict[str, list[Fate]] = {
    Stage.TOFU: [
        Fate("mofu", gettext_lazy("to MOFU"), ON, "both"),
        Fate("bofu", gettext_lazy("skipped to BOFU"), ON, "sal", skip=True),
        Fate("bought", gettext_lazy("bought at once"), ON, "cus", skip=True),
        Fate("out", gettext_lazy("to OUT"), OUT, "out"),
        Fate("here", gettext_lazy("still here"), HERE, "sys"),
    ],
    Lane.MQL: _middle(Fate("accepted", gettext_lazy("accepted"), ON, "both")),
    Lane.SAL: _middle(Fate("qualified", gettext_lazy("qualified"), ON, "both")),
    Lane.SQL: _middle(Fate("qualified", gettext_lazy("opened a deal"), ON, "sal")),
    Stage.BOFU: [
        Fate("won", gettext_lazy("won"), ON, "cus"),
        Fate("bought", gettext_lazy("bought by themselves"), ON, "cus"),
        Fate("mofu", gettext_lazy("back to MOFU"), BACK, "both"),
        Fate("tofu", gettext_lazy("look again"), BACK, "mkt"),
        Fate("customer", gettext_lazy("stay a customer"), BACK, "cus"),
        Fate("out", gettext_lazy("to OUT"), OUT, "out"),
        Fate("here", gettext_lazy("still open"), HERE, "sys"),
    ],
    Stage.CUSTOMER: [
        Fate("mofu", gettext_lazy("offered again"), ON, "both"),
        Fate("tofu", gettext_lazy("to win back"), BACK, "mkt"),
        Fate("out", gettext_lazy("to OUT"), OUT, "out"),
        Fate("here", gettext_lazy("stayed"), HERE, "cus"),
    ],
    Stage.OUT: [
        Fate("tofu", gettext_lazy("came back"), ON, "mkt"),
        Fate("bought", gettext_lazy("bought at once"), ON, "cus", skip=True),
        Fate("here", gettext_lazy("still out"), HERE, "sys"),
    ],
}


#: What became of an offer as a whole, however far it came; each is one of them.
OFFER_FATES: list[Fate] = [
    Fate("won", gettext_lazy("won"), ON, "cus"),
    Fate("qualified", gettext_lazy("qualified"), ON, "both"),
    Fate("working", gettext_lazy("in work"), ON, "sal"),
    Fate("lost", gettext_lazy("deal lost"), BACK, "out"),
    Fate("returned", gettext_lazy("returned"), BACK, "mkt"),
    Fate("recycled", gettext_lazy("recycled"), BACK, "mkt"),
    Fate("withdrawn", gettext_lazy("withdrawn"), BACK, "mkt"),
    Fate("disqualified", gettext_lazy("disqualified"), OUT, "out"),
    Fate("merged", gettext_lazy("merged with another lead"), OUT, "out"),
    Fate("waiting", gettext_lazy("waiting for an answer"), HERE, "sys"),
]
#: Offers that sales has accepted and that have come neither to an end nor out of an open deal.
UNDER_WAY = ["working", "qualified"]


def fate(step: str, key: str) -> Fate:
    """What a ledger's word means at a step; a word that nobody foresaw still counts, as a way back."""
    known = next((known for known in FATES[step] if known.key == key), None)
    return known or Fate(key, Stage(key).label if key in Stage.values else key, BACK, "out")


def keys(step: str, way: str) -> list[str]:
    return [fate.key for fate in FATES[step] if fate.way == way]


#: How a visit began: the stage before it, or how the hand-off came about.
NEW = "new"
CAME: dict[str, Any] = {
    NEW: gettext_lazy("new"),
    Stage.TOFU: gettext_lazy("from TOFU"),
    Stage.MOFU: gettext_lazy("from MOFU"),
    Stage.BOFU: gettext_lazy("from BOFU"),
    Stage.CUSTOMER: gettext_lazy("from Customer"),
    Stage.OUT: gettext_lazy("from OUT"),
    Handoff.Origin.MARKETING: gettext_lazy("offered by marketing"),
    Handoff.Origin.LINE: gettext_lazy("ready by the agreement"),
    Handoff.Origin.HAND_RAISE: gettext_lazy("asked to talk"),
    Handoff.Origin.CLAIMED: gettext_lazy("claimed early"),
    Handoff.Origin.REROUTED: gettext_lazy("sent on to the right rep"),
    Handoff.Origin.REQUALIFY: gettext_lazy("back from a deal"),
    Handoff.Origin.EXPANSION: gettext_lazy("offered again as customers"),
    Handoff.Origin.IMPORTED: gettext_lazy("from a file"),
}


#: The ways by which visits to a step usually begin; the others are worth a line.
_USUAL_OFFERS = {NEW, Handoff.Origin.MARKETING, Handoff.Origin.LINE, Handoff.Origin.IMPORTED}
_EARLIER = _USUAL_OFFERS | {Handoff.Origin.HAND_RAISE, Handoff.Origin.CLAIMED, Handoff.Origin.REROUTED}
USUALLY: dict[str, set[str]] = {
    Stage.TOFU: {NEW},
    Lane.MQL: _USUAL_OFFERS,
    Lane.SAL: _EARLIER,
    Lane.SQL: _EARLIER,
    Stage.BOFU: {Stage.MOFU},
    Stage.CUSTOMER: {Stage.BOFU},
    Stage.OUT: {Stage.TOFU, Stage.MOFU, Stage.BOFU},
}


def step_label(step: str) -> str:
    """The name of a step; a word that is none stays as it came."""
    labels = {**dict(Stage.choices), **dict(Lane.choices)}
    return str(labels.get(step, step))


def came_words(key: str) -> str:
    return str(CAME.get(key, key))
