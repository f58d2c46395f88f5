"""What the board decided, held against the ledger: every vote, sign-off, statement and decision stands there once, under a signature that holds, and says there
what it says in its table. What was written past the verbs opens a gate until the next verification, and shuts every gate from then on."""

from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

from ledger.canonical import digest
from ledger.rows import Told, told_as
from people.models import Signature
from people.rows import fault_of
from people.signing import signature_fields, statement_of
from reviews import entries
from reviews.models import (
    Adoption,
    ApplicabilityStatement,
    BoardSeat,
    Determination,
    ImportedRecord,
    Motion,
    MotionVote,
    Paper,
    Recusal,
    ReleaseDecision,
    SafeguardsDecision,
    SignOff,
    Vote,
)
from reviews.models.determination import EndReason
from reviews.services.applicability import stated_digest, told_by

Decided = Determination | SafeguardsDecision | ReleaseDecision

OTHER_WORDS = "its signature stands under another statement."


def _bound(signature: Signature, type_: str, meaning: str, **said: str) -> bool:
    """Whether what was signed is of this type, means this, and names these digests."""
    statement = statement_of(signature)
    return (statement.type, statement.meaning) == (type_, meaning) and said.items() <= dict(statement.digests).items()


def _mark(row: Vote | Decided | SignOff) -> dict[str, object]:
    """Whether what was written holds hazardous detail. An entry tells only that it does, so a row that says no is held against it too."""
    return {"hazard": row.hazard}


@told_as("reviews:vote:cast")
def votes() -> Iterator[Told]:
    for vote in Vote.objects.select_related("signature").iterator():
        fields = entries.vote_fields(vote) | signature_fields(vote.signature)
        said = {"question": str(vote.question_id), "content": vote.content_digest, "rationale": digest({"rationale": vote.rationale})}
        fault = fault_of(vote.signature, person=vote.person_id) or (
            "" if _bound(vote.signature, "reviews.vote", vote.choice, **said) else OTHER_WORDS
        )
        yield Told(f"vote {vote.pk}", f"question:{vote.question_id}", fields, vote.person_id, fault, _mark(vote))


def _decisions(model: type[Decided], noun: str, own: Callable[..., dict[str, object]]) -> Iterator[Told]:
    for decision in model.objects.select_related("signature").iterator():
        fields = own(decision) | entries.decision_fields(decision) | signature_fields(decision.signature)
        said = {"question": str(decision.question_id), "note": digest({"note": decision.rationale})}
        bound = _bound(decision.signature, "reviews.declaration", decision.verdict, **said)
        fault = fault_of(decision.signature, person=decision.decided_by_id) or ("" if bound else OTHER_WORDS)
        yield Told(f"{noun} {decision.pk}", f"{noun}:{decision.pk}", fields, decision.decided_by_id, fault, _mark(decision))


def _ended(model: type[Decided], noun: str) -> Iterator[Told]:
    """A later decision that takes an earlier one's place is told of by itself."""
    for decision in model.objects.filter(ended_at__isnull=False).exclude(ended_why=EndReason.SUPERSEDED).iterator():
        fields = {"subject": decision.subject_id, "why": decision.ended_why}
        yield Told(f"ended {noun} {decision.pk}", f"{noun}:{decision.pk}", fields)


for _noun, _verb, _model, _own in (
    ("determination", "made", Determination, entries.determination_fields),
    ("safeguards", "decided", SafeguardsDecision, entries.safeguards_fields),
    ("release", "decided", ReleaseDecision, entries.release_fields),
):
    told_as(f"reviews:{_noun}:{_verb}")(partial(_decisions, _model, _noun, _own))
    told_as(f"reviews:{_noun}:ended")(partial(_ended, _model, _noun))


@told_as("reviews:signoff:given")
def signoffs() -> Iterator[Told]:
    for signoff in SignOff.objects.select_related("signature", "implementation").iterator():
        fields = entries.given_fields(signoff) | signature_fields(signoff.signature)
        said = {"implementation": str(signoff.implementation_id), "version": signoff.content_digest} | entries.wording_signed(signoff)
        bound = _bound(signoff.signature, "reviews.signoff", signoff.meaning, **said, rationale=digest({"rationale": signoff.rationale}))
        fault = fault_of(signoff.signature, person=signoff.person_id) or ("" if bound else OTHER_WORDS)
        yield Told(f"sign-off {signoff.pk}", f"signoff:{signoff.pk}", fields, signoff.person_id, fault, _mark(signoff))


@told_as("reviews:signoff:revoked")
def revoked_signoffs() -> Iterator[Told]:
    for signoff in SignOff.objects.filter(revoked_at__isnull=False).select_related("implementation").iterator():
        yield Told(f"revoked sign-off {signoff.pk}", f"signoff:{signoff.pk}", entries.signoff_fields(signoff), signoff.revoked_by_id)


@told_as("reviews:applicability:stated")
def statements() -> Iterator[Told]:
    rows = ApplicabilityStatement.objects.select_related("signature", "snapshot").prefetch_related("lines__signoff")
    for statement in rows.iterator(chunk_size=200):
        fields = entries.applicability_fields(statement) | signature_fields(statement.signature)
        lines = [(line.safeguard, str(line.signoff_id), line.signoff.content_digest) for line in statement.lines.all()]
        bound = statement.content_digest == stated_digest(
            case=str(statement.case_id), snapshot=statement.snapshot.weights_digest, told=told_by(statement), lines=lines
        )
        fault = fault_of(statement.signature, person=statement.person_id) or ("" if bound else OTHER_WORDS)
        yield Told(f"applicability statement {statement.pk}", f"applicability:{statement.pk}", fields, statement.person_id, fault)


