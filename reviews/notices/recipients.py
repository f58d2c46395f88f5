"""Whom an entry concerns, and why. Reads rows, writes none; the one who acted is not told what they did."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from evaluations.models import Upload
from ledger.models import Entry
from people.models import Person
from people.queries import people_with, people_with_any
from people.words import Role
from reviews.confirmations import CONFIRMERS
from reviews.counting import is_current
from reviews.models import Adoption, Case, Question, SafeguardImplementation, Vote
from reviews.queries import ready_to_declare
from reviews.services.signoffs import SafeguardNotKnown, safeguard_of
from reviews.tally import NEVER_VOTE

# Told to whoever did it too.
OWN_ACTS = frozenset({"account_changed"})


@dataclass(frozen=True, slots=True)
class Told:
    """One person to be told one thing."""

    person: UUID
    kind: str
    subject: UUID | None = None
    case: UUID | None = None
    question: UUID | None = None
    data: Mapping[str, str] = field(default_factory=dict)


def recipients(entry: Entry) -> list[Told]:
    """Everyone this entry concerns, each once a kind, in a stable order; empty for entries that concern nobody in particular."""
    rule = _RULES.get(entry.kind)
    told = {(one.person, one.kind, one.question): one for one in (rule(entry) if rule else ())}
    return [one for key, one in sorted(told.items(), key=lambda item: str(item[0])) if one.person != entry.actor or one.kind in OWN_ACTS]


def _account(change: str) -> Callable[[Entry], Iterator[Told]]:
    """What changed about somebody's own account is told to them even though they did it: it may not have been them."""

    def rule(entry: Entry) -> Iterator[Told]:
        yield Told(UUID(str(entry.values["person"])), "account_changed", data={"change": change})

    return rule


def _thing(entry: Entry) -> UUID:
    return UUID(entry.thing.partition(":")[2])


def _voters(case: Case) -> Iterator[UUID]:
    """Who is on the pinned roster with a role that votes, the chair apart."""
    for member in case.roster:
        roles = set(member["roles"])
        if not roles & (NEVER_VOTE | {Role.CHAIR}) and Role.REVIEWER in roles:
            yield UUID(member["person"])


def _chairs(case: Case) -> Iterator[UUID]:
    for member in case.roster:
        if Role.CHAIR in member["roles"]:
            yield UUID(member["person"])


def _roster(case: Case) -> Iterator[UUID]:
    for member in case.roster:
        yield UUID(member["person"])


def _case_opened(entry: Entry) -> Iterator[Told]:
    case = Case.objects.get(pk=_thing(entry))
    voters = set(_voters(case))
    for person in _roster(case):
        yield Told(person, "vote_wanted" if person in voters else "case_opened", case.subject_id, case.pk)
    for owner in people_with(Role.SAFEGUARD_OWNER, entry.recorded_at):
        yield Told(owner.pk, "evidence_wanted", case.subject_id, case.pk)


def _case_revised(entry: Entry) -> Iterator[Told]:
    case = Case.objects.get(pk=_thing(entry))
    outdated = _owners_of_outdated_votes(case.questions.all())
    for person in _roster(case):
        yield Told(person, "vote_outdated" if person in outdated else "case_revised", case.subject_id, case.pk)


def _owners_of_outdated_votes(questions: Iterable[Question]) -> set[UUID]:
    live = Vote.objects.filter(question__in=list(questions), replaced_at=None, struck_at=None, question__state="open").select_related(
        "question"
    )
    return {vote.person_id for vote in live if not is_current(vote, vote.question)}


def _proposed(entry: Entry) -> Iterator[Told]:
    question = Question.objects.select_related("case").get(pk=_thing(entry))
    outdated = _owners_of_outdated_votes([question])
    for person in _voters(question.case):
        yield Told(
            person, "vote_outdated" if person in outdated else "vote_wanted", question.case.subject_id, question.case_id, question.pk
        )


def _vote_cast(entry: Entry) -> Iterator[Told]:
    question = Question.objects.select_related("case").get(pk=_thing(entry))
    if ready_to_declare(question, entry.recorded_at):
        for person in _chairs(question.case):
            yield Told(person, "ready_to_declare", question.case.subject_id, question.case_id, question.pk)


def _decided(entry: Entry) -> Iterator[Told]:
    question = Question.objects.select_related("case").get(pk=UUID(str(entry.values["question"])))
    for person in _roster(question.case):
        yield Told(person, "decided", question.case.subject_id, question.case_id, question.pk)


def _case_closed(entry: Entry) -> Iterator[Told]:
    case = Case.objects.get(pk=_thing(entry))
    for person in _roster(case):
        yield Told(person, "case_closed", case.subject_id, case.pk)


