"""The conversation in a browser: a thread with a file, a task by keys, both sides, thanks."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from handoff import conversation, shoutouts, sides, todo
from handoff.models import Attachment, Notice, ShoutOut, Task
from leads.models import Activity
from tests.browser.everybody import held
from tests.factories import make_deal, make_lead, make_user

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk"


@pytest.fixture(autouse=True)
def place(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_a_reply_with_a_file_is_sent_by_keys_and_downloaded(page_of):
    mia, sam, lead = make_user("mia"), make_user("sam", team="sales"), make_lead(name="Lena Fischer")
    conversation.comment(lead, actor=mia, text="The film is cut")
    page = page_of(sam)
    page.goto(lead.get_absolute_url())
    page.get_by_role("link", name="Reply Mia").click()
    words = page.get_by_label("Your reply to Mia")
    words.fill("Here is the offer, @mia")
    files = page.locator("form[id^=reply-] input[type=file]")
    files.set_input_files({"name": "offer.exe", "mimeType": "application/pdf", "buffer": b"MZ"})
    words.press("Control+Enter")
    page.get_by_text("files of this kind are not taken").wait_for()
    assert words.input_value() == "Here is the offer, @mia"
    files.set_input_files({"name": "offer.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    page.get_by_text("offer.pdf").wait_for()
    words.press("Control+Enter")
    page.locator(".replies .say").get_by_text("Here is the offer").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="offer.pdf", exact=True).click()
    assert download.value.suggested_filename == "offer.pdf"
    assert Notice.objects.filter(person=mia).count() == 1
    page.get_by_role("link", name="Edit your comment").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("Here is the new offer, @mia")
    page.get_by_role("button", name="Save").click()
    page.locator(".replies").get_by_text("Here is the new offer").wait_for()
    page.locator(".replies").get_by_role("link", name="edited").click()
    page.get_by_role("dialog").get_by_text("Here is the offer, @mia").wait_for()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Delete this comment").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("Comment deleted by").wait_for()
    assert not Attachment.objects.filter(removed_at=None).exists()


def test_a_task_is_given_on_the_lead_and_done_in_my_day(page_of):
    mia, sam, lead = make_user("mia"), make_user("sam", team="sales"), make_lead(name="Lena Fischer")
    page = page_of(mia)
    page.goto(lead.get_absolute_url())
    page.get_by_role("button", name="Watch").click()
    page.locator("#watch[aria-pressed=true]").wait_for()
    page.get_by_role("link", name="Add a task").click()
    page.get_by_label("What is to be done").fill("Send the sheet")
    page.get_by_label("Who does it").select_option("Sam")
    page.get_by_role("dialog").get_by_label("Due", exact=False).first.fill(timezone.localdate().isoformat())
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="Send the sheet", exact=True).wait_for()
    theirs = page_of(sam)
    theirs.goto("/")
    theirs.get_by_role("button", name="Done: Send the sheet").click()
    theirs.locator(".toast", has_text="Done: “Send the sheet”.").wait_for()
    theirs.get_by_role("button", name="Done: Send the sheet").wait_for(state="detached")
    assert Task.objects.get().done_by == sam


def test_a_side_is_noted_and_a_colleague_thanked(page_of):
    mia, lead = make_user("mia"), make_lead(name="Lena Fischer")
    make_user("sam", team="sales")
    page = page_of(mia)
    page.goto(lead.get_absolute_url())
    page.get_by_role("link", name="Note it").click()
    page.get_by_label("What we know").fill("Tariff ends in January")
    page.get_by_role("button", name="Save").click()
    page.locator(".views").get_by_text("Tariff ends in January").wait_for()
    page.goto(reverse("handoff:shoutouts"))
    page.get_by_label("Whom").select_option("Sam, sales")
    page.get_by_label("What for").fill("For the quick answer")
    page.get_by_label("What for").press("Control+Enter")
    page.locator(".list").get_by_text("For the quick answer").wait_for()
    assert ShoutOut.objects.get().to.username == "sam"


def test_axe_finds_nothing_and_nothing_scrolls_sideways(page_of):
    mia, sam = make_user("mia"), make_user("sam", team="sales", name=f"Sam {LONG}")
    ruth, lead = make_user("ruth", team="management"), make_deal(name=f"Lena {LONG}").leads.get()
    page = page_of(ruth)
    for address in ("handoff:tasks", "handoff:shoutouts"):
        page.goto(reverse(address))
        held(page, address)
    first = conversation.comment(lead, actor=mia, text=f"Look at {LONG}, @sam")
    for number in range(5):
        conversation.comment(lead, actor=sam, text=f"Answer {number} {LONG * 2}", reply_to=first)
    conversation.edit(Activity.objects.filter(kind="comment").latest("pk"), actor=sam, text="Said otherwise")
    gone = conversation.comment(lead, actor=mia, text="Not this")
    conversation.delete(gone, actor=mia)
    sides.note(lead, actor=sam, team="sales", known=LONG, needed="A page")
    shoutouts.thank(actor=mia, to=sam, text=f"For {LONG}", lead=lead)
    shoutouts.thank(actor=sam, team="marketing", text="For the brief")
    now = timezone.now()
    for due in (now - timedelta(days=2), now + timedelta(hours=1), None):
        repeat = "weekly" if due else ""
        todo.add(f"Send {LONG}", actor=sam, owner=ruth, lead=lead, due_at=due, repeat=repeat, note=LONG * 3)
    todo.finish(todo.add("Over", actor=ruth, owner=ruth, lead=lead), actor=ruth)
    addresses = [
        lead.get_absolute_url(), reverse("handoff:tasks"), f"{reverse('handoff:tasks')}?show=all",
        f"{reverse('handoff:tasks')}?show=done", reverse("handoff:shoutouts"), "/",
        reverse("handoff:thread", args=[first.pk]), reverse("handoff:reply", args=[first.pk]),
        reverse("handoff:comment_trace", args=[gone.pk]), reverse("handoff:tasks_over", args=[lead.pk]),
        reverse("handoff:side_history", args=[lead.pk, "sales"]), reverse("handoff:files", args=[lead.pk]),
        reverse("handoff:task_add"),
    ]  # fmt: skip
    for address in addresses:
        page.goto(address)
        held(page, address)
    page.goto(lead.get_absolute_url())
    page.get_by_role("link", name="Add a task").click()
    page.get_by_label("What is to be done").wait_for()
    held(page)