@told_as("reviews:adoption:proposed")
def proposed_adoptions() -> Iterator[Told]:
    for adoption in Adoption.objects.select_related("proposed", "version").iterator():
        yield _adoption(adoption, adoption.proposed)


@told_as("reviews:adoption:confirmed")
def confirmed_adoptions() -> Iterator[Told]:
    for adoption in Adoption.objects.filter(confirmed__isnull=False).select_related("confirmed", "version").iterator():
        assert adoption.confirmed is not None
        yield _adoption(adoption, adoption.confirmed)


def _adoption(adoption: Adoption, signature: Signature) -> Told:
    by = adoption.proposed_by_id if signature.pk == adoption.proposed_id else adoption.confirmed_by_id
    assert by is not None
    fields = entries.adoption_fields(adoption) | signature_fields(signature)
    return Told(f"adoption {adoption.pk}", f"adoption:{adoption.pk}", fields, by, fault_of(signature, person=by))


@told_as("reviews:import:attested")
def attested_records() -> Iterator[Told]:
    for record in ImportedRecord.objects.select_related("attested").iterator():
        yield _imported(record, record.attested, record.attested_by_id)


@told_as("reviews:import:seconded")
def seconded_records() -> Iterator[Told]:
    for record in ImportedRecord.objects.filter(seconded__isnull=False).select_related("seconded").iterator():
        assert record.seconded is not None and record.seconded_by_id is not None
        yield _imported(record, record.seconded, record.seconded_by_id)


def _imported(record: ImportedRecord, signature: Signature, by: UUID) -> Told:
    fields = entries.imported_fields(record) | signature_fields(signature)
    return Told(f"imported record {record.pk}", f"importedrecord:{record.pk}", fields, by, fault_of(signature, person=by))


@told_as("reviews:motion:proposed")
def motions() -> Iterator[Told]:
    for motion in Motion.objects.select_related("proposed").iterator():
        fault = _motion_fault(motion.proposed, motion.proposed_by_id, "proposes", motion, motion.reason)
        fields = entries.motion_fields(motion) | signature_fields(motion.proposed)
        yield Told(f"motion {motion.pk}", f"motion:{motion.pk}", fields, motion.proposed_by_id, fault)


@told_as("reviews:motion:voted")
def motion_votes() -> Iterator[Told]:
    for vote in MotionVote.objects.select_related("signature", "motion").iterator():
        fault = _motion_fault(vote.signature, vote.person_id, vote.choice, vote.motion, vote.rationale)
        fields = entries.motion_vote_fields(vote) | signature_fields(vote.signature)
        yield Told(f"vote {vote.pk}", f"motion:{vote.motion_id}", fields, vote.person_id, fault)


def _motion_fault(signature: Signature, person: UUID, meaning: str, motion: Motion, why: str) -> str:
    bound = _bound(signature, "reviews.motion", meaning, content=motion.content_digest, rationale=digest({"rationale": why}))
    return fault_of(signature, person=person) or ("" if bound else OTHER_WORDS)


@told_as("reviews:motion:settled")
def settled_motions() -> Iterator[Told]:
    for motion in Motion.objects.filter(settled_at__isnull=False).iterator():
        yield Told(f"settled motion {motion.pk}", f"motion:{motion.pk}", entries.motion_fields(motion) | {"carried": motion.carried})


@told_as("reviews:motion:ended")
def ended_motions() -> Iterator[Told]:
    for motion in Motion.objects.filter(ended_at__isnull=False).iterator():
        yield Told(f"ended motion {motion.pk}", f"motion:{motion.pk}", entries.motion_fields(motion))


@told_as("reviews:seat:confirmed")
def seats() -> Iterator[Told]:
    for seat in BoardSeat.objects.filter(confirmed_at__isnull=False).iterator():
        yield Told(f"seat {seat.pk}", f"seat:{seat.pk}", entries.seat_fields(seat), seat.confirmed_by_id)


@told_as("reviews:seat:left")
def left_seats() -> Iterator[Told]:
    for seat in BoardSeat.objects.filter(left_at__isnull=False).iterator():
        yield Told(f"left seat {seat.pk}", f"seat:{seat.pk}", entries.seat_fields(seat))


@told_as("reviews:recusal:declared")
def recusals() -> Iterator[Told]:
    for recusal in Recusal.objects.iterator():
        yield Told(f"recusal {recusal.pk}", f"case:{recusal.case_id}", {"recusal": recusal.pk}, recusal.person_id)


@told_as("reviews:paper:supplied")
def papers() -> Iterator[Told]:
    for paper in Paper.objects.iterator():
        fields = entries.paper_fields(paper) | {"finding": paper.finding_digest, "hazard": paper.hazard}
        yield Told(f"paper {paper.pk}", f"paper:{paper.pk}", fields, paper.supplied_by_id)


@told_as("reviews:paper:withdrawn")
def withdrawn_papers() -> Iterator[Told]:
    for paper in Paper.objects.filter(withdrawn_at__isnull=False).iterator():
        yield Told(f"withdrawn paper {paper.pk}", f"paper:{paper.pk}", entries.paper_fields(paper))
