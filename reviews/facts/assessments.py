"""What the engine made of a model by then."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from django.db.models import OuterRef, Subquery

from evaluations.models import Assessment, Document
from frameworks.models import FrameworkVersion
from ledger.canonical import parse


def assessments_of(ids: list[UUID], version: FrameworkVersion, at: datetime, known_at: datetime) -> dict[UUID, Assessment]:
    rows = (
        Assessment.objects.filter(subject__in=ids, framework_name=version.name, as_of__lte=at, made_at__lte=known_at, seq__isnull=False)
        .annotate(content=content_under("assessment_digest"))
        .order_by("subject_id", "-seq")
        .distinct("subject_id")
        .defer("summary", "finding_digests", "requirement", "reader_versions")
    )
    return {row.subject_id: row for row in rows}


def content_under(digest: str) -> Subquery:
    """The stored bytes of the assessment whose digest stands in the row under this name, for `findings_in`."""
    return Subquery(Document.objects.filter(digest=OuterRef(digest)).values("content")[:1])


def findings_in(stored: bytes | None) -> dict[str, Mapping[str, Any]]:
    """threshold → finding, as the stored bytes of an assessment have it; none of none."""
    return {} if stored is None else findings_by_threshold(_parsed(bytes(stored)))


def findings_by_threshold(content: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {finding["slug"]: finding for finding in content.get("thresholds", ())}


def content_of(assessment: Assessment | None) -> Mapping[str, Any]:
    stored = None if assessment is None else assessment.content  # type: ignore[attr-defined]
    return {} if stored is None else _parsed(bytes(stored))


@lru_cache(maxsize=256)
def _parsed(stored: bytes) -> Mapping[str, Any]:
    """The same bytes are the same findings, whatever is written elsewhere. Nobody changes what this answers."""
    return cast("Mapping[str, Any]", parse(stored))
