"""While people come in by every door a server goes away, or the worker is killed: whoever was let in is there, once."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.core.management import call_command

from accounts.models import ApiToken
from leads.models import Activity, Lead, Submission
from tests.factories import make_user
from tests.leads.test_webforms import make_form, token
from tests.smarketing.house import SITE, as_json, house, running

__all__ = ["house", "running"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("installations")]
FORM = "application/x-www-form-urlencoded"


class Load:
    """Visitors of a form, a program at the API and browsers of a website, each going on until they are let in."""

    def __init__(self, house, name):
        self.house, self.name = house, name
        self.form = make_form(name=name)
        self.api_token = ApiToken.objects.create(make_user("mia"))[1]
        self.tokens = [token(self.form) for _number in range(500)]
        self.refused, self.came, self.over = [], [], threading.Event()

    def email(self, number):
        return f"{self.name}-{number}@firm{number % 7}.example"

    def fills_in_the_form(self, number):
        said = {"token": self.tokens[number], "name": "Lena", "email": self.email(number)}
        here = f"10.1.{number // 250}.{number % 250}"
        address = f"/f/{self.form.public_id}"
        return self.house.ask("POST", address, urlencode(said).encode(), address=here, Content_Type=FORM), 303

    def posts_to_the_api(self, number):
        headers = {"Authorization": f"Token {self.api_token}", "Idempotency_Key": self.email(number)}
        body = as_json({"name": "Lena", "email": self.email(number)})
        return self.house.ask("POST", "/api/v1/leads/", body, Content_Type="application/json", **headers), 202

    def says_who_they_are(self, number, ids={}):  # noqa: B006 - a browser sends the same ids again
        visitor, view, word = ids.setdefault(self.email(number), [str(uuid4()) for _id in range(3)])
        page = {"url": f"{SITE}/pricing", "ago": 0}
        events = [{**page, "id": view}, {**page, "id": word, "identify": {"email": self.email(number)}}]
        body = as_json({"visitor": visitor, "consent": True, "landing": {"url": SITE}, "events": events})
        here = f"10.2.{number // 250}.{number % 250}"
        return self.house.ask("POST", "/t", body, address=here, Content_Type="text/plain", Origin=SITE), 204

    def comes(self, door, numbers):
        """One after the other by this door, until it is over; who was begun with is let in."""
        for number in numbers:
            answer, wanted = door(number)
            while answer.status != wanted:
                self.refused.append(answer)
                assert len(self.refused) < 1_000, answer
                time.sleep(0.1)
                answer, wanted = door(number)
            self.came.append(self.email(number))
            if self.over.is_set():
                return
            time.sleep(0.02)

    def while_they_come(self, break_it):
        """Let them come, break something in their midst, and let them come a while longer."""
        doors = [self.fills_in_the_form, self.posts_to_the_api, self.says_who_they_are]
        with ThreadPoolExecutor(6) as people:
            lines = [people.submit(self.comes, door, range(at, 500, 6)) for at, door in enumerate([*doors, *doors])]
            time.sleep(0.5)
            break_it()
            time.sleep(1)
            self.over.set()
            for line in lines:
                line.result(60)
        self.house.settle()

    def assert_each_is_one_lead(self):
        kept = Submission.objects.filter(payload__email__startswith=f"{self.name}-")
        assert Counter(kept.values_list("payload__email", flat=True)) == Counter(self.came)
        leads = Lead.objects.filter(email__startswith=f"{self.name}-")
        assert Counter(leads.values_list("email", flat=True)) == Counter(self.came)
        assert set(kept.values_list("lead", flat=True)) == set(leads.values_list("pk", flat=True))
        lines = Activity.objects.filter(lead__in=leads)
        visits = kept.filter(way="tracker").count()
        assert (lines.exclude(kind="web:page").count(), lines.filter(kind="web:page").count()) == (kept.count(), visits)
        assert set(kept.values_list("way", flat=True)) == {"form", "api", "tracker"}
        call_command("check_pipeline")


def test_with_redis_stopped_everybody_is_let_in_and_nobody_waits_for_it(house):
    load = Load(house, "redis")
    load.while_they_come(lambda: house.stop_redis(seconds=2))
    assert load.refused == []
    load.assert_each_is_one_lead()


def test_while_postgresql_restarts_they_are_told_to_come_again_and_who_does_is_in_once(house):
    load = Load(house, "postgresql")
    load.while_they_come(house.restart_database)
    assert not [answer for answer in load.refused if answer.status != 503], "".join(house.said[-150:])
    assert load.refused
    said = {"The database is away", "the database cannot be reached", "cannot be kept at the moment"}
    assert all(any(words in answer.text for words in said) for answer in load.refused), load.refused
    load.assert_each_is_one_lead()


def test_what_a_killed_worker_had_in_hand_is_done_by_the_next(house):
    load = Load(house, "worker")
    load.while_they_come(house.kill_worker)
    assert load.refused == []
    load.assert_each_is_one_lead()


def test_a_hundred_who_send_one_address_by_the_hosted_form_at_once_are_one_lead(house):
    form = make_form(name="hundred")
    said = [{"token": token(form), "email": "lena@hundred.example", "message": f"Question {n}"} for n in range(100)]
    together = threading.Barrier(100)

    def sends(number):
        together.wait()
        body, here = urlencode(said[number]).encode(), f"10.3.0.{number}"
        return house.ask("POST", f"/f/{form.public_id}", body, address=here, Content_Type=FORM).status

    with ThreadPoolExecutor(100) as visitors:
        assert Counter(visitors.map(sends, range(100))) == {303: 100}
    house.settle()
    lead = Lead.objects.get(email="lena@hundred.example")
    assert (lead.submissions.count(), lead.activities.filter(kind="form:submit").count()) == (100, 100)
    assert Submission.objects.filter(webform=form).count() == 100
    call_command("check_pipeline")


def test_fifty_megabytes_and_ten_thousand_fields_are_refused_in_a_sentence_and_nothing_is_kept(house):
    form, key = make_form(name="big"), ApiToken.objects.create(make_user("mia"))[1]
    page, before = f"/f/{form.public_id}", Submission.objects.count()
    big = house.ask("POST", page, b"email=" + b"x" * 50 * 2**20, Content_Type=FORM)
    assert (big.status, "more than a form holds (256 kB). Nothing was kept." in big.text) == (413, True)
    fields = {f"field{number}": "x" for number in range(10_000)}
    many = house.ask("POST", page, urlencode({"token": token(form), **fields}).encode(), Content_Type=FORM)
    assert (many.status, "more than 200 fields. Nothing was kept." in many.text) == (413, True)
    headers = {"Authorization": f"Token {key}", "Content_Type": "application/json"}
    assert house.ask("POST", "/api/v1/leads/", b'{"name": "' + b"x" * 50 * 2**20 + b'"}', **headers).status == 413
    odd = house.ask("POST", "/api/v1/leads/", as_json({"email": "lena@big.example", **fields}), **headers)
    assert (odd.status, "This is not a field of a lead." in odd.text) == (422, True)
    assert house.ask("POST", "/t", b"x" * 50 * 2**20, Content_Type="text/plain", Origin=SITE).status == 413
    assert Submission.objects.count() == before
    small = {"token": token(form), "email": "lena@big.example"}
    assert house.ask("POST", page, urlencode(small).encode(), Content_Type=FORM).status == 303


def test_a_flood_of_robots_on_one_form_is_told_to_come_later_and_people_still_get_in(house):
    form = make_form(name="flood")
    page, word = f"/f/{form.public_id}", token(form)

    def robot(number):
        said = {"token": word, "email": f"robot{number}@flood.example", "homepage": "https://spam.example"}
        return house.ask("POST", page, urlencode(said).encode(), address="10.4.0.1", Content_Type=FORM)

    with ThreadPoolExecutor(8) as robots:
        answers = list(robots.map(robot, range(300)))
    shut = [answer for answer in answers if answer.status == 429]
    kept = Submission.objects.filter(webform=form)
    assert len(shut) >= 300 - 2 * 30  # a minute may end meanwhile
    assert kept.count() == 300 - len(shut)
    assert all("Please send it again in" in answer.text and int(answer.headers["retry-after"]) <= 60 for answer in shut)
    person = urlencode({"token": word, "email": "lena@flood.example"}).encode()
    assert house.ask("POST", page, person, address="10.4.0.2", Content_Type=FORM).status == 303
    house.settle()
    assert Lead.objects.get(email__endswith="@flood.example").email == "lena@flood.example"
    assert kept.exclude(held_for=None).count() == kept.count() - 1
    call_command("check_pipeline")
