"""Many submissions at once: each is kept or refused by itself, all of them in a few statements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from leads import clock
from leads.models import Batch, Submission
from leads.payload import check, plain

#: So many rows may come at once.
MOST = 1_000
#: How long the sender's own key of a row may be.
KEY_LENGTH = 100


class OtherBatch(ValidationError):
    """The key of this batch came with another one before."""


@transaction.atomic
def accept(rows: Sequence[Any], *, actor: User, key: str | None = None) -> list[Submission | ValidationError]:
    """Keep each row as a submission, or say what is wrong with it; raise OtherBatch for a key that had other rows.

    A row may carry a `key` of its own, as a lead that comes alone may; without one it is known by the batch's key and
    its place, so that a batch sent twice is kept once.
    """
    named = f"batch:{_batch(rows, actor, key).pk}" if key else ""
    answers: list[Submission | ValidationError] = []
    for place, row in enumerate(rows):
        try:
            answers.append(_read(row, actor, f"{named}:{place}" if named else None))
        except ValidationError as error:
            answers.append(error)
    new = [answer for answer in answers if isinstance(answer, Submission)]
    Submission.objects.bulk_create([submission for submission in new if submission.key is None])
    keyed = sorted((submission for submission in new if submission.key), key=lambda one: str(one.key))
    Submission.objects.bulk_create(keyed, ignore_conflicts=True)  # in one order, so that no two batches wait crosswise
    here = {one.key: one for one in Submission.objects.filter(key__in=[one.key for one in keyed])} if keyed else {}
    return [_known(answer, here) for answer in answers]


def _batch(rows: Sequence[Any], actor: User, key: str) -> Batch:
    digest = sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    found, _made = Batch.objects.get_or_create(key=key, defaults={"digest": digest, "actor": actor})
    if found.digest != digest:
        raise OtherBatch(_("This Idempotency-Key came with other leads before. Nothing was added."))
    return found


def _read(row: Any, actor: User, key: str | None) -> Submission:
    if not isinstance(row, dict):
        raise ValidationError(_("Expected one JSON object."))
    payload = {name: value for name, value in row.items() if name != "key"}
    if (own := row.get("key")) is not None:
        if not isinstance(own, str) or not 0 < len(own) <= KEY_LENGTH or not own.isprintable():
            raise ValidationError({"key": _("Expected a key of up to %(n)d characters.") % {"n": KEY_LENGTH}})
        key = f"{actor.pk}:{own}"
    check(payload, way=Submission.Way.API)
    return Submission(payload=plain(payload), way=Submission.Way.API, actor=actor, key=key, at=clock.now())


def _known(answer: Submission | ValidationError, here: dict[str | None, Submission]) -> Submission | ValidationError:
    """A row under a key is the submission that has it, if it tells of the same lead."""
    if not isinstance(answer, Submission) or answer.key is None:
        return answer
    kept = here[answer.key]
    if kept.payload != answer.payload:
        return ValidationError({"key": _("This key came with another lead before. Nothing was added.")})
    return kept