def _judges(entry: Entry) -> Iterator[Person]:
    for role in (Role.CHAIR, Role.REVIEWER, Role.EXECUTIVE):
        yield from people_with(role, entry.recorded_at)


def _ended(entry: Entry) -> Iterator[Told]:
    for person in _judges(entry):
        yield Told(person.pk, "decision_ended", UUID(str(entry.values["subject"])))


def _contradicted(entry: Entry) -> Iterator[Told]:
    """Who can open or decide a lowering case."""
    data = {"threshold": str(entry.values["threshold"])}
    for role in (Role.CHAIR, Role.REVIEWER):
        for person in people_with(role, entry.recorded_at):
            yield Told(person.pk, "evidence_disagrees", UUID(str(entry.values["subject"])), data=data)


def _scope(kind: str) -> Callable[[Entry], Iterator[Told]]:
    def rule(entry: Entry) -> Iterator[Told]:
        data = {"scope": str(entry.values["scope"]).replace("_", " "), "state": str(entry.values["state"])}
        for person in _judges(entry):
            yield Told(person.pk, kind, UUID(str(entry.values["subject"])), data=data)

    return rule


def _incident(entry: Entry) -> Iterator[Told]:
    """The chair and the administrators: what runs without the gate's leave is stopped by some and traced by others."""
    data = {"scope": str(entry.values["scope"]).replace("_", " ")}
    for role in (Role.CHAIR, Role.ADMINISTRATOR):
        for person in people_with(role, entry.recorded_at):
            yield Told(person.pk, "incident", UUID(str(entry.values["subject"])), data=data)


def _implementation(entry: Entry) -> Iterator[Told]:
    """Reviewers who could sign it: with its competence, and not its owner."""
    implementation = SafeguardImplementation.objects.get(pk=UUID(str(entry.values["implementation"])))
    data = {"implementation": str(implementation.pk), "safeguard": implementation.safeguard, "version": str(implementation.version)}
    try:
        competence = safeguard_of(implementation.framework_name, implementation.safeguard).competence
    except SafeguardNotKnown:
        return  # A newer version in force asks for it no more: nobody's signature is wanted.
    for person in people_with(Role.REVIEWER, entry.recorded_at, competence or None):
        if person.pk != implementation.owner_id:
            yield Told(person.pk, "signoff_wanted", data=data)


def _upload_rejected(entry: Entry) -> Iterator[Told]:
    upload = Upload.objects.get(pk=_thing(entry))
    data = {"upload": str(upload.pk)}
    yield Told(upload.uploader_id, "upload_rejected", upload.subject_id, data=data)
    for person in people_with_any(sorted(CONFIRMERS), entry.recorded_at):
        if person.pk != upload.uploader_id:
            yield Told(person.pk, "set_aside_wanted", upload.subject_id, data=data)


def _adoption(entry: Entry) -> Iterator[Told]:
    adoption = Adoption.objects.get(pk=_thing(entry))
    for person in people_with(Role.EXECUTIVE, entry.recorded_at):
        yield Told(person.pk, "adoption_wanted", data={"version": str(adoption.version_id)})


_RULES: dict[str, Callable[[Entry], Iterator[Told]]] = {
    "reviews:case:opened": _case_opened,
    "reviews:case:revised": _case_revised,
    "reviews:case:closed": _case_closed,
    "reviews:question:proposed": _proposed,
    "reviews:vote:cast": _vote_cast,
    "reviews:determination:made": _decided,
    "reviews:safeguards:decided": _decided,
    "reviews:release:decided": _decided,
    "reviews:determination:ended": _ended,
    "reviews:determination:contradicted": _contradicted,
    "reviews:safeguards:ended": _ended,
    "reviews:release:ended": _ended,
    "reviews:scope:changed": _scope("gate_changed"),
    "reviews:scope:halted": _scope("scope_halted"),
    "reviews:evidence:attached": _implementation,
    "reviews:adoption:proposed": _adoption,
    "reviews:incident:found": _incident,
    "evaluations:upload:rejected": _upload_rejected,
}
_RULES |= {
    "people:factor:added": _account("a second factor was added"),
    "people:factor:removed": _account("a second factor was removed"),
    "people:factor:codes-made": _account("new recovery codes were made"),
    "people:factor:code-used": _account("somebody signed in with a recovery code"),
    "people:credential:reset": _account("its password was set through a link"),
    "people:credential:changed": _account("its password was changed"),
    "people:identity:chosen": _account("it signs in at the sign-in provider, chosen through a link"),
    "people:identity:linked": _account("it was linked to the sign-in provider"),
    "people:identity:unlinked": _account("it was unlinked from the sign-in provider"),
    "people:token:created": _account("an API token was made"),
}
KINDS_HEARD = tuple(_RULES)
