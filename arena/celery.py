"""The Celery application: queues and the static beat schedule.

Two queues, because a judging task streams for as long as there is work: wake-ups of tournaments
must never wait behind it. A plain worker consumes both.
"""

from __future__ import annotations

import os

from celery import Celery
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.settings.base")

app = Celery("arena")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_default_queue = "default"
app.conf.task_queues = [Queue("default"), Queue("judging")]
app.conf.task_routes = {"judges.judge": {"queue": "judging"}}
app.conf.beat_schedule = {
    # What a lost message or a killed worker left behind is found again by these.
    "judges-sweep": {"task": "judges.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "tournaments-sweep": {"task": "tournaments.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "forget-replies": {"task": "arena.forget_replies", "schedule": 3600.0},
    "forget-paid-replies": {"task": "judges.forget_replies", "schedule": 3600.0},
    "due-reports": {"task": "tournaments.send_due_reports", "schedule": 30.0},
}
app.autodiscover_tasks()
