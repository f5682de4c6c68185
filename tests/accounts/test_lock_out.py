"""The door: what it says to who comes and goes, and for how long it stays shut after too many wrong passwords."""

from django.core.cache import cache
from django.urls import reverse

from tests.factories import make_user


def test_who_is_locked_out_hears_how_long(client):
    make_user("mia")
    cache.clear()
    wrong = {"login": "mia", "password": "not hers"}
    texts = [client.post(reverse("account_login"), wrong).text for _number in range(11)]
    assert "Too many tries" not in texts[0]
    assert "Too many tries with a wrong password. Wait 5 minutes, then try again." in texts[-1]
    cache.clear()


def test_what_the_door_says_is_said_as_everything_else_is(client):
    mia = make_user("mia", name="Mia Novak")
    mia.set_password("a-long-enough-one")
    mia.save()
    words = {"login": "mia", "password": "a-long-enough-one"}
    signed_in = client.post(reverse("account_login"), words, follow=True)
    assert "You are signed in as Mia Novak." in signed_in.text
    changed = {"oldpassword": "a-long-enough-one", "password1": "another-long-one", "password2": "another-long-one"}
    assert "Your password is changed." in client.post(reverse("account_change_password"), changed, follow=True).text
    signed_out = client.post(reverse("account_logout"), follow=True)
    assert "You are signed out." in signed_out.text
    assert "uccessfully" not in signed_in.text + signed_out.text
