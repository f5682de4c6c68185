"""A file becomes leads: chunk by chunk, each whole or not at all, and never the same row twice."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from leads import capture, clock, identity, rights
from leads.exchange.files import Row, Table
from leads.exchange.mapping import FileMapping, Problem, Refused, Said
from leads.exchange.signs import Signs
from leads.models import Campaign, Import, ImportProblem, Lead, Signal, Source, Submission
from personas.choices import Stage

log = logging.getLogger(__name__)
CHUNK = 500
#: So many characters of a cell of a refused row are kept.
MENDABLE = 10_000
#: PostgreSQL's codes for "somebody else was first": the same chunk may simply be tried again.
TRY_AGAIN = ("40001", "40P01")


@dataclass
class Result:
    """What became of rows: how many of each kind, and what is to be said about single ones."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    cells: dict[int, list[str]] = field(default_factory=dict)
    saved: tuple[int, dict[str, int]] | None = None

    def refuse(self, problems: Sequence[Problem]) -> None:
        self.counts["refused"] += 1
        self.problems += problems

    def warn(self, row: int, column: str, expected: str, found: str) -> None:
        self.counts["warnings"] += 1
        self.problems.append(Problem(row, column, expected, found, refused=False))


def words(rows: int, counts: dict[str, int]) -> str:
    """The line that every import ends with."""
    return _("%(rows)d rows: %(new)d new, %(updated)d updated, %(unchanged)d unchanged, %(refused)d refused, "
             "%(warnings)d warnings") % {"rows": rows, **dict.fromkeys(KINDS, 0), **counts}  # fmt: skip


KINDS = ("new", "updated", "unchanged", "refused", "warnings")


class Importing:
    """One run over a file: reads it, compares each chunk with what is here, and brings in what differs.

    With `dry` nothing is written: the counts are those that a real run would give.
    """

    def __init__(self, upload: Import, raw: BinaryIO, *, dry: bool = False) -> None:
        self.upload, self.dry = upload, dry
        self.mapping = FileMapping.read(upload.mapping)
        self.table = Table(raw, self.mapping.separator)
        self.mapping.check(self.table.header, self.table.separator)
        self.read = self.mapping.reader(self.table.header, upload.digest)
        self.at_column = self.mapping.outcome.at if self.mapping.outcome else ""
        self.signs = Signs(keep=dry)

    def chunks(self, limit: int | None = None) -> Iterator[Result]:
        """Bring in the file, one result a chunk; a run that was stopped goes on behind its last whole chunk."""
        rows = islice(self.table.rows(), limit)
        with self.signs:
            done = self.upload.rows_done
            if done and not self.dry:
                self._pass_over(islice(rows, done))
            first = [] if done else self.table.notes
            while chunk := list(islice(rows, CHUNK)):
                result = self._whole(chunk, first)
                first = []
                yield result

    def _pass_over(self, rows: Iterator[Row]) -> None:
        while chunk := list(islice(rows, CHUNK)):
            for row in chunk:
                with suppress(Refused):
                    self.signs.note(self.read(row))
            self.signs.flush()

    def _whole(self, rows: list[Row], notes: Sequence[tuple[str, str, str]]) -> Result:
        """One chunk, whole; where the database refuses one of its rows, row by row, so that the others come in."""
        for _attempt in range(3):
            try:
                return self._kept(self._bring_in(rows, notes))
            except (OperationalError, InterfaceError) as error:
                if getattr(error.__cause__, "pgcode", None) not in TRY_AGAIN:
                    raise
            except DatabaseError as error:
                if len(rows) == 1:
                    return self._refused_by_database(rows[0], error)
                break
        total = Result()
        for number, row in enumerate(rows):
            part = self._whole([row], notes if not number else ())
            total.rows, total.counts = total.rows + part.rows, total.counts + part.counts
            total.problems += part.problems
        return total

    def _refused_by_database(self, row: Row, error: Exception) -> Result:
        result = Result(rows=1, cells={row.number: row.cells})
        result.refuse([Problem(row.number, "", _("a row that the database takes"), str(error).splitlines()[0][:80])])
        if not self.dry:
            with transaction.atomic():
                self._keep(result)
        return self._kept(result)

    @transaction.atomic
    def _bring_in(self, rows: list[Row], notes: Sequence[tuple[str, str, str]]) -> Result:
        result, saids = Result(rows=len(rows), cells={row.number: row.cells for row in rows}), []
        for column, expected, found in notes:
            result.warn(1, column, expected, found)
        for row in rows:
            for note in row.notes:
                result.warn(row.number, "", note, "")
            try:
                saids.append(self.read(row))
            except Refused as refused:
                result.refuse(refused.problems)
        if not self.dry:
            identity.hold(said.profile for said in saids)
        differing = Comparison(self, saids, result).differing()
        if self.dry:
            result.counts["new"] += sum(new for _said, new, _overwrite in differing)
            result.counts["updated"] += sum(not new for _said, new, _overwrite in differing)
        else:
            self._write(differing, result)
            self._keep(result)
        return result

    def _write(self, differing: Sequence[tuple[Said, bool, bool]], result: Result) -> None:
        now = clock.now()
        submissions = Submission.objects.bulk_create(
            Submission(
                payload={**said.payload, "overwrite": overwrite},
                way=Submission.Way.FILE,
                actor=self.upload.actor,
                upload=self.upload,
                at=said.at or now,
            )
            for said, _new, overwrite in differing
        )
        done = capture.process(submissions, [said.profile for said, _new, _overwrite in differing])
        new = sum(one.created for one in done)
        result.counts["new"] += new
        result.counts["updated"] += len(done) - new

    def _keep(self, result: Result) -> None:
        """Save how far the import is together with what it brought in."""
        upload = self.upload
        ImportProblem.objects.bulk_create(
            ImportProblem(
                upload=upload,
                row=problem.row,
                column=problem.column[:120],
                expected=problem.expected[:300],
                found=problem.found[:120],
                refused=problem.refused,
                cells=_short(result.cells.pop(problem.row, None)) if problem.refused else None,
            )
            for problem in result.problems
        )
        rows_done = upload.rows_done + result.rows
        counts = {kind: upload.counts.get(kind, 0) + result.counts[kind] for kind in KINDS}
        Import.objects.filter(pk=upload.pk).update(rows_done=rows_done, counts=counts)
        result.saved = rows_done, counts

    def _kept(self, result: Result) -> Result:
        """After the commit: from here the next chunk counts on."""
        if result.saved:
            self.upload.rows_done, self.upload.counts = result.saved
        return result


