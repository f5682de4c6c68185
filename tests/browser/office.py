"""Four people at their desks, the clock on the wall, and the worker: what the two weeks are played with."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from handoff import tasks
from handoff.models import Delivery, Promise, Reminder
from tests.factories import make_lead, make_user

VIENNA, HTMX = ZoneInfo("Europe/Vienna"), {"hx-request": "true"}


class Office:
    """Four people at their desks, the clock on the wall, and the worker who does what its beat would have it do."""

    def __init__(self, page_of, clock):
        self.page_of, self.clock = page_of, clock
        self.clock.move_to(datetime(2026, 10, 19, 8, 30, tzinfo=VIENNA), tick=False)
        known = {"time_zone": "Europe/Vienna"}
        self.mia = make_user("mia", name="Mia Sørensen", **known)
        self.sam = make_user("sam", team="sales", name="Sam Weber", **known)
        self.priya = make_user("priya", team="sales", name="Priya Nair", **known)
        self.ruth = make_user("ruth", team="management", name="Ruth Adeyemi", **known)
        self.pages, self.clients = {}, {}

    # The clock

    def until(self, moment):
        """Let time pass, and the beat do at each moment what has come due then."""
        then = datetime.strptime(f"2026-{moment}", "%Y-%d %b %H:%M").replace(tzinfo=VIENNA)
        assert then >= timezone.now()
        while due := self.due_before(then):
            self.clock.move_to(due, tick=False)
            self.beat()
        self.clock.move_to(then, tick=False)
        self.beat()

    def due_before(self, then):
        ahead = {"gt": timezone.now(), "lte": then}
        moments = [
            rows.filter(**{f"{column}__{how}": at for how, at in ahead.items()})
            .order_by(column)
            .values_list(column)[:1]
            for rows, column in (
                (Promise.objects, "next_at"),
                (Reminder.objects.filter(told_at=None), "at"),
                (Delivery.objects.waiting(), "due_at"),
            )
        ]
        return min((at for found in moments for (at,) in found), default=None)

    def beat(self):
        tasks.answer()
        tasks.sweep_promises()
        tasks.remind_of_tasks()
        tasks.look_again()
        tasks.deliver_notices()

    # What people do

    def desk(self, person, address):
        """A person's browser at a page."""
        if person not in self.pages:
            self.pages[person] = self.page_of(person)
        self.pages[person].goto(address)
        return self.pages[person]

    def post(self, person, address, **said):
        """The same form that the page has, without the page."""
        if person not in self.clients:
            self.clients[person] = Client()
            self.clients[person].force_login(person)
        answer = self.clients[person].post(address, said, headers=HTMX)
        assert answer.status_code == 204, (answer.status_code, answer.headers.get("HX-Trigger"), answer.text)
        return answer

    def act(self, person, lead, name, **said):
        return self.post(person, reverse("handoff:act", args=[lead.pk, name]), **said)

    def tap(self, person, lead, kind):
        return self.post(person, reverse("handoff:log", args=[lead.pk]), kind=kind, tap="1")

    def read(self, person, address, **said):
        for page in self.pages.values():  # what they draw anew meanwhile would be taken for this answer
            page.goto("about:blank")
        if person not in self.clients:
            self.clients[person] = Client()
            self.clients[person].force_login(person)
        answer = self.clients[person].get(address, said)
        assert answer.status_code == 200
        return answer


def move(page, act):
    page.get_by_role("button", name="Move to").click()
    page.get_by_role("menuitem", name=act).click()


def offered(lead):
    """The hand-off of a lead that is open."""
    return lead.handoffs.open().select_related("owner").get()


def inbox(lead):
    return reverse("handoff:inbox_item", args=[offered(lead).pk])


def lead(name, company, *, of_company=(), **known):
    email = f"{name.split()[0].lower()}@{company.lower().replace(' ', '-')}.example"
    return make_lead(name=name, email=email, company={"name": company, **dict(of_company)}, **known)


def one_line(text):
    return " ".join(text.split())


def table(page, panel):
    """The counts of a table by the name of its row: those numbers that open what they count, without amounts."""
    rows = page.locator(f"{panel} table tbody tr").all()
    return {
        one_line(row.locator("th").inner_text()): [
            int(number.get_attribute("data-count"))
            for number in row.locator("td [data-count]").all()
            if "€" not in number.inner_text()
        ]
        for row in rows
    }
