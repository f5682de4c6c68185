"""The page of the API in a real browser: operations open, nothing is wider than the screen, and anybody can read it."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_an_operation_is_opened_and_read(page_of, scheme, width):
    page = page_of(make_user("mia"), color_scheme=scheme, viewport={"width": width, "height": 900})
    page.goto("/api/v1/docs/")
    page.locator("#leads_batch > summary").click()
    page.locator("#leads_batch").get_by_text("Idempotency-Key").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