def _short(cells: list[str] | None) -> list[str] | None:
    """A refused row, to be given back for mending; what nobody would mend by hand is cut."""
    return [text if len(text) <= MENDABLE else f"{text[:MENDABLE]}..." for text in cells] if cells else None


class Comparison:
    """Rows beside what is here already: which of them would change anything, and what is odd about them.

    It uses `capture.fill` on leads that are never saved, so that it cannot disagree with what capture does.
    """

    def __init__(self, run: Importing, saids: Sequence[Said], result: Result) -> None:
        self.run, self.saids, self.result = run, saids, result
        self.earlier = run.signs.seen(saids)
        before = [said for said in self.earlier.values() if said]
        profiles = [said.profile for said in (*saids, *before)]
        self.carriers = identity.known(profiles)
        found = identity.resolve(profiles, self.carriers)
        self.leads = Lead.objects.in_bulk([pk for pk in found if pk])
        companies = identity.match_companies(profiles)
        self.pk = {id(profile): pk for profile, pk in zip(profiles, found, strict=True)}
        self.company = {id(profile): company for profile, company in zip(profiles, companies, strict=True)}
        told = Signal.objects.filter(key__in=[said.outcome_key for said in saids if said.result])
        self.endings: dict[str | None, datetime | None] = {**dict(told.values_list("key", "at"))}
        self.fresh: dict[identity.Key, Lead] = {}
        self.told: set[identity.Key] = set()
        self.outside: dict[str, Model] = {}

    def differing(self) -> list[tuple[Said, bool, bool]]:
        """The rows that change something: each with whether its lead is new, and whether it goes over what is here."""
        differing, unchanged = [], 0
        for said in self.saids:
            verdict = self._verdict(said)
            if verdict is None:
                unchanged += 1
            elif verdict:
                differing.append(verdict)
            if verdict != ():
                self.run.signs.note(said)
        self.run.signs.flush()
        self.result.counts["unchanged"] += unchanged
        return differing

    def _verdict(self, said: Said) -> tuple[Said, bool, bool] | tuple[()] | None:
        """What the row would do; None: nothing; empty: it is refused."""
        profile, number = said.profile, said.row
        lead = self._lead(said)
        if lead is None and self.run.mapping.only_outcomes:
            system = self.run.mapping.system or _("any system")
            expected = _("an external id of %(system)s that is known: this file has only outcomes") % {"system": system}
            self.result.refuse([Problem(number, self._column("external_id"), expected, profile.external_id[:80])])
            return ()
        if lead is not None:
            self._leave_to_others(said, lead)
        again = self.run.signs.row_of(said)
        if again is not None:
            expected = _("each person once in a file; this row adds to row %(row)d what is empty there") % {
                "row": again
            }
            self.result.warn(number, self._column(profile.naming_keys[0][0]), expected, profile.naming_keys[0][2][:80])
        new = lead is None
        if lead is None:
            lead = Lead(stage=Stage.TOFU, first_seen_at=profile.first_seen_at or said.at or clock.now())
        overwrite = again is None and self._may_overwrite(lead)
        changed = self._fill(lead, said, overwrite=overwrite)
        if again is None and not overwrite and self._fill(lead, said, overwrite=True):
            expected = _("only what is empty here: in %(stage)s the record is not yours to edit, so the rest was kept")
            expected %= {"stage": Stage(lead.stage).label}
            self.result.warn(number, "", expected, str(lead)[:80])
        changed |= any(key not in self.carriers and key not in self.told for key in profile.keys)
        self._remember(said, lead)
        changed |= self._ends(said, lead)
        return (said, new, overwrite) if new or changed else None

    def _may_overwrite(self, lead: Lead) -> bool:
        """A file goes over what is here only where whoever brings it may edit; a command is nobody's and may."""
        actor = self.run.upload.actor
        return actor is None or lead.pk is None or rights.may(actor, "edit", lead)

    def _leave_to_others(self, said: Said, lead: Lead) -> None:
        if email := identity.leave_to_others(said.profile, lead, self.carriers, self.fresh):
            expected = _("an e-mail of this lead; it is that of another one, so it was left out")
            self.result.warn(said.row, self._column("email"), expected, email[:80])
            said.payload.pop("email", None)

    def _lead(self, said: Said) -> Lead | None:
        pk = self.pk[id(said.profile)]
        lead = self.leads.get(pk) if pk else None
        lead = lead or next((self.fresh[key] for key in said.profile.naming_keys if key in self.fresh), None)
        before = self.earlier.get(said.row)
        if before:  # a dry run: what an earlier chunk would have written is laid over what is here
            lead = lead or Lead(stage=Stage.TOFU, first_seen_at=before.profile.first_seen_at or clock.now())
            self._fill(lead, before, overwrite=True)
            self._remember(before, lead)
        return lead

    def _remember(self, said: Said, lead: Lead) -> None:
        self.told.update(said.profile.keys)
        for key in said.profile.naming_keys:
            self.fresh.setdefault(key, lead)

    def _fill(self, lead: Lead, said: Said, *, overwrite: bool) -> bool:
        profile = said.profile
        company = self.company[id(profile)]
        source = self._named(Source, "slug", profile.source)
        campaign = self._named(Campaign, "name", profile.campaign)
        changed = capture.fill(lead, profile, company, source, campaign, overwrite=overwrite)
        return bool(changed) or bool(company and company.pk and identity.fill_company(company, profile))

    def _named(self, model: type[Model], name: str, text: str) -> Any:
        """A stand-in: only whether the lead has a source or campaign already matters, never which."""
        return self.outside.setdefault(name, model(**{name: text})) if text else None

    def _ends(self, said: Said, lead: Lead) -> bool:
        """Whether the row tells of an ending that is not known yet; what is odd about its date is said."""
        if not said.result:
            return False
        if said.at and said.at < lead.first_seen_at:
            expected = _("a moment after the first contact of %(first)s") % {"first": _day(lead.first_seen_at)}
            self.result.warn(said.row, self.run.at_column, expected, _day(said.at))
        key = said.outcome_key
        if key not in self.endings:
            self.endings[key] = said.at
            return True
        known = self.endings[key]
        if said.at and known and known != said.at:
            expected = _("the date that is known, %(known)s: it was kept") % {"known": _day(known)}
            self.result.warn(said.row, self.run.at_column, expected, _day(said.at))
        return False

    def _column(self, target: str) -> str:
        return next((name for name, field_ in self.run.mapping.columns.items() if field_ == target), target)


def _day(at: datetime) -> str:
    return date_format(timezone.localtime(at), "Y-m-d H:i")


def bring_in(upload: Import, run: Importing, *, report: Callable[[list[Problem]], object] | None = None) -> None:
    """Run an import to its end and save how it ended; while PostgreSQL is away it stays, to be taken up again."""
    upload.state, upload.started_at = Import.State.RUNNING, upload.started_at or clock.now()
    upload.save(update_fields=["state", "started_at"])
    try:
        for result in run.chunks():
            if report:
                report(result.problems)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        end(upload, Import.State.FAILED, broke(upload))
        raise
    end(upload, Import.State.DONE)


def broke(upload: Import) -> str:
    """The sentence about an import that stopped."""
    return _("Something broke after row %(row)d; what came before it is here. Import the file again to go on.") % {
        "row": upload.rows_done + 1
    }


def end(upload: Import, state: str, error: str = "") -> None:
    """Save how an import ended."""
    upload.state, upload.error, upload.ended_at = state, error, clock.now()
    upload.save(update_fields=["state", "error", "ended_at"])
