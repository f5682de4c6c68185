"""Through everything: a row is written, the worker is nudged after the commit, a real process does the work."""

from leads import capture
from leads.models import Lead, Submission
from leads.tasks import nudge


def test_what_was_submitted_is_processed_by_the_worker(worker):
    capture.accept({"name": "Lena Fehr", "email": "lena@fehr.example"}, way="api")
    assert not Lead.objects.exists()
    nudge()
    worker.wait_until(lambda: Submission.objects.exclude(processed_at=None).exists())
    assert Lead.objects.get().name == "Lena Fehr"
