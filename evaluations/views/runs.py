"""One evaluation run: what it means for its lines first, then counts, metrics, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from evaluations import access, documents, queries
from evaluations.models import Arms, Assessment, Measurement, Run
from evaluations.policies import may_answer_for_evidence, may_propose_correction, may_register, may_see_raw_bytes, may_set_aside
from frameworks.charts import interval_chart, rows_of_leaves, table_of
from frameworks.engine.types import Outcome
from frameworks.leaf_words import MeasuredWords, measured_words
from people.doors import MemberRequest


@dataclass(frozen=True, slots=True)
class Reading:
    """What one measurement of the run means for one indicator, as the latest assessment has it."""

    threshold: str
    title: str
    leaf: Mapping[str, Any]
    judged: Mapping[str, Any]

    @property
    def words(self) -> MeasuredWords:
        return measured_words(self.leaf, self.judged)


@require_safe
def detail(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Everything one run says and what it bears."""
    run = access.run(request.actor, pk, timezone.now())
    measurements = list(run.measurements.order_by("position"))
    reached = queries.bindings_of([run.pk])
    gone = queries.supersessions_of([run.pk])
    assessments = queries.latest_of_subject(run.subject)
    readings = [reading for assessment in assessments for reading in _readings(assessment, measurements)]
    told = _arms(run)
    context = {
        "run": run,
        "measurements": [(one, reached.get(one.pk, []), gone.get(one.pk), told.get(one.pk)) for one in measurements],
        "set_aside": gone.get(run.pk),
        "twins": list(
            Run.objects.filter(twin_of=run.twin_of_id or run.pk, subject=run.subject_id).exclude(pk=run.pk).select_related("upload")
        ),
        "readings": readings,
        "chart": _chart(readings, assessments),
        "may_tell_arms": may_propose_correction(request.actor),
        "may_propose": may_register(request.actor),
        "may_set_aside": may_set_aside(request.actor, uploader=run.upload.uploader) and may_answer_for_evidence(request.actor),
        "may_see_raw": may_see_raw_bytes(request.actor),
    }
    return render(request, "evaluations/run.html", context)


def _arms(run: Run) -> dict[UUID, Arms]:
    """The arms told of each result of the run: the confirmed ones, else those told last."""
    told = Arms.objects.filter(measurement__run=run).order_by(F("confirmed_seq").asc(nulls_first=True), "proposed_seq")
    return {each.measurement_id: each for each in told}


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
    indicators = (indicator for assessment in assessments for indicator in assessment.framework_version.document.indicators)
    logs = {indicator.slug for indicator in indicators if indicator.log_scale}
    rows = rows_of_leaves([_alone(reading) for reading in readings], log_scales=logs)
    title, desc = "This run against its lines", "Each indicator the run reaches: value, interval, lines, n."
    wide, narrow = (interval_chart(rows, title=title, desc=desc, narrow=phone) for phone in (False, True))
    # Everything people wrote was escaped by the chart itself.
    return {"svg": mark_safe(wide), "narrow": mark_safe(narrow), "table": table_of(rows)}  # noqa: S308


def _alone(reading: Reading) -> dict[str, Any]:
    """The indicator as this run has it, without what other runs say."""
    judged = reading.judged
    return {**reading.leaf, "measurements": [judged], "deciding": judged["id"], "outcome": judged["outcome"] or Outcome.NOT_ASSESSED.value}
