"""The page Tasks: whose and by when, a page by key, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from handoff.models import Task
from leads.filters import midnight_of
from leads.paging import beyond, bounded

PAGE = 50
TABS = {
    "mine": gettext_lazy("Mine"),
    "mend": gettext_lazy("To mend"),
    "asked": gettext_lazy("Asked of others"),
    "all": gettext_lazy("Everybody's"),
    "done": gettext_lazy("Done"),
}
DUE = {
    "": gettext_lazy("Whenever due"),
    "over": gettext_lazy("Overdue"),
    "today": gettext_lazy("Due by tonight"),
    "week": gettext_lazy("Due within 7 days"),
    "none": gettext_lazy("Without a day"),
}


class Chores:
    """What a person chose on the page, and the tasks that are so."""

    def __init__(self, said: Mapping[str, str], user: User, now: datetime | None = None) -> None:
        self.user, self.now = user, now or timezone.now()
        self.tab = said.get("show", "") if said.get("show", "") in TABS else "mine"
        self.due = said.get("due", "") if said.get("due", "") in DUE and self.tab != "done" else ""
        owner = said.get("owner", "")
        self.owner = owner if owner.isdecimal() and len(owner) < 19 and self.tab in ("all", "done") else ""
        self.after = said.get("after", "")

    @property
    def tabs(self) -> list[dict[str, Any]]:
        return [{"label": label, "on": name == self.tab, "query": f"?show={name}"} for name, label in TABS.items()]

    @property
    def dues(self) -> list[tuple[str, Any, bool]]:
        return [(name, label, name == self.due) for name, label in DUE.items()]

    @property
    def chosen(self) -> bool:
        return bool(self.due or self.owner)

    def kept(self, **more: str) -> str:
        """The query that keeps what was chosen."""
        said = {"show": self.tab if self.tab != "mine" else "", "due": self.due, "owner": self.owner, **more}
        return f"?{urlencode({name: value for name, value in said.items() if value})}"

    def page(self) -> dict[str, Any]:
        """The tasks of a page, the cursor of the next, and who may be chosen as owner."""
        found = list(self._after(self._wanted())[: PAGE + 1])
        last = found[PAGE - 1] if len(found) > PAGE else None
        people: list[User] = []
        if self.tab in ("all", "done"):
            people = list(User.objects.filter(is_active=True).order_by("name", "pk"))
        following = self.kept(after=f"{self._key(last).isoformat()}_{last.pk}") if last else ""
        return {"tasks": found[:PAGE], "next": following, "people": people, "first": not self.after, "now": self.now}

    def _wanted(self) -> QuerySet[Task]:
        tasks = Task.objects.visible_to(self.user).for_list()
        if self.tab == "done":
            done = tasks.filter(done_at__isnull=False).select_related("done_by")
            return done.filter(owner=int(self.owner)) if self.owner else done
        tasks = tasks.of(self.user).to_mend() if self.tab == "mend" else tasks.open()
        if self.tab == "mine":
            tasks = tasks.of(self.user)
        elif self.tab == "asked":
            tasks = tasks.handed_over_by(self.user)
        elif self.owner:
            tasks = tasks.filter(owner=int(self.owner))
        midnight = midnight_of(timezone.localdate(self.now) + timedelta(days=1))
        until = {"over": self.now, "today": midnight, "week": midnight + timedelta(days=6)}
        if self.due == "none":
            return tasks.filter(due_at=None)
        return tasks.filter(sort_at__lte=until[self.due]) if self.due else tasks

    def _key(self, task: Task) -> datetime:
        return task.done_at if self.tab == "done" and task.done_at else task.sort_at

    def _after(self, tasks: QuerySet[Task]) -> QuerySet[Task]:
        """What comes behind the cursor; a broken one starts anew."""
        columns, latest_first = (("done_at", "pk"), True) if self.tab == "done" else (("sort_at", "pk"), False)
        tasks = tasks.order_by(*(f"-{column}" if latest_first else column for column in columns))
        try:
            moment, pk = self.after.rsplit("_", 1)
            key = (timezone.localtime(datetime.fromisoformat(moment)), bounded(pk))
        except (ValueError, OverflowError):
            self.after = ""
            return tasks
        return tasks.filter(beyond(columns, key, downwards=latest_first))
