"""The first page that anybody sees."""

from tests.factories import make_user


def test_a_person_signs_in_and_the_outsider_does_not(live_page, page_of):
    mia = make_user("mia")
    mia.set_password("a-long-enough-one")
    mia.save()
    live_page.goto("/")
    assert "/accounts/login/" in live_page.url
    live_page.get_by_label("E-mail or username").or_(live_page.locator("#id_login")).first.fill("mia")
    live_page.locator("#id_password").fill("something else")
    live_page.get_by_role("button", name="Sign in", exact=True).click()
    live_page.get_by_role("alert").first.wait_for()
    live_page.locator("#id_password").fill("a-long-enough-one")
    live_page.get_by_role("button", name="Sign in", exact=True).click()
    live_page.wait_for_url(lambda url: "login" not in url)
