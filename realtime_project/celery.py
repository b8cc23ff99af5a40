"""The Celery application: settings that do not lose a task when a worker is killed."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "realtime_project.settings.dev")

app = Celery("realtime_project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
