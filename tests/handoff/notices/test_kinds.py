"""Whatever people are told of has a name, so that they can choose how it reaches them."""

import ast
from pathlib import Path

from handoff.notices.kinds import GROUPS, KINDS, kind_of

ROOT = Path(__file__).resolve().parents[3]


def written():
    """The kinds that the code names where it leaves a notice."""
    for path in ROOT.glob("handoff/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("write", "Telling"):
                for word in node.keywords:
                    if word.arg == "kind" and isinstance(word.value, ast.Constant):
                        yield word.value.value


def test_every_kind_that_is_written_can_be_chosen():
    found = set(written())
    assert {"deal:win", "comment:mention", "handoff:accept"} <= found
    assert found <= set(KINDS)


def test_every_kind_stands_in_a_group_and_an_unknown_one_is_told_too():
    assert {kind.group for kind in KINDS.values()} == set(GROUPS)
    assert kind_of("nobody:knows").mail == "daily"
