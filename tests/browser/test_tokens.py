"""API tokens in a real browser: made, copied from the page, gone after the next look."""

import pytest
from playwright.sync_api import expect

from tests.browser.everybody import held
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_token_is_made_shown_once_and_revoked(page_of):
    page = page_of(make_user("mia"))
    page.goto("/settings/tokens/")
    page.get_by_label("What it is for").fill("The form on our web site, which asks for a call")
    page.get_by_role("button", name="Make the token").click()
    token = page.locator("#token").text_content()
    assert token.startswith("smk_")
    held(page)
    page.goto("/settings/tokens/")
    assert token not in page.content()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("You have no token yet")).to_be_visible()
