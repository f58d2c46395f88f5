"""What waits on one person: their home page's answer, and why theirs."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from evaluations.models import Snapshot, Subject
from frameworks.queries import in_force_versions
from people.models import Person
from people.queries import Actor, actor_of
from people.words import Role
from reviews import policies, signing
from reviews.confirmations import confirmations_for
from reviews.facts import collect
from reviews.models import Case, ImplementationEvidence, Question, SafeguardImplementation, ScopeState, SignOff
from reviews.models.case import CaseState
from reviews.models.question import QuestionKind, QuestionState
from reviews.queries import open_cases, turns_of_cases
from reviews.turns import Turn, Waiting, turns_of

# A sign-off that ends this soon waits to be given anew.
SOON = timedelta(days=30)
# Of a model these are told as what they are: each scope, each file.
ONE_BY_ONE = frozenset({"answer_halt", "set_aside_upload"})


def waiting_on(person: Person, at: datetime) -> list[Waiting]:
    """Everything whose turn is this person's, the most pressing first. A number of queries that does not grow with the cases."""
    actor = actor_of(person, at)
    found = [
        *_halted(actor),
        *_from_cases(actor, at),
        *_from_candidates(actor, at),
        *_signoffs_wanted(actor, at),
        *_evidence_wanted(actor),
        *confirmations_for(actor, at),
    ]
    last = datetime.max.replace(tzinfo=at.tzinfo)
    return sorted(found, key=lambda each: (each.kind != "answer_halt", each.until or last, each.kind, *_place_of(each), each.thing))


def _place_of(each: Waiting) -> tuple[int, str]:
    """Where a thing stands among others as pressing: by its case, whose questions keep their order; by its safeguard; else by its title."""
    if each.case is not None:
        return each.case.number, ""
    return 0, f"{each.implementation.safeguard if each.implementation is not None else ''} {each.title}"


def _halted(actor: Actor) -> Iterator[Waiting]:
    """Scopes that somebody halted, until the board is asked whether to go on. Nothing else is as pressing."""
    if Role.CHAIR not in actor.roles:
        return
    asked = Q(case__subject=OuterRef("subject"), scope=OuterRef("scope"), kind=QuestionKind.RELEASE, state=QuestionState.OPEN)
    rows = ScopeState.objects.filter(~Exists(Question.objects.filter(asked)), halted_at__isnull=False).select_related(
        "subject", "halted_by"
    )
    for row in rows.order_by("halted_at", "id"):
        by = row.halted_by.name if row.halted_by else "somebody"
        why = f"Halted by {by}: {row.halt_reason.strip().rstrip('.')}. Going on takes a release decision of the board."
        title = f"{row.subject.name} to {row.scope.replace('_', ' ')}"
        yield Waiting("answer_halt", title, why, None, f"subject:{row.subject_id}", slug=row.subject.slug)


def _from_cases(actor: Actor, at: datetime) -> Iterator[Waiting]:
    mine = str(actor.person.pk)
    for case, turns in turns_of_cases(open_cases(), at):
        for turn in turns:
            if mine in turn.persons or (not turn.persons and _is_for(turn, actor, case)):
                document = case.framework_version.document
                title = signing.question_title(turn.question, document) if turn.question else f"Case {case.number}"
                yield Waiting(turn.kind, title, turn.why, turn.until, f"case:{case.pk}", case=case, question=turn.question)


def _is_for(turn: Turn, actor: Actor, case: Case) -> bool:
    """Whether a turn that is nobody's own is this person's too. Sign-offs are wanted one by one; a paper is brought by whoever leaves the release to others."""
    if turn.kind == "supply_paper":
        return bool(policies.may_supply_papers(actor)) and not policies.is_chair(actor, case)
    return turn.kind != "sign_off" and turn.role in actor.roles


def _from_candidates(actor: Actor, at: datetime) -> Iterator[Waiting]:
    """Models somebody means to release and no case is open on: evidence that is missing, a case that is still to be opened.

    Of the others the portfolio tells whose turn it is; they wait on nobody in particular.
    """
    if not actor.roles & {Role.RESEARCHER, Role.CHAIR}:
        return
    candidates = Snapshot.objects.filter(subject=OuterRef("pk"), candidate_seq__isnull=False)
    open_now = Case.objects.filter(subject=OuterRef("pk"), state=CaseState.OPEN)
    subjects = list(Subject.objects.filter(Exists(candidates), ~Exists(open_now)).order_by("name", "id"))
    for version in in_force_versions() if subjects else ():
        for facts in collect(subjects, version, at).values():
            for turn in turns_of(facts, {}):
                if turn.role in actor.roles and turn.kind not in ONE_BY_ONE:
                    yield Waiting(
                        turn.kind, facts.subject.name, turn.why, turn.until, f"subject:{facts.subject.pk}", slug=facts.subject.slug
                    )


def _signoffs_wanted(actor: Actor, at: datetime) -> Iterator[Waiting]:
    """Implementations with evidence and no sign-off that holds for another month, which this person may sign."""
    if Role.REVIEWER not in actor.roles:
        return
    versions = {version.name: version for version in in_force_versions()}
    held = SignOff.objects.filter(implementation=OuterRef("pk")).in_force(at, *versions.values()).filter(expires_at__gt=at + SOON)
    competences = {
        (version.name, safeguard.slug): safeguard.competence for version in versions.values() for safeguard in version.document.safeguards
    }
    rows = (
        SafeguardImplementation.objects.filter(~Exists(held), retired_at=None)
        .select_related("owner")
        .prefetch_related("evidence", "signoffs")
    )
    for implementation in rows:
        shown = [each for each in implementation.evidence.all() if each.withdrawn_at is None]
        attachers, hazardous = frozenset(str(each.attached_by_id) for each in shown), any(each.hazard for each in shown)
        competence = competences.get((implementation.framework_name, implementation.safeguard))
        if not attachers or competence is None:
            continue
        if policies.may_sign_off(actor, implementation, competence=competence, attachers=attachers, hazardous=hazardous):
            standing = [each for each in implementation.signoffs.all() if each.stands(at, implementation)]
            held_now = [each.expires_at for each in standing if each.is_worded_as(versions[implementation.framework_name])]
            ends = max(held_now, default=None)
            missing = (
                "It was signed off for an earlier wording of the framework." if standing else "It has evidence and no sign-off in force."
            )
            why = "Its sign-off runs out soon." if ends else missing
            title = f"{implementation.title} ({implementation.safeguard})"
            yield Waiting("sign_off", title, why, ends, f"implementation:{implementation.pk}", implementation=implementation)


def _evidence_wanted(actor: Actor) -> Iterator[Waiting]:
    shown = ImplementationEvidence.objects.filter(implementation=OuterRef("pk"), withdrawn_at=None)
    for implementation in SafeguardImplementation.objects.filter(~Exists(shown), owner=actor.person, retired_at=None):
        yield Waiting(
            "attach_evidence",
            implementation.title,
            "Nothing has been attached that shows it works.",
            None,
            f"implementation:{implementation.pk}",
            implementation=implementation,
        )
