"""Who may not vote on a question, and why. Read from the facts each time, so that a conflict that comes to light late strikes an earlier vote, visibly."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db.models import F, Value

from evaluations.models import Snapshot, Upload
from reviews.models import ApplicabilityStatement, Case, ImplementationEvidence, Question, Recusal
from reviews.models.question import QuestionKind

RECUSED = "You stood aside from this case."
OWN_EVIDENCE = "You brought evidence about this model, so others judge it."
OWN_SNAPSHOT = "You registered weights of this model, so others judge it."
OWN_SAFEGUARD = "You own a safeguard this question leans on, so others judge it."
OWN_SAFEGUARD_EVIDENCE = "You brought evidence for a safeguard this question leans on, so others judge it."
OWN_PAPER = "You supplied a paper this release leans on, so others judge it."
OWN_STATEMENT = "You stated which sign-offs apply here, so others judge it."

Barred = dict[str, str]  # person id → why


def excluded(cases: Iterable[Case], questions: Iterable[Question]) -> dict[UUID, Barred]:
    """Question id → person id → why they cast no vote there. Four queries, however many cases and questions there are."""
    several = list(cases)
    everywhere, safeguards = _from_the_cases(several), _from_safeguards(several)
    return {
        question.pk: {**_from_papers(question), **safeguards[question.case_id], **everywhere[question.case_id]}
        if question.kind != QuestionKind.THRESHOLD
        else dict(everywhere[question.case_id])
        for question in questions
    }


def _from_papers(question: Question) -> Barred:
    """Who supplied the papers a release question names; the content says who, so that nothing need be read."""
    return {each["supplied_by"]: OWN_PAPER for each in question.content.get("papers", ()) if each["supplied_by"]}


def _from_the_cases(cases: Sequence[Case]) -> Mapping[UUID, Barred]:
    subjects = [case.subject_id for case in cases]
    registered, uploaded = Snapshot.objects.filter(subject__in=subjects), Upload.objects.filter(subject__in=subjects)
    recused = Recusal.objects.filter(case__in=[case.pk for case in cases])
    # Each kind with its rank: where several speak of one person, the highest is told.
    rows = [
        registered.order_by().values_list(Value(0), F("subject_id"), F("registered_by_id")),
        uploaded.order_by().values_list(Value(1), F("subject_id"), F("uploader_id")),
        recused.order_by().values_list(Value(2), F("case_id"), F("person_id")),
    ]
    found: dict[UUID, Barred] = defaultdict(dict)
    for rank, about, person in sorted(rows[0].union(*rows[1:]), key=lambda row: row[0]):
        found[about][str(person)] = (OWN_SNAPSHOT, OWN_EVIDENCE, RECUSED)[rank]
    return defaultdict(dict, {case.pk: {**found[case.subject_id], **found[case.pk]} for case in cases})


def _from_safeguards(cases: Sequence[Case]) -> Mapping[UUID, Barred]:
    statements = list(
        ApplicabilityStatement.objects.filter(case__in=[case.pk for case in cases], replaced_at=None).prefetch_related(
            "lines__signoff__implementation"
        )
    )
    attached: dict[UUID, set[UUID]] = defaultdict(set)
    named = {line.signoff.implementation_id for statement in statements for line in statement.lines.all()}
    evidence = ImplementationEvidence.objects.filter(implementation__in=named, withdrawn_at=None).order_by()
    for implementation, person in evidence.values_list("implementation_id", "attached_by_id").distinct():
        attached[implementation].add(person)
    barred: dict[UUID, Barred] = defaultdict(dict)
    for statement in statements:
        implementations = [line.signoff.implementation for line in statement.lines.all()]
        here = barred[statement.case_id]
        here |= {str(person): OWN_SAFEGUARD_EVIDENCE for each in implementations for person in attached[each.pk]}
        here |= {str(each.owner_id): OWN_SAFEGUARD for each in implementations}
        here[str(statement.person_id)] = OWN_STATEMENT
    return barred
