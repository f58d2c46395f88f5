"""The figures of `/metrics`. All that is the portal's is read from the database and the broker when asked, so every web process says the same.

Only `process_*` and `python_*` are of the one process that answers.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError
from django.db.models import Count, Min, Model, Q
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from asl_portal import health
from asl_portal.celery import app
from evaluations.models import Assessment, AssessmentDue, DueState, Upload, UploadState
from ledger.models import Cursor, Head
from ledger.queries import is_sound, latest_checkpoint
from reviews.models.notice import Work, WorkState


@never_cache
@require_safe
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus figures, for whoever holds the token, or for this machine where no token is set."""
    if not _may_read(request):
        return HttpResponseForbidden(
            "Metrics need the token of ASL_METRICS_TOKEN, or a request from this machine.", content_type="text/plain"
        )
    return HttpResponse(exposition(timezone.now()), content_type=CONTENT_TYPE_LATEST)


def exposition(at: datetime) -> bytes:
    """Everything, in Prometheus' text format. A part that does not answer is said to be down; its figures are left out, never zero."""
    ours = CollectorRegistry()
    ours.register(_Figures(at))
    return generate_latest(REGISTRY) + generate_latest(ours)


class _Figures(Collector):
    def __init__(self, at: datetime) -> None:
        self.at = at

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("asl_up", "1 where this part answers.", labels=["part"])
        up.add_metric(["worker"], health.worker_alive())
        found: list[Metric] = []
        for part, ask in (("broker", self._broker), ("database", self._database)):
            try:
                found += ask()
                up.add_metric([part], 1)
            except (redis.RedisError, OperationalError):
                up.add_metric([part], 0)
        yield up
        yield from found

    def _broker(self) -> list[Metric]:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            waiting = client.llen(app.conf.task_default_queue)
        return [_one("asl_broker_messages", "Messages that wait for a worker.", waiting)]

    def _database(self) -> list[Metric]:
        return [*self._work(), *self._ledger(), *self._assessments()]

    def _work(self) -> Iterable[Metric]:
        """Work in rows, by kind: each kind is one statement."""
        waiting = GaugeMetricFamily("asl_work_waiting", "Rows that wait for a worker or are with one.", labels=["kind"])
        oldest = GaugeMetricFamily("asl_work_oldest_seconds", "Since when the oldest of them waits; 0 where none does.", labels=["kind"])
        dead = GaugeMetricFamily("asl_work_dead", "Rows that were given up after their last try.", labels=["kind"])
        for kind, table, since, open_states, given_up in _kinds():
            rows = table._default_manager.filter(state__in=[*open_states, given_up])
            if issubclass(table, Work):
                # What is meant for later, such as a weekly digest, is not late.
                rows = rows.exclude(attempts=0, not_before__gt=self.at)
            found = rows.aggregate(
                waiting=Count("pk", filter=Q(state__in=open_states)),
                since=Min(since, filter=Q(state__in=open_states)),
                dead=Count("pk", filter=Q(state=given_up)),
            )
            waiting.add_metric([kind], found["waiting"])
            oldest.add_metric([kind], self._age(found["since"]))
            dead.add_metric([kind], found["dead"])
        return waiting, oldest, dead

    def _ledger(self) -> Iterator[Metric]:
        size = Head.objects.values_list("size", flat=True).first() or 0
        yield _one("asl_ledger_entries", "Entries in the ledger.", size)
        yield _one("asl_ledger_sound", "1 where the ledger fits together; where it does not, the gate denies everything.", is_sound())
        last = latest_checkpoint()
        yield _one("asl_checkpoint_unsigned_entries", "Entries that no signed checkpoint covers yet.", size - (last.size if last else 0))
        if last is not None:
            yield _one("asl_checkpoint_age_seconds", "Since when the newest checkpoint is signed.", self._age(last.signed_at))
        lag = GaugeMetricFamily("asl_consumer_lag_entries", "Entries this consumer has not looked at yet.", labels=["consumer"])
        failures = GaugeMetricFamily("asl_consumer_failures", "Failed tries at the entry it stands at.", labels=["consumer"])
        for cursor in Cursor.objects.all():
            lag.add_metric([cursor.consumer], max(0, size - cursor.position))
            failures.add_metric([cursor.consumer], cursor.attempts)
        yield lag
        yield failures

    def _assessments(self) -> Iterator[Metric]:
        found = Assessment.objects.filter(superseded_by=None).aggregate(
            current=Count("pk"), oldest=Min("made_at"), overdue=Count("pk", filter=Q(valid_until__lte=self.at))
        )
        yield _one("asl_assessments_current", "Assessments in force, one for each subject and framework.", found["current"])
        yield _one(
            "asl_assessment_oldest_seconds", "Since when the oldest of them stands; 0 where there is none.", self._age(found["oldest"])
        )
        yield _one("asl_assessments_overdue", "Those whose answer has changed by time and is not computed anew yet.", found["overdue"])

    def _age(self, since: datetime | None) -> float:
        return max(0.0, (self.at - since).total_seconds()) if since else 0.0


def _kinds() -> Iterator[tuple[str, type[Model], str, list[str], str]]:
    """Every kind of row that says what is to be done: its name, its table, since when it waits, and its states."""
    yield "upload", Upload, "received_at", [UploadState.RECEIVED, UploadState.PARSING], UploadState.DEAD
    yield "assessment", AssessmentDue, "marked_at", [DueState.WAITING, DueState.WORKING], DueState.DEAD
    for work in Work.__subclasses__():
        yield work._meta.model_name or "", work, "made_at", [WorkState.WAITING, WorkState.WORKING], WorkState.DEAD


def _one(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)


def _may_read(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    if token:
        return secrets.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    # Behind a proxy every request comes from this machine, so there the token is the only way.
    return not settings.BEHIND_PROXY and request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"}
