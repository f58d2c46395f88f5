"""System checks: what would make the portal unsafe, said at every start, each with its mend."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from asl_portal.env import THIS_MACHINE


@register(Tags.security)
def check_secret_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG or len(settings.SECRET_KEY) >= 32:
        return []
    return [
        _warning(
            "W001", "The secret key is shorter than 32 characters.", "Set ASL_SECRET_KEY (or ASL_SECRET_KEY_FILE) to a long random text."
        )
    ]


@register(Tags.security)
def check_public_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Sessions over plain http are readable on the way; only this machine itself is no way."""
    address = urlsplit(settings.PUBLIC_URL)
    # Under a path no link of the portal's would lead anywhere; it is served at the root.
    if address.scheme not in {"http", "https"} or not address.hostname or address.path or address.query or address.fragment:
        return [
            _error("E001", f"ASL_PUBLIC_URL is {settings.PUBLIC_URL!r}.", "Write the whole address, such as https://portal.example.org")
        ]
    if address.scheme == "http" and address.hostname not in {"localhost", "127.0.0.1", "::1"}:
        return [
            _error(
                "E002",
                "ASL_PUBLIC_URL is plain http for a host that is not this machine.",
                "Serve the portal by https and say so in ASL_PUBLIC_URL.",
            )
        ]
    allowed = {host.strip("[]") for host in settings.ALLOWED_HOSTS}
    if address.hostname not in allowed and not any(host.startswith(".") and address.hostname.endswith(host) for host in allowed):
        return [
            _error("E003", f"ASL_ALLOWED_HOSTS does not hold {address.hostname}.", "Add the host of ASL_PUBLIC_URL to ASL_ALLOWED_HOSTS.")
        ]
    return []


@register(Tags.security)
def check_hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [_error("E004", "ASL_ALLOWED_HOSTS lets every host through.", "Name the hosts the portal is reached by.")]


@register(Tags.security)
def check_debug(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEBUG or urlsplit(settings.PUBLIC_URL).hostname in {"localhost", "127.0.0.1", "::1"}:
        return []
    return [
        _error(
            "E005",
            "ASL_DEBUG is on and the portal is not on this machine alone.",
            "Leave ASL_DEBUG out; error pages would show evidence to anyone.",
        )
    ]


@register()
def check_clock(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.USE_TZ and settings.TIME_ZONE == "UTC" and settings.CELERY_TIMEZONE == "UTC":
        return []
    return [
        _error(
            "E006",
            "The portal does not keep its times in UTC.",
            "Set TIME_ZONE and CELERY_TIMEZONE to UTC; pages show local time on their own.",
        )
    ]


@register()
def check_broker(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A message that comes back while its task still runs would be worked on twice at once."""
    if settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] > settings.CELERY_TASK_TIME_LIMIT:
        return []
    return [
        _error("E007", "A task may run longer than the broker waits for it.", "Keep CELERY_TASK_TIME_LIMIT below the visibility timeout.")
    ]


@register(Tags.security)
def check_sign_in_provider(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A provider on this machine is for trying things out; somebody elsewhere would be sent to their own machine, and whatever listens there."""
    if urlsplit(settings.OIDC_ISSUER).hostname not in THIS_MACHINE or urlsplit(settings.PUBLIC_URL).hostname in THIS_MACHINE:
        return []
    return [
        _error(
            "E008",
            "ASL_OIDC_ISSUER is on this machine, and ASL_PUBLIC_URL is not.",
            "Name the provider by the https address that people's browsers reach it under.",
        )
    ]


def _error(number: str, message: str, hint: str) -> Error:
    return Error(message, hint=hint, id=f"asl_portal.{number}")


def _warning(number: str, message: str, hint: str) -> Warning:
    return Warning(message, hint=hint, id=f"asl_portal.{number}")
