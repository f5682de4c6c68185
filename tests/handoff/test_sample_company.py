"""The sample company: full of journeys, true to every rule of the house, and gone without a trace when asked."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import Absence, User
from handoff import invariants, lifecycle, sample, telling
from handoff.models import Agreement, Deal, Handoff, Hook, Notice, Queue, RoutingRule, SampleMark, Watch
from leads import capture, learning
from leads.models import Activity, Chance, Company, Lead, LeadScore, Learning, Outcome, Source, StageChange, Submission
from personas.models import Persona
from tests.factories import make_lead, make_user

SMALL = 24


def story():
    """What is told, without the numbers of rows."""
    return list(
        StageChange.objects.order_by("at", "lead__name", "seq").values_list(
            "lead__name", "old", "new", "act", "reason", "at"
        )
    )


@pytest.fixture
def filled():
    return sample.fill(leads=SMALL)


def test_a_whole_company_has_every_kind_of_journey_and_breaks_no_rule():
    sample.fill()
    assert invariants.violations() == []
    assert sample.count().people == 9
    assert 400 <= sample.count().leads <= 600
    acts = set(StageChange.objects.values_list("act", flat=True))
    assert acts >= {
        "capture", "offer", "claim_early", "return", "recycle", "withdraw", "disqualify", "open_deal", "requalify",
        "win", "lose", "purchase", "churn", "expand", "return_by_self",
    }  # fmt: skip
    returned = Handoff.objects.filter(end="returned").values_list("reason__return_class", flat=True)
    assert set(returned) == {"procedural", "clerical", "definitional"}
    assert StageChange.objects.exclude(skipped=[]).exists()
    assert Lead.objects.filter(do_not_contact=True).exists()
    assert Outcome.objects.filter(reason="unreachable").exists()
    assert set(Persona.objects.filter(leads__isnull=False).values_list("name", flat=True)) == {
        "Energy manager", "Finance chief", "Plant manager",
    }  # fmt: skip
    now = timezone.now()
    waiting = Handoff.objects.open().filter(lane="mql")
    assert waiting.filter(due_at__lt=now).exists()
    assert waiting.filter(due_at__gt=now).exists()
    assert Activity.objects.filter(kind="comment").exclude(data__mentions=[]).exists()
    assert Notice.objects.unread().exists()
    check_what_is_done_about_hand_offs(now)
    for due in ({"lt": now - timedelta(days=1)}, {"gt": now + timedelta(days=2)}):
        assert Lead.objects.filter(**{f"next_action_at__{how}": when for how, when in due.items()}).exists()
    offers, accepted = Handoff.objects.count(), Handoff.objects.exclude(accepted_at=None).count()
    assert 0.6 < accepted / offers < 0.8
    won, lost = (Deal.objects.filter(status=status).exclude(handoff=None).count() for status in ("won", "lost"))
    assert 0.15 < won / (won + lost) < 0.4


def check_what_is_done_about_hand_offs(now):
    """Some are put off, some were tried in vain as often as agreed, some are rated and watched; the chat is known."""
    waiting = Handoff.objects.open()
    assert waiting.filter(snoozed_until__gt=now).exclude(snooze_reason="").exists()
    tried = waiting.filter(lane="sal", first_contact_at=None).select_related("agreement")
    assert any(lifecycle.is_unreachable(handoff) for handoff in tried)
    assert Activity.objects.filter(kind__in=["call:no_answer", "call:left_message", "email:sent"]).exists()
    for side in ("lead_good", "follow_up_good"):
        assert set(Handoff.objects.exclude(**{side: None}).values_list(side, flat=True)) == {True, False}
    assert Watch.objects.filter(on=True).exists()
    assert set(Hook.objects.values_list("style", flat=True)) == {"slack", "mattermost", "webhook"}
    assert not Hook.objects.working().exists()  # nothing of a sample leaves the house
    agreed = Agreement.objects.in_force()
    assert (agreed.time_zone, agreed.holidays) == ("Europe/Vienna", "AT")


def test_a_hook_of_the_sample_that_somebody_leads_elsewhere_is_theirs(filled):
    ours = Hook.objects.get(style="slack")
    ours.url = "https://chat.customer.example/hook"
    ours.save()
    sample.remove()
    assert list(Hook.objects.all()) == [ours]


def test_it_was_all_written_down_when_it_happened(filled):
    for model in (Activity, StageChange, Outcome):
        assert not model.objects.exclude(recorded_at__gte=timezone.now() - timedelta(days=280)).exists()
        assert model.objects.filter(recorded_at__lt=timezone.now() - timedelta(days=60)).exists()
    assert not Activity.objects.filter(at__gt=timezone.now()).exists()
    assert not Notice.objects.filter(sent_at=None).exists()
    assert not LeadScore.objects.filter(scored_at__lt=timezone.now() - timedelta(hours=1)).exists()


def test_what_colleagues_said_stands_in_the_order_in_which_they_said_it(filled, client):
    written = Notice.objects.order_by("id").values_list("written_at", flat=True)
    assert list(written) == sorted(written)
    kinds = set(Activity.objects.values_list("kind", flat=True))
    assert kinds <= set(telling.KINDS), "some kind has no words"
    texts = list(Notice.objects.values_list("text", flat=True))
    assert [text for text in texts if ".." in text or "”.”" in text or ". ." in text] == []
    for person in User.objects.filter(username__in=["mia", "sam", "ruth"]):
        client.force_login(person)
        said = client.get(reverse("handoff:my_day")).context["said"]
        moments = [each.notice.written_at for each in said]
        assert moments == sorted(moments, reverse=True)


def test_the_same_seed_tells_the_same_story():
    end = timezone.now()
    sample.fill(leads=30, end=end)
    first = story()
    sample.remove()
    sample.fill(leads=30, end=end)
    assert story() == first
    assert len(first) > 30


def test_filling_and_removing_twice_is_harmless(filled):
    assert sample.fill(leads=SMALL) == filled
    assert sample.remove() == filled
    assert sample.remove() == (0, 0)
    assert not User.objects.exists()
    assert (sample.fill(leads=SMALL).people, User.objects.count()) == (9, 9)


def test_what_is_removed_leaves_nothing_behind(filled):
    sample.remove()
    for model in (User, Lead, Company, Source, Persona, Submission, Activity, Handoff, Deal, Notice, Hook, SampleMark):
        assert not model.objects.exists(), model


def test_a_real_lead_beside_it_survives_with_its_owner_and_company(filled):
    mia, sampled = User.objects.get(username="mia"), Lead.objects.exclude(company=None).first()
    ines = make_user("real", team="management")
    kept = make_lead(actor=mia, email=f"real@{sampled.company.domain}", company={}, source=sampled.source.slug)
    capture.log(kept, kind="call:spoke", actor=ines, text="Real words")
    assert kept.company == sampled.company
    sample.remove(actor=ines)
    kept.refresh_from_db()
    assert (kept.marketer.name, kept.marketer.is_active, kept.company) == ("Mia Novak", False, sampled.company)
    assert list(Lead.objects.all()) == [kept]
    assert not Chance.objects.exists()
    assert learning.refresh() == 1
    assert kept.activities.filter(text="Real words").exists()
    assert set(User.objects.values_list("username", flat=True)) == {"mia", "real"}
    assert invariants.violations() == []
    sample.fill(leads=SMALL)
    assert User.objects.get(username="mia").is_active


def test_a_persona_that_somebody_rewrote_is_theirs(filled):
    persona = Persona.objects.get(name="Finance chief")
    persona.hopes = "What our customers said"
    persona.save()
    sample.remove()
    assert list(Persona.objects.all()) == [persona]


def test_namesakes_who_were_here_before_keep_their_names():
    mia = make_user("mia", team="sales", name="Mia the first")
    sample.fill(leads=SMALL)
    assert User.objects.get(name="Mia Novak").username == "mia.sample"
    assert not mia.notices.exists()
    sample.remove()
    assert list(User.objects.all()) == [mia]


def test_the_last_manager_does_not_remove_the_ground_they_stand_on(filled):
    with pytest.raises(ValidationError, match="first add a manager of your own"):
        sample.remove(actor=User.objects.get(username="ruth"))
    assert sample.count() == filled


def test_the_command_says_what_is_here_and_what_is_gone(capsys):
    sample.fill(leads=SMALL)
    call_command("sample_company")
    assert capsys.readouterr().out == f"The sample company is here: {SMALL} leads and 9 people.\n"
    call_command("sample_company", "--remove")
    assert capsys.readouterr().out.startswith(f"{SMALL} sample leads and 9 people are gone.\nNobody can sign in now")


def test_the_sign_in_page_offers_one_person_of_each_team_with_a_password_that_works(client, settings):
    settings.SAMPLE_SIGN_INS, settings.SAMPLE_PASSWORD = True, "smarketing-1a2b3c"
    sample.fill(leads=SMALL)
    page = client.get(reverse("account_login"))
    assert [one["username"] for one in page.context["sample_sign_ins"]] == ["mia", "sam", "ruth"]
    assert "Sign in as Mia Novak" in page.text
    client.post(reverse("account_login"), {"login": "mia", "password": "smarketing-1a2b3c"})
    assert client.get("/").wsgi_request.user.username == "mia"


def test_the_sign_in_page_offers_nobody_where_it_was_not_asked_to(client, settings):
    settings.SAMPLE_PASSWORD = "smarketing-1a2b3c"
    sample.fill(leads=SMALL)
    assert "Sign in as" not in client.get(reverse("account_login")).text
    settings.SAMPLE_SIGN_INS = True
    sam = User.objects.get(username="sam")
    sam.set_password("their own now")
    sam.save()
    assert "Sam Okafor" not in client.get(reverse("account_login")).text


def test_the_sample_shows_where_leads_go_and_takes_it_along():
    sample.fill(leads=8)
    assert RoutingRule.objects.active()[0].name == "The North"
    assert Queue.objects.active().count() == 3
    assert Absence.objects.get().person.username.startswith("erik")
    lead = make_lead(country="NO")
    lifecycle.offer(lead, actor=make_user("mia"))
    own = RoutingRule.objects.create(name="Ours", queue=Queue.objects.get(name="West and South"))
    make_user("vera", team="management")
    sample.remove()
    assert list(RoutingRule.objects.active()) == [own]
    assert set(Queue.objects.active().values_list("name", flat=True)) == {"All of sales", "West and South"}
    assert lead.handoffs.open().exists()


def test_a_training_that_went_with_the_sample_is_not_said_to_have_been_stopped(filled, client):
    now = timezone.now()
    Learning.objects.update_or_create(pk=1, defaults={"began_at": now, "tried_at": now})
    sample.remove()
    client.force_login(make_user("ruth", team="management"))
    text = client.get("/is-it-true/").text
    assert "outcomes are here" in text
    assert "did not end" not in text
