"""What people decided about a model, and what they are asked: decisions in force, the open case and its questions."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Prefetch, Q, Subquery

from frameworks.models import FrameworkVersion
from reviews import past
from reviews.facts.safeguards import stand_as_then
from reviews.models import ApplicabilityLine, ApplicabilityStatement, Case, Determination, Question, SafeguardsDecision
from reviews.models.question import QuestionState

# What a decision says in words and shows of its votes stands on its case's page; a list of models would read it by the thousand for nothing.
PROSE = ("rationale", "votes")
_COVERING = ("covered_by__label", "covered_by__weights_digest", "covered_by__subject__slug", "covered_by__subject__name")


def determinations_of(ids: list[UUID], version: FrameworkVersion, at: datetime) -> Iterable[Determination]:
    read = [each.name for each in Determination._meta.concrete_fields if each.name not in {*PROSE, "finding"}]
    return (
        Determination.objects.in_force(at)
        .filter(subject__in=ids, framework_name=version.name)
        .select_related("question__case", "covered_by__subject")
        .only(*read, "question__case__number", "question__case__snapshot", *_COVERING)
    )


def adequacy_of(ids: list[UUID], version: FrameworkVersion, at: datetime, *, back: bool) -> Iterable[SafeguardsDecision]:
    held = ("given_at", "expires_at", "revoked_at", "content_digest", "wording_digest")
    stands = ("place", "place_name", "version_digest", "retired_at")
    lines = ApplicabilityLine.objects.select_related("signoff__implementation").only(
        *("statement", "axis", "safeguard"),
        *("signoff__" + field for field in held),
        *("signoff__implementation__" + field for field in stands),
    )
    decided = list(
        SafeguardsDecision.objects.in_force(at)
        .filter(subject__in=ids, framework_name=version.name)
        .select_related("statement")
        .defer(*PROSE, "statement__rationale")
        .prefetch_related(Prefetch("statement__lines", queryset=lines))
    )
    if back:
        stand_as_then((line.signoff.implementation for each in decided for line in each.statement.lines.all()), at)
    return decided


def _open_cases(ids: list[UUID], version: FrameworkVersion, at: datetime, *, back: bool) -> Iterable[Case]:
    in_force = Q(Q(replaced_at=None) | Q(replaced_at__gt=at), stated_at__lte=at) if back else Q(replaced_at=None)
    stated = ApplicabilityStatement.objects.filter(in_force, case=OuterRef("pk"))
    return (
        Case.objects.filter(Q(closed_at=None) | Q(closed_at__gt=at), subject__in=ids, framework_name=version.name, opened_at__lte=at)
        .annotate(stack=Subquery(stated.values("stack")[:1]), environment=Subquery(stated.values("environment")[:1]))
        .order_by("opened_at", "id")
    )


def cases_of(ids: list[UUID], version: FrameworkVersion, at: datetime, *, back: bool) -> Iterable[Case]:
    found = _open_cases(ids, version, at, back=back)
    return past.cases_as_they_stood(found, at) if back else found


def questions_of(cases: Iterable[Case], then: datetime | None) -> dict[UUID, list[Question]]:
    rows = Question.objects.filter(case__in=[case.pk for case in cases])
    asked: Iterable[Question] = rows.exclude(state=QuestionState.WITHDRAWN)
    if then is not None:
        stood = past.as_it_stood(rows.filter(opened_at__lte=then), then)
        asked = (question for question in stood if question.state != QuestionState.WITHDRAWN)
    grouped: dict[UUID, list[Question]] = defaultdict(list)
    for question in asked:
        grouped[question.case_id].append(question)
    return grouped
