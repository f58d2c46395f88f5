"""Whom an entry concerns, and why. Reads rows, writes none; the one who acted is not told what they did."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.text import capfirst

from evaluations.models import Correction, Upload
from frameworks.models import FrameworkVersion
from ledger.models import Entry
from people.models import Person
from people.queries import people_with, people_with_any
from people.words import Role
from reviews import policies, signing
from reviews.clocks import TOLD
from reviews.confirmations import CONFIRMERS
from reviews.counting import is_current, made_quorum
from reviews.facts import collect_one
from reviews.models import (
    Adoption,
    Case,
    ClockTurn,
    Determination,
    Notice,
    Question,
    ReleaseDecision,
    SafeguardImplementation,
    SafeguardsDecision,
    SignOff,
    Vote,
)
from reviews.models.question import QuestionState
from reviews.queries import ready_to_declare
from reviews.services.signoffs import SafeguardNotKnown, safeguard_of
from reviews.tally import NEVER_VOTE
from reviews.turns import papers_lacking

# Told to whoever did it too.
OWN_ACTS = frozenset({"account_changed"})
# A notice names this many questions and counts the rest.
NAMED = 2
DECISIONS = {"determination": Determination, "safeguards": SafeguardsDecision, "release": ReleaseDecision}


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


def _asked(questions: Iterable[Question], case: Case) -> dict[str, str]:
    """What is asked, for a notice: the first questions in the framework's words, and how many more."""
    titles = [signing.question_title(each, case.framework_version.document) for each in questions]
    more = [f"And {len(titles) - NAMED} more."] if len(titles) > NAMED else []
    return {"asked": " ".join([*titles[:NAMED], *more])} if titles else {}


def _open(case: Case) -> list[Question]:
    return list(case.questions.filter(state=QuestionState.OPEN).select_related("snapshot").order_by("position", "id"))


def _case(case_id: UUID) -> Case:
    return Case.objects.select_related("framework_version", "subject").get(pk=case_id)


def _question(question_id: UUID) -> Question:
    return Question.objects.select_related("case__framework_version", "case__subject", "snapshot").get(pk=question_id)


def _voters(case: Case, questions: Iterable[Question]) -> Iterator[UUID]:
    """Who is on the pinned roster with a role whose vote counts on one of these questions, the chair apart."""
    counted = frozenset[str]().union(*(policies.roles_that_count(each) for each in questions))
    for member in case.roster:
        roles = set(member["roles"])
        if not roles & (NEVER_VOTE | {Role.CHAIR}) and roles & counted:
            yield UUID(member["person"])


def _chairs(case: Case) -> Iterator[UUID]:
    for member in case.roster:
        if Role.CHAIR in member["roles"]:
            yield UUID(member["person"])


def _roster(case: Case) -> Iterator[UUID]:
    for member in case.roster:
        yield UUID(member["person"])


def _case_opened(entry: Entry) -> Iterator[Told]:
    case = _case(_thing(entry))
    questions = _open(case)
    voters, asked = set(_voters(case, questions)), _asked(questions, case)
    for person in _roster(case):
        yield Told(person, "vote_wanted" if person in voters else "case_opened", case.subject_id, case.pk, data=asked)
    yield from _papers(case, entry)
    for owner in people_with(Role.SAFEGUARD_OWNER, entry.recorded_at):
        yield Told(owner.pk, "evidence_wanted", case.subject_id, case.pk)


def _case_revised(entry: Entry) -> Iterator[Told]:
    case = _case(_thing(entry))
    outdated = _outdated_votes(case.questions.all())
    changed = _asked(_changed_in(case, int(str(entry.values["revision"]))), case)
    for person in _roster(case):
        if mine := outdated.get(person):
            yield Told(person, "vote_outdated", case.subject_id, case.pk, data=_asked(mine, case))
        else:
            yield Told(person, "case_revised", case.subject_id, case.pk, data=changed)
    yield from _papers(case, entry)


