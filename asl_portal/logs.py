"""Logs as one JSON object a line, with the id of the request that began the work, from the page to the last task it led to."""

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from celery.signals import before_task_publish, setup_logging, task_failure, task_postrun, task_prerun
from django.http import HttpRequest, HttpResponse
from structlog.typing import EventDict

HEADER = "asl_request_id"
log = structlog.get_logger("asl_portal.work")

_ADDED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
# Django ends these lines with the path, which may hold the secret of a one-time link; our own line of the same request names the route.
_END_WITH_A_PATH = {"django.request", "django.security.csrf"}


def _without_paths(logger: Any, method: str, event: EventDict) -> EventDict:
    if event.get("logger") in _END_WITH_A_PATH:
        event["event"] = str(event["event"]).split(":")[0]
    return event


def _places_alone(logger: Any, method: str, event: EventDict) -> EventDict:
    """Where it happened, never with which values: a message quotes what broke it, which may be a password or hazardous detail."""
    for one in event.get("exception") or ():
        if isinstance(one, dict):
            one.pop("exc_value", None)
            one.pop("exc_notes", None)
    return event


def logging_settings(level: str) -> dict[str, Any]:
    """Django's LOGGING: everything, ours and the libraries', through one formatter to standard error."""
    structlog.configure(
        processors=[*_ADDED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    render = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _without_paths,
        _TRACEBACKS,
        _places_alone,
        structlog.processors.JSONRenderer(),
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": structlog.stdlib.ProcessorFormatter, "processors": render, "foreign_pre_chain": _ADDED}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Its own handlers would print everything twice, or in another shape.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # A line for every sweep, every five seconds, would bury the rest.
            **{name: {"level": "WARNING"} for name in ("celery.beat", "celery.worker.strategy")},
            # Its lines quote arguments and messages of errors; `_failed` says the same without them.
            "celery.app.trace": {"level": "CRITICAL"},
            # They name the addresses they send to, which are secrets: `reviews.notices` says what became of each delivery.
            **{name: {"level": "CRITICAL"} for name in ("apprise", "urllib3")},
        },
    }


class RequestLog:
    """Middleware: give each request an id, keep it on every line it causes, and say how it ended. Never the query: it may hold a secret."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        structlog.contextvars.clear_contextvars()
        request_id = uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        # The route and not the path: a path may hold the secret of a one-time link.
        route = request.resolver_match.route if request.resolver_match else ""
        took = round((time.perf_counter() - began) * 1000)
        log.info("request", method=request.method, route=route, status=response.status_code, ms=took)
        return response


@before_task_publish.connect(weak=False)
def _send_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None:
        headers[HEADER] = structlog.contextvars.get_contextvars().get("request_id", "")


@task_prerun.connect(weak=False)
def _take_up(task_id: str, task: Any, **_: Any) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id, request_id=getattr(task.request, HEADER, None) or task_id)


@task_failure.connect(weak=False)
def _failed(exception: BaseException, **_: Any) -> None:
    log.error("task failed", exc_info=exception)


@task_postrun.connect(weak=False)
def _put_down(task: Any, state: str | None = None, **_: Any) -> None:
    # What a request led to has a line of its own; the sweeps, every few seconds, would bury it.
    if getattr(task.request, HEADER, None):
        log.info("task", state=state)
    structlog.contextvars.clear_contextvars()


@setup_logging.connect(weak=False)
def _keep_ours(**_: Any) -> None:
    """Hearing this signal is what stops Celery from putting its own log format over ours."""
    logging.captureWarnings(True)
