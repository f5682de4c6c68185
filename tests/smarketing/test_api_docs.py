"""docs/api.md tells the truth: its examples are sent in their order, and answer what it says."""

import json
import re
import shlex
from pathlib import Path

from accounts import tokens
from handoff.models import Deal
from handoff.tasks import catch_up
from leads.models import Campaign, Company, Lead, Submission
from tests.factories import make_user

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
EXAMPLE = re.compile(
    r"```sh\n(?P<curl>.+?)```\nAnswers (?P<status>\d+)(?P<rest>[^\n]*)(?:\n```json\n(?P<answer>.+?)```)?", re.S
)


MODELS = {"SUBMISSION": Submission, "LEAD": Lead, "DEAL": Deal, "COMPANY": Company, "CAMPAIGN": Campaign}


def sent(client, curl, variables):
    """Do what a curl command says, with the test client."""
    for name, value in variables.items():
        curl = curl.replace(f"${name}", str(value).replace('"', '\\"'))
    words = iter(shlex.split(curl.replace("\\\n", " ")))
    assert next(words) == "curl"
    method, body, headers, address = "", "", {}, ""
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _colon, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        else:
            assert not word.startswith("-"), word
            address = word.removeprefix("http://localhost:8000")
    content_type = headers.pop("Content-Type", "application/json" if not body else "")
    return client.generic(method or ("POST" if body else "GET"), address, body, content_type, headers=headers)


def agree(said, answer, where):
    """Every key that the page shows is in the answer, and no other; an empty box stands for whatever is in it."""
    if isinstance(said, dict) and said:
        assert said.keys() == answer.keys(), where
        for name, value in said.items():
            agree(value, answer[name], f"{where}.{name}")
    elif isinstance(said, list) and said:
        assert len(answer) == len(said), where
        agree(said[0], answer[0], where)
    elif isinstance(said, str) and not re.search(r"\d\d:\d\d|/\d|\.\.\.", said):
        assert answer == said, where
    elif said is None or isinstance(said, bool):
        assert answer is said, where


def test_every_example_answers_what_the_page_says(client):
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    variables = {"SMARKETING": "http://localhost:8000"}
    variables["REP_TOKEN"] = tokens.make(sam, name="docs", days=30)[1]
    variables["TOKEN"] = tokens.make(mia, name="docs", days=30)[1]
    examples = list(EXAMPLE.finditer(PAGE))
    assert len(examples) == PAGE.count("```sh") >= 15
    for example in examples:
        for name, model in MODELS.items():
            variables[name] = getattr(model.objects.order_by("-pk").first(), "pk", 0)
        response = sent(client, example["curl"], variables)
        assert response.status_code == int(example["status"]), (example["curl"], response.content)
        variables["ETAG"] = response.headers.get("ETag", "")
        if example["answer"]:
            agree(json.loads(example["answer"]), response.json(), example["curl"])
        catch_up()
