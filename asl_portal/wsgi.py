"""The web's way in. A process has everything loaded before its first request, and sets it aside from the search for cycles, which stops everything
for a tenth of a second where it has to go through all of that."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asl_portal.settings")
application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
