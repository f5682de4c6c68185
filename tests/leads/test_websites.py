"""Marketing names the websites whose visits count, and what their pages are called."""

import pytest

from leads.models import TrackedSite, VisitorEvent
from leads.tracker import drain
from tests.factories import make_user
from tests.leads.tracking import Visiting, event, site

__all__ = ["site"]


def test_marketing_names_a_site_and_its_visits_count(client, django_capture_on_commit_callbacks, site):
    client.force_login(make_user("mia"))
    visiting = Visiting()
    look = event(url="https://shop.volt.example/prices/plants?a=1")
    assert visiting.send(look) == 403
    said = {
        "host": "https://Shop.Volt.example:8443/x",
        "pages": "/prices: pricing\n/prices/plants: plants\n\n/a:b: odd",
    }
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post("/settings/websites/", said, follow=True).text
    assert "Visits of shop.volt.example count from now on." in page
    assert "&lt;script async src=&quot;http://localhost:8000/t.js&quot;&gt;&lt;/script&gt;" in page
    assert TrackedSite.objects.get(host="shop.volt.example").rules == [
        ["/prices", "web:pricing"], ["/prices/plants", "web:plants"], ["/a:b", "web:odd"],
    ]  # fmt: skip
    assert (
        visiting.send(
            look, event(url="https://shop.volt.example/pricesless"), event(url="https://shop.volt.example/prices")
        )
        == 204
    )
    drain()
    assert sorted(VisitorEvent.objects.values_list("kind", flat=True)) == ["web:page", "web:plants", "web:pricing"]


def test_a_site_is_changed_and_removed(client, django_capture_on_commit_callbacks, site):
    client.force_login(make_user("mo", team="management"))
    address = f"/settings/websites/{site.pk}/"
    assert "/pricing: pricing" in client.get(address).text
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address, {"host": "volt.example", "pages": "/: start"})
    Visiting().looks("/anything")
    drain()
    assert VisitorEvent.objects.get().kind == "web:start"
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{address}remove/")
    assert Visiting().looks("/") == 403
    assert VisitorEvent.objects.exists()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"host": ""}, "Say which site it is."),
        ({"host": "not a site"}, "Expected the name of a site"),
        ({"host": "ü" * 80}, "Expected the name of a site"),
        ({"host": "VOLT.example"}, "volt.example is here already."),
        ({"host": "a.example", "pages": "prices: pricing"}, "expected a path, a colon and a short name"),
        ({"host": "a.example", "pages": "/prices: Pricing page"}, "expected a path, a colon and a short name"),
        ({"host": "a.example", "pages": "/me: identified"}, "expected a path, a colon and a short name"),
        ({"host": "a.example", "pages": "/p: p\n" * 101}, "100 lines are as many as may be."),
    ],
)
def test_what_is_no_site_is_said_where_it_was_typed(client, site, said, why):
    client.force_login(make_user("mia"))
    answer = client.post("/settings/websites/", said)
    assert answer.status_code == 422
    assert why in answer.text
    assert TrackedSite.objects.count() == 1


def test_a_name_in_other_letters_is_known_as_browsers_send_it(client, site):
    client.force_login(make_user("mia"))
    client.post("/settings/websites/", {"host": "zähler.example"})
    assert TrackedSite.objects.filter(host="xn--zhler-gra.example").exists()


def test_websites_are_for_marketing_and_management(client, site):
    client.force_login(make_user("sam", team="sales"))
    assert client.get("/settings/websites/").status_code == 403
    assert client.post("/settings/websites/", {"host": "a.example"}).status_code == 403
    assert client.post(f"/settings/websites/{site.pk}/remove/").status_code == 403
    assert "Websites: whose visits count" not in client.get("/settings/").text
    client.force_login(make_user("mia"))
    assert "Websites: whose visits count" in client.get("/settings/").text
