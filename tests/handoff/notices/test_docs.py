"""docs/operate.md says what a program gets, and what can be set: its example is what is posted."""

import json
import re
from pathlib import Path

from handoff.models import Hook, Notice
from handoff.notices import words
from tests.factories import make_lead, make_user

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "operate.md").read_text()


def shape(said):
    return {name: shape(value) for name, value in said.items()} if isinstance(said, dict) else type(said).__name__


def test_the_example_of_the_page_is_what_a_program_gets():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    sam, lead = make_user("sam", team="sales"), make_lead(name="Katrin Hofer")
    notice = Notice(
        kind="handoff:accept", lead=lead, actor=sam, text="Sam accepted Katrin Hofer.", event="handoff:7:accept"
    )
    posted = words.post(Hook(style=Hook.Style.WEBHOOK), [type("Delivery", (), {"notice": notice})()]).data
    said = json.loads(example)
    assert shape(posted) == shape(said)
    assert {**posted["data"], "lead": 0} == {**said["data"], "lead": 0}
    assert posted["type"] == said["type"]


def test_what_can_be_set_is_on_the_page_and_in_the_example_of_the_environment():
    for name in ("REPLY_ADDRESS", "WEBHOOK_NETWORKS", "LIVE_URL"):
        assert f"`{name}`" in PAGE
        assert f"#{name}=" in (ROOT / ".env.example").read_text()