def _changed_in(case: Case, number: int) -> list[Question]:
    revision = case.revisions.filter(number=number).first()
    touched = [change["question"] for change in revision.changes] if revision is not None else []
    return list(case.questions.filter(pk__in=touched).select_related("snapshot").order_by("position", "id"))


def _outdated_votes(questions: Iterable[Question]) -> dict[UUID, list[Question]]:
    """Whose votes answer something that has changed, and on which questions."""
    live = Vote.objects.filter(question__in=list(questions), replaced_at=None, struck_at=None, question__state=QuestionState.OPEN)
    found: dict[UUID, list[Question]] = {}
    for vote in live.select_related("question__snapshot").order_by("question__position", "id"):
        if not is_current(vote, vote.question):
            found.setdefault(vote.person_id, []).append(vote.question)
    return found


def _papers(case: Case, entry: Entry) -> Iterator[Told]:
    """Who may bring a paper that is asked for, once a case and paper: whoever brings it leaves the release to others."""
    for line in papers_lacking(collect_one(case.subject, case.framework_version, entry.recorded_at)):
        data = {
            "paper": "/".join(line.asked.key),
            "title": line.asked.title,
            "threshold": case.framework_version.document.threshold_title(line.asked.threshold),
        }
        told = Notice.objects.filter(kind="paper_wanted", case=case, withdrawn_at=None, data__paper=data["paper"])
        if told.exclude(entry_seq=entry.seq).exists():
            continue
        for person in people_with_any([Role.RESEARCHER, Role.SAFEGUARD_OWNER], entry.recorded_at):
            yield Told(person.pk, "paper_wanted", case.subject_id, case.pk, data=data)


def _proposed(entry: Entry) -> Iterator[Told]:
    question = _question(_thing(entry))
    outdated = _outdated_votes([question])
    for person in _voters(question.case, [question]):
        yield _on(question, person, "vote_outdated" if person in outdated else "vote_wanted")


def _on(question: Question, person: UUID, kind: str, **data: str) -> Told:
    """Something about one question, which the notice names."""
    case = question.case
    return Told(person, kind, case.subject_id, case.pk, question.pk, data=_asked([question], case) | data)


def _vote_cast(entry: Entry) -> Iterator[Told]:
    question = _question(_thing(entry))
    vote = question.votes.get(pk=str(entry.values["vote"]))
    vote.question = question
    # Further votes beside the one that made the quorum change nothing for the chair.
    if ready_to_declare(question, entry.recorded_at) and made_quorum(vote, entry.recorded_at):
        for person in _chairs(question.case):
            yield _on(question, person, "ready_to_declare")


def _decided(entry: Entry) -> Iterator[Told]:
    question = _question(UUID(str(entry.values["question"])))
    outcome = capfirst(signing.verdict_in_words(question, str(entry.values["verdict"]), question.case.framework_version.document))
    for person in _roster(question.case):
        yield _on(question, person, "decided", outcome=outcome)


def _case_closed(entry: Entry) -> Iterator[Told]:
    case = Case.objects.get(pk=_thing(entry))
    for person in _roster(case):
        yield Told(person, "case_closed", case.subject_id, case.pk)


def _judges(entry: Entry) -> Iterator[Person]:
    for role in (Role.CHAIR, Role.REVIEWER, Role.EXECUTIVE):
        yield from people_with(role, entry.recorded_at)


def _ended(entry: Entry) -> Iterator[Told]:
    noun, _, identity = entry.thing.partition(":")
    question = _question(DECISIONS[noun].objects.values_list("question", flat=True).get(pk=identity))
    for person in _judges(entry):
        yield Told(person.pk, "decision_ended", UUID(str(entry.values["subject"])), data=_asked([question], question.case))


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
    yield from _wanted(SafeguardImplementation.objects.get(pk=UUID(str(entry.values["implementation"]))), entry)


