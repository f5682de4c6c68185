"""What came in and could not be processed: mended by a person and run again, or put away with a reason."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from leads import capture, tracker
from leads.capture import Processed
from leads.models import Submission
from leads.models.submission import MAX_ATTEMPTS
from leads.payload import check, plain

log = logging.getLogger(__name__)


@transaction.atomic
def mend(submission: Submission, *, actor: User, payload: dict[str, Any]) -> Processed:
    """Put other words in the place of those that could not be read, and make a lead of them now.

    What came stays in `raw`. Raises ValidationError, by field, while it still cannot be read, and changes nothing.
    """
    submission = _locked(submission)
    check(payload, way=submission.way)
    if submission.raw is None:
        submission.raw = submission.payload
    submission.payload, submission.attempts, submission.error = plain(payload), 0, ""
    submission.settled_at, submission.settled_by, submission.put_away = timezone.now(), actor, ""
    submission.save()
    try:
        with transaction.atomic():
            return capture.process([submission])[0]
    except (DataError, IntegrityError) as error:
        log.warning("A mended submission cannot be kept: %s", error)
        raise ValidationError(
            _("It cannot be kept like this: the database refuses a value, such as one that is too long or too large.")
        ) from error


@transaction.atomic
def put_away(submission: Submission, *, actor: User, why: str) -> None:
    """Make nothing of it: it is kept as it came, with the reason."""
    submission = _locked(submission)
    submission.attempts = max(submission.attempts, MAX_ATTEMPTS)
    submission.settled_at, submission.settled_by, submission.put_away = timezone.now(), actor, why
    submission.save(update_fields=["attempts", "settled_at", "settled_by", "put_away"])


def run_again() -> int:
    """Let the worker take up what it could not process as if it were new; what is held waits on. Returns how many."""
    again = Submission.objects.to_mend().filter(held_for=None).update(attempts=0, error="")
    return again + tracker.take_back()


def _locked(submission: Submission) -> Submission:
    """The submission as it stands now, locked, unless somebody has dealt with it meanwhile."""
    found = Submission.objects.select_for_update().get(pk=submission.pk)
    if found.processed_at:
        raise ValidationError(_("This has become a lead meanwhile. Nothing was changed."))
    return found
