"""What the tests of this folder share."""

import io
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog
from django.conf import settings as django_settings


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the portal's own formatter writes."""
    handler = logging.StreamHandler(io.StringIO())
    configured = logging.config.DictConfigurator(django_settings.LOGGING)
    handler.setFormatter(configured.configure_formatter(configured.config["formatters"]["json"]))
    root = logging.getLogger()
    root.addHandler(handler)
    yield handler.stream
    root.removeHandler(handler)
    structlog.contextvars.clear_contextvars()
