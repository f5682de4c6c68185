"""The leak guard: fields that know the outcome already, because somebody fills them once it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Of so many closed and so many new leads at least, before fullness says anything.
CLOSED, NEW = 20, 10
#: A field is suspect when it is known in so much more of the closed leads, and in so many times as many.
FULLER, TIMES = 0.3, 1.5
#: ... or when somebody filled it in after the lead was created, in so great a share of those closed that have it.
LATER = 0.3


@dataclass(frozen=True)
class Finding:
    """A field, and what speaks against it: the shares of leads that have it."""

    name: str
    evidence: Mapping[str, Any]


def found(
    closed: Sequence[Mapping[str, Any]],
    new: Sequence[Mapping[str, Any]],
    filled_later: Iterable[tuple[str, int]],
) -> list[Finding]:
    """The suspect fields. `closed` and `new` hold what is known of leads with an outcome and without one.

    `filled_later` says of a field in how many of the closed leads it was filled in after the lead was created.
    """
    later = dict(filled_later)
    names = sorted({name for row in (*closed, *new) for name in row})
    findings = []
    for name in names:
        full = sum(_known(row.get(name)) for row in closed)
        if later.get(name, 0) >= max(LATER * full, 3) and len(closed) >= CLOSED:
            findings.append(Finding(name, {"kind": "later", "later": later[name], "of": full}))
            continue
        if len(closed) < CLOSED or len(new) < NEW:
            continue
        share, of_new = full / len(closed), sum(_known(row.get(name)) for row in new) / len(new)
        if share - of_new >= FULLER and share >= TIMES * of_new:
            findings.append(Finding(name, {"kind": "fuller", "closed": round(share, 3), "new": round(of_new, 3)}))
    return findings


def _known(value: Any) -> bool:
    return value is not None and value != ""
