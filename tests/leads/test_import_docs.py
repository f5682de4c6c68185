"""docs/import.md says what is so: its examples are run, and its lists are the code's."""

import json
import re
from pathlib import Path

from leads.exchange.fields import COMPANY_FIELDS, DEAL_FIELDS, LEAD_FIELDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "import.md").read_text()
EXAMPLES = re.findall(r"```csv\n(.*?)```\n```json\n(.*?)```\n```text\n(.*?)\n```", PAGE, re.S)


def test_the_examples_of_the_page_do_what_it_says_and_the_second_time_nothing(run, file):
    assert len(EXAMPLES) == PAGE.count("```csv") == 4
    for number, (content, mapping, last) in enumerate(EXAMPLES):
        path = file(content, f"example{number}.csv")
        assert run(path, json.loads(mapping)).last == last
        assert "0 new, 0 updated" in run(path, json.loads(mapping)).last


def test_every_field_is_on_the_page():
    fields = [*LEAD_FIELDS, *(f"company.{name}" for name in COMPANY_FIELDS), *(f"deal.{name}" for name in DEAL_FIELDS)]
    assert [name for name in fields if f"`{name}`" not in PAGE] == []
