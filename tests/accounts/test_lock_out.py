"""Too many wrong passwords: the door says how long it stays shut."""

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
