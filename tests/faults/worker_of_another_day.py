"""A real worker on a machine whose clock is days off: `worker_of_another_day.py DAYS <celery's arguments>`. Only the clock is another."""

import os
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
days = timedelta(days=float(sys.argv.pop(1)))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asl_portal.settings")

from celery.__main__ import main  # noqa: E402 - after the path is known
from django.utils import timezone  # noqa: E402

real_now = timezone.now
timezone.now = lambda: real_now() + days  # type: ignore[assignment] - every room asks Django for the time

if __name__ == "__main__":
    main()
