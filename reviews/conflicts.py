"""Who may not vote on a question, and why. Read from the facts each time, so that a conflict that comes to light late strikes an earlier vote, visibly."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, Value

from evaluations.models import Snapshot, Upload
from ledger.models import Entry
from reviews.models import ApplicabilityStatement, Case, ImplementationEvidence, Question, Recusal, SafeguardsDecision
from reviews.models.question import QuestionKind, Verdict
from reviews.services.signoffs import WRITTEN

RECUSED = "You stood aside from this case."
OWN_EVIDENCE = "You brought evidence about this model, so others judge it."
OWN_SNAPSHOT = "You registered weights of this model, so others judge it."
OWN_SAFEGUARD = "You own a safeguard this question leans on, so others judge it."
OWN_SAFEGUARD_EVIDENCE = "You brought evidence for a safeguard this question leans on, so others judge it."
OWN_DESCRIPTION = "You wrote how a safeguard this question leans on is built, so others judge it."
OWN_PAPER = "You supplied a paper this release leans on, so others judge it."
OWN_STATEMENT = "You stated which sign-offs apply here, so others judge it."

Barred = dict[str, str]  # person id → why


def excluded(cases: Iterable[Case], questions: Iterable[Question], then: datetime | None = None) -> dict[UUID, Barred]:
    """Question id → person id → why they cast no vote there, now or `then`. Four queries, however many cases and questions there are."""
    several = list(cases)
    everywhere, safeguards = _from_the_cases(several, then), _from_safeguards(several, then)
    return {
        question.pk: {**_from_papers(question), **safeguards[question.kind][question.case_id], **everywhere[question.case_id]}
        for question in questions
    }


def recused(case: Case) -> frozenset[UUID]:
    """Who stood aside from the case."""
    return frozenset(case.recusals.order_by().values_list("person_id", flat=True))


def _from_papers(question: Question) -> Barred:
    """Who supplied the papers a release question names; the content says who, so that nothing need be read."""
    return {each["supplied_by"]: OWN_PAPER for each in question.content.get("papers", ()) if each["supplied_by"]}


def _from_the_cases(cases: Sequence[Case], then: datetime | None) -> Mapping[UUID, Barred]:
    subjects = [case.subject_id for case in cases]
    registered, uploaded = Snapshot.objects.filter(subject__in=subjects), Upload.objects.filter(subject__in=subjects)
    recused = Recusal.objects.filter(case__in=[case.pk for case in cases])
    if then is not None:
        registered, uploaded = registered.filter(registered_at__lte=then), uploaded.filter(received_at__lte=then)
        recused = recused.filter(at__lte=then)
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


def _from_safeguards(cases: Sequence[Case], then: datetime | None) -> Mapping[str, Mapping[UUID, Barred]]:
    """Kind of question → case → who is barred. A question about safeguards leans on the statement of its own case; a release, in whichever case it is
    asked, on those by which the safeguards in force were judged as well."""
    stated, judged = defaultdict[UUID, list[Any]](list), defaultdict[tuple[UUID, str], list[Any]](list)
    lines = _lines(cases, then)
    for line in lines:
        if line.replaced_at is None or (then is not None and line.replaced_at > then):
            stated[line.case_id].append(line)
        if line.is_judged:
            judged[line.subject_id, line.framework].append(line)
    wrought = _wrought({line.built for line in lines if line.built}, then)
    return {
        QuestionKind.THRESHOLD: defaultdict(dict),
        QuestionKind.SAFEGUARDS: {case.pk: _barred(stated[case.pk], wrought) for case in cases},
        QuestionKind.RELEASE: {
            case.pk: _barred([*stated[case.pk], *judged[case.subject_id, case.framework_name]], wrought) for case in cases
        },
    }


def _lines(cases: Sequence[Case], then: datetime | None) -> list[Any]:
    """What statements name, line by line: those in force in these cases, and those a decision in force on their models was taken on."""
    stands, judged = Q(replaced_at=None), Q(ended_at=None)
    if then is not None:
        stands = Q(Q(replaced_at=None) | Q(replaced_at__gt=then), stated_at__lte=then)
        judged = Q(Q(ended_at=None) | Q(ended_at__gt=then), decided_at__lte=then)
    in_force = SafeguardsDecision.objects.filter(judged, statement=OuterRef("pk"), verdict=Verdict.ADEQUATE)
    built, here = "lines__signoff__implementation", Q(stands, case__in=[case.pk for case in cases])
    rows = ApplicabilityStatement.objects.filter(subject__in=[case.subject_id for case in cases]).annotate(
        is_judged=Exists(in_force), framework=F("case__framework_name"), built=F(built), owner=F(f"{built}__owner")
    )
    told = ("case_id", "subject_id", "framework", "replaced_at", "is_judged", "person_id", "built", "owner")
    return list(rows.filter(here | Q(is_judged=True)).order_by().values_list(*told, named=True))


def _wrought(built: set[UUID], then: datetime | None) -> Mapping[UUID, Barred]:
    """Who wrote how each of these is built, and who brought evidence for it; the ledger says who wrote, so it cannot be rewritten."""
    barred: dict[UUID, Barred] = defaultdict(dict)
    written = Entry.objects.filter(thing__in=[f"implementation:{one}" for one in built], kind__in=WRITTEN, actor__isnull=False).order_by()
    shown = Q(withdrawn_at=None)
    if then is not None:
        written = written.filter(recorded_at__lte=then)
        shown = Q(Q(withdrawn_at=None) | Q(withdrawn_at__gt=then), attached_at__lte=then)
    for thing, person in written.values_list("thing", "actor").distinct():
        barred[UUID(thing.partition(":")[2])][str(person)] = OWN_DESCRIPTION
    evidence = ImplementationEvidence.objects.filter(shown, implementation__in=built).order_by()
    for implementation, person in evidence.values_list("implementation_id", "attached_by_id").distinct():
        barred[implementation][str(person)] = OWN_SAFEGUARD_EVIDENCE
    return barred


def _barred(lines: Sequence[Any], wrought: Mapping[UUID, Barred]) -> Barred:
    """Where several things speak of one person, the gravest is told."""
    barred: Barred = {}
    for line in lines:
        barred |= wrought[line.built] if line.built else {}
    barred |= {str(line.owner): OWN_SAFEGUARD for line in lines if line.owner}
    return barred | {str(line.person_id): OWN_STATEMENT for line in lines}
