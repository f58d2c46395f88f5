"""One evaluation run: what it means for its lines first, then counts, metrics, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from evaluations import access, documents, queries
from evaluations.forms import SetAsideForm
from evaluations.models import Assessment, Measurement, Run, Supersession
from evaluations.policies import CONFIRMERS, may_register, may_see_raw_bytes, may_set_aside
from evaluations.services import results
from frameworks.charts import interval_chart, rows_of, table_of
from ledger.refusals import NotKnown
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from people.signing import Statement, sign
from people.words import Role


@dataclass(frozen=True, slots=True)
class Reading:
    """What one measurement of the run means for one indicator, as the latest assessment has it."""

    threshold: str
    title: str
    leaf: Mapping[str, Any]
    judged: Mapping[str, Any]


@require_safe
def detail(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Everything one run says and what it bears."""
    run = access.run(request.actor, pk, timezone.now())
    measurements = list(run.measurements.order_by("position"))
    reached = queries.bindings_of([run.pk])
    gone = queries.supersessions_of([run.pk])
    assessments = queries.latest_of_subject(run.subject)
    readings = [reading for assessment in assessments for reading in _readings(assessment, measurements)]
    context = {
        "run": run,
        "measurements": [(one, reached.get(one.pk, []), gone.get(one.pk)) for one in measurements],
        "set_aside": gone.get(run.pk),
        "twins": list(
            Run.objects.filter(twin_of=run.twin_of_id or run.pk, subject=run.subject_id).exclude(pk=run.pk).select_related("upload")
        ),
        "readings": readings,
        "chart": _chart(readings, assessments),
        "may_propose": may_register(request.actor),
        "may_set_aside": may_set_aside(request.actor, uploader=run.upload.uploader),
        "may_see_raw": may_see_raw_bytes(request.actor),
    }
    return render(request, "evaluations/run.html", context)


def _readings(assessment: Assessment, measurements: list[Measurement]) -> Iterator[Reading]:
    mine = {str(measurement.pk) for measurement in measurements}
    seen: set[tuple[str, str]] = set()
    for threshold in documents.content(assessment.assessment_digest)["thresholds"]:
        for leaf in _leaves(threshold["tree"]):
            for judged in leaf["measurements"]:
                key = (leaf["indicator"], judged["id"])
                if judged["id"].partition("@")[0] in mine and key not in seen:
                    seen.add(key)
                    yield Reading(threshold["slug"], threshold["title"], leaf, judged)


def _leaves(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if node["kind"] in {"indicator", "band"}:
        yield node
    for child in node["children"]:
        yield from _leaves(child)


def _chart(readings: list[Reading], assessments: list[Assessment]) -> dict[str, Any] | None:
    """The leaves this run reaches, each with its lines."""
    if not readings:
        return None
    leaves = {reading.leaf["indicator"]: reading.leaf for reading in readings}
    indicators = (indicator for assessment in assessments for indicator in assessment.framework_version.document.indicators)
    logs = {indicator.slug for indicator in indicators if indicator.log_scale}
    rows = rows_of({"kind": "all_of", "children": list(leaves.values())}, log_scales=logs)
    columns, lines = table_of(rows)
    svg = interval_chart(rows, title="This run against its lines", desc="Each indicator the run reaches: value, interval, lines, n.")
    return {"svg": mark_safe(svg), "columns": columns, "rows": lines}  # noqa: S308 the chart escapes everything people wrote


# --- Setting aside --------------------------------------------------------------------------------------------------------------------------


@sensitive_post_parameters("password")
@sensitive_variables("form")
@require_http_methods(["GET", "HEAD", "POST"])
def supersede(request: MemberRequest, pk: UUID, measurement_pk: UUID) -> HttpResponse:
    """The sheet on which a measurement is taken out of the evidence, replaced or not."""
    run = access.run(request.actor, pk, timezone.now())
    measurement = run.measurements.filter(pk=measurement_pk).first()
    if measurement is None:
        raise NotKnown
    others = Measurement.objects.filter(run__subject=run.subject_id, metric=measurement.metric, run__task=run.task).exclude(
        pk=measurement.pk
    )
    return _set_aside(
        request,
        run,
        measurement,
        SetAsideForm(request.POST if request.method == "POST" else None, roles=_roles(request), replacements=others),
    )


@sensitive_post_parameters("password")
@sensitive_variables("form")
@require_http_methods(["GET", "HEAD", "POST"])
def set_aside(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The sheet on which a run that reaches no indicator, or conflicts with its twin, is signed away."""
    run = access.run(request.actor, pk, timezone.now())
    return _set_aside(
        request, run, None, SetAsideForm(request.POST if request.method == "POST" else None, roles=_roles(request), replacements=None)
    )


def _set_aside(request: MemberRequest, run: Run, measurement: Measurement | None, form: SetAsideForm) -> HttpResponse:
    require(may_set_aside(request.actor, uploader=run.upload.uploader))
    if request.method == "POST" and form.is_valid() and _signed_away(request, run, measurement, form):
        messages.info(request, "The result no longer speaks. It stays readable, with your reason beside it.")
        return redirect("evaluations:run", pk=run.pk)
    context = {"run": run, "measurement": measurement, "form": form}
    return render(request, "evaluations/set_aside.html", context, status=422 if form.errors else 200)


def _signed_away(request: MemberRequest, run: Run, measurement: Measurement | None, form: SetAsideForm) -> bool:
    return said_on(form, lambda: _sign_away(request, run, measurement, form)) is not None


def _sign_away(request: MemberRequest, run: Run, measurement: Measurement | None, form: SetAsideForm) -> Supersession:
    now, told = timezone.now(), form.cleaned_data
    about: dict[str, Any] = {"measurement": measurement, "run": None if measurement else run, "replacement": told.get("replacement")}
    statement = Statement(
        type=results.STATEMENT,
        digests=results.supersession_digests(**about),
        meaning="This result no longer speaks",
        role=told["role"],
        text=told["reason"],
    )
    with transaction.atomic():
        signature = sign(person=request.actor.person, user=request.user, statement=statement, password=told["password"], at=now)
        return results.supersede(reason=told["reason"], signature=signature, actor=request.actor.person, at=now, **about)


def _roles(request: MemberRequest) -> list[tuple[str, str]]:
    return [(role.value, role.label) for role in Role if role in CONFIRMERS & request.actor.roles]
