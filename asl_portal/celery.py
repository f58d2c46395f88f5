"""The Celery application. Tasks take ids, load rows and make one call; the rows say what is to be done."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asl_portal.settings")

app = Celery("asl_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
