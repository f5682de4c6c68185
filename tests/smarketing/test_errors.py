"""What is said when a form is stale."""

from django.test import Client

from tests.factories import make_user


def test_a_form_of_another_sign_in_is_refused_in_our_words():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("mia"))
    response = client.post("/leads/add/", {"name": "Lena"})
    assert (response.status_code, "Open its page anew, then send it again." in response.text) == (403, True)
    assert "toast" in client.post("/leads/add/", headers={"hx-request": "true"}).headers["HX-Trigger"]