def _about(implementation: SafeguardImplementation) -> dict[str, str]:
    return {
        "implementation": str(implementation.pk),
        "safeguard": implementation.safeguard,
        "title": implementation.title,
        "version": str(implementation.version),
    }


def _wanted(implementation: SafeguardImplementation, entry: Entry) -> Iterator[Told]:
    try:
        competence = safeguard_of(implementation.framework_name, implementation.safeguard).competence
    except SafeguardNotKnown:
        return  # A newer version in force asks for it no more: nobody's signature is wanted.
    for person in people_with(Role.REVIEWER, entry.recorded_at, competence or None):
        if person.pk != implementation.owner_id:
            yield Told(person.pk, "signoff_wanted", data=_about(implementation))


def _reworded(entry: Entry) -> Iterator[Told]:
    """Of each safeguard that is signed off, and for an earlier wording only: who could sign it anew, its owner, and who signed it."""
    version = FrameworkVersion.objects.get(pk=_thing(entry))
    held = SignOff.objects.filter(implementation=OuterRef("pk"))
    rows = SafeguardImplementation.objects.filter(
        Exists(held.standing(entry.recorded_at)), ~Exists(held.in_force(entry.recorded_at, version)), framework_name=version.name
    )
    for implementation in rows.prefetch_related("signoffs"):
        yield from _wanted(implementation, entry)
        signers = {each.person_id for each in implementation.signoffs.all() if each.stands(entry.recorded_at, implementation)}
        for person in {implementation.owner_id, *signers}:
            yield Told(person, "signoff_reworded", data=_about(implementation))


def _upload_rejected(entry: Entry) -> Iterator[Told]:
    upload = Upload.objects.get(pk=_thing(entry))
    data = {"upload": str(upload.pk)}
    yield Told(upload.uploader_id, "upload_rejected", upload.subject_id, data=data)
    for person in people_with_any(sorted(CONFIRMERS), entry.recorded_at):
        if person.pk != upload.uploader_id:
            yield Told(person.pk, "set_aside_wanted", upload.subject_id, data=data)


def _correction(entry: Entry) -> Iterator[Told]:
    """Who may sign it: a reviewer or the chair who neither proposed it nor sent the file."""
    correction = Correction.objects.select_related("upload", "snapshot").get(pk=_thing(entry))
    upload = correction.upload
    data = {"upload": str(upload.pk), "correction": str(correction.pk), "snapshot": correction.snapshot.label}
    for person in people_with_any(sorted(CONFIRMERS), entry.recorded_at):
        if person.pk not in (upload.uploader_id, correction.proposed_by_id):
            yield Told(person.pk, "correction_wanted", upload.subject_id, data=data)


def _adoption(entry: Entry) -> Iterator[Told]:
    adoption = Adoption.objects.select_related("version").get(pk=_thing(entry))
    named = f"{adoption.version.name} {adoption.version.version}"
    for person in people_with(Role.EXECUTIVE, entry.recorded_at):
        yield Told(person.pk, "adoption_wanted", data={"version": str(adoption.version_id), "named": named})


def _clock(entry: Entry) -> Iterator[Told]:
    """Whom the clock's effect concerns, once it comes near; of a model's clock with the model."""
    turn = ClockTurn.objects.get(pk=_thing(entry))
    data = {"clock": turn.clock, "framework": turn.framework_name, "until": f"{turn.due_at.day} {turn.due_at:%b %Y}"}
    for role in TOLD[turn.effect]:
        for person in people_with(role, entry.recorded_at):
            yield Told(person.pk, "clock_due", turn.subject_id, data=data)


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
    "frameworks:version:adopted": _reworded,
    "reviews:incident:found": _incident,
    "reviews:clock:begun": _clock,
    "evaluations:upload:rejected": _upload_rejected,
    "evaluations:correction:proposed": _correction,
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
