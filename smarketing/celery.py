"""The worker's app and the clock: what is swept, and how often, on one page."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")

app = Celery("smarketing")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["leads", "handoff"])

# Edges nudge the worker after a commit, so that a person waits a second; these sweeps are the safety net.
app.conf.beat_schedule = {
    "what waits to be done": {"task": "handoff.tasks.catch_up", "schedule": 5},
    "promises that run out": {"task": "handoff.tasks.sweep_promises", "schedule": 30},
    "leads to look at again": {"task": "handoff.tasks.look_again", "schedule": 300},
    "acts that can't be undone any more": {"task": "handoff.tasks.forget_old_acts", "schedule": 3600},
    "tasks to be reminded of": {"task": "handoff.tasks.remind_of_tasks", "schedule": 30},
    "notices to send": {"task": "handoff.tasks.deliver_notices", "schedule": 15, "options": {"expires": 15}},
    "events to post": {"task": "handoff.tasks.deliver_events", "schedule": 5, "options": {"expires": 5}},
    "messages that are old": {"task": "handoff.tasks.forget_old_messages", "schedule": 3600},
    "scores that are out of date": {"task": "leads.tasks.rescore_outdated", "schedule": 60},
    "chances that another model said": {"task": "leads.tasks.refresh_chances", "schedule": 60},
    "outcomes to learn from": {"task": "leads.tasks.learn", "schedule": 600, "options": {"expires": 600}},
    "chances that drift": {"task": "handoff.tasks.tell_of_drift", "schedule": 3600, "options": {"expires": 3600}},
    "who can sign in": {"task": "handoff.tasks.tell_who_can_sign_in", "schedule": 60, "options": {"expires": 60}},
    "visitors who never said who they are": {"task": "leads.tasks.forget_visitors", "schedule": 3600},
    "files that nothing names": {"task": "handoff.tasks.sweep_files", "schedule": 3600},
    "files that nobody imported": {"task": "handoff.tasks.forget_abandoned_files", "schedule": 3600},
}
