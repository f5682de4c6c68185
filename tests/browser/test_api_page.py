"""The page of the API in a real browser: operations open, nothing is wider than the screen, and anybody can read it."""

import pytest

from tests.browser.everybody import held
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_operation_is_opened_and_read(page_of):
    page = page_of(make_user("mia"))
    page.goto("/api/v1/docs/")
    page.locator("#leads_batch > summary").click()
    page.locator("#leads_batch").get_by_text("Idempotency-Key").first.wait_for()
    held(page)
