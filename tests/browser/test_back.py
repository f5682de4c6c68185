"""Back, after a form was refused, mended and sent again."""

from tests.factories import make_user


def test_back_shows_a_clean_form_and_not_the_old_refusal(page_of):
    page = page_of(make_user("mia"))
    page.goto("/leads/add/")
    page.locator("[name=name]").fill("Lena Fischer")
    page.locator("[name=name]").press("Enter")
    refusal = page.get_by_text("A lead needs an e-mail or a phone.")
    refusal.wait_for()
    page.locator("[name=email]").fill("lena@fehr.example")
    page.locator("[name=name]").press("Enter")
    page.wait_for_url(lambda url: "add" not in url)
    page.go_back()
    page.wait_for_url("**/leads/add/")
    page.locator("[name=name]").wait_for()
    refusal.wait_for(state="detached")
