"""What we tell the ledger about the board's work. Ids, digests, words and dates only: no name and no prose ever stands in an entry."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.entry_format import PUBLIC
from ledger.models import Entry
from ledger.sentences import describe
from ledger.services import append
from people.models import Person, Signature
from people.signing import signature_fields
from reviews.models import (
    Adoption,
    ApplicabilityStatement,
    Board,
    BoardSeat,
    Case,
    CaseRevision,
    ClockTurn,
    Comment,
    Delivery,
    Determination,
    Export,
    GateAnswer,
    ImplementationEvidence,
    ImportedRecord,
    Incident,
    NamedSet,
    NamedSetVote,
    Observing,
    ObservingVote,
    Outlet,
    Paper,
    Question,
    Recusal,
    ReleaseDecision,
    SafeguardImplementation,
    SafeguardsDecision,
    ScopeState,
    SignOff,
    Vote,
)

REPORT_MADE = "reviews:report:made"


def board_founded(board: Board, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:board:founded", f"board:{board.pk}", actor, at, {"framework": board.framework_name})


def seat_proposed(seat: BoardSeat, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:seat:proposed", f"seat:{seat.pk}", actor, at, seat_fields(seat))


def seat_confirmed(seat: BoardSeat, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:seat:confirmed", f"seat:{seat.pk}", actor, at, seat_fields(seat))


def seat_left(seat: BoardSeat, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:seat:left", f"seat:{seat.pk}", actor, at, seat_fields(seat))


def adoption_proposed(adoption: Adoption, *, at: datetime) -> Entry:
    return _signed("reviews:adoption:proposed", f"adoption:{adoption.pk}", adoption.proposed, at, adoption_fields(adoption))


def adoption_confirmed(adoption: Adoption, *, confirmed: Signature, at: datetime) -> Entry:
    return _signed("reviews:adoption:confirmed", f"adoption:{adoption.pk}", confirmed, at, adoption_fields(adoption))


def case_opened(case: Case, revision: CaseRevision, *, actor: Person | None, at: datetime) -> Entry:
    fields = _revision(case, revision) | {"case_kind": case.kind, "roster": case.roster_digest, "policy": case.policy_digest}
    return _append("reviews:case:opened", f"case:{case.pk}", actor, at, fields, policy=case.policy_digest)


def case_revised(case: Case, revision: CaseRevision, *, actor: Person | None, at: datetime) -> Entry:
    fields = _revision(case, revision) | {"case_kind": case.kind}
    return _append("reviews:case:revised", f"case:{case.pk}", actor, at, fields, policy=case.policy_digest)


def case_closed(case: Case, *, actor: Person | None, at: datetime) -> Entry:
    fields = {"subject": case.subject_id, "state": case.state}
    return _append("reviews:case:closed", f"case:{case.pk}", actor, at, fields, policy=case.policy_digest)


def case_commented(comment: Comment, *, at: datetime) -> Entry:
    return _append(
        "reviews:case:commented", f"case:{comment.case_id}", comment.person, at, {"comment": comment.pk, "hazard": comment.hazard}
    )


def recusal_declared(recusal: Recusal, struck: list[Vote], *, at: datetime) -> Entry:
    fields = {"recusal": recusal.pk, "struck": [str(vote.pk) for vote in struck]}
    return _append("reviews:recusal:declared", f"case:{recusal.case_id}", recusal.person, at, fields)


def question_proposed(question: Question, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:question:proposed", f"question:{question.pk}", actor, at, _question(question))


def vote_cast(vote: Vote, *, at: datetime) -> Entry:
    fields = _question(vote.question) | vote_fields(vote)
    return _signed("reviews:vote:cast", f"question:{vote.question_id}", vote.signature, at, fields)


def threshold_determined(determination: Determination, *, at: datetime) -> Entry:
    fields = determination_fields(determination)
    return _decided("reviews:determination:made", f"determination:{determination.pk}", determination, at, fields)


def safeguards_decided(decision: SafeguardsDecision, *, at: datetime) -> Entry:
    return _decided("reviews:safeguards:decided", f"safeguards:{decision.pk}", decision, at, safeguards_fields(decision))


def release_decided(decision: ReleaseDecision, *, at: datetime) -> Entry:
    return _decided("reviews:release:decided", f"release:{decision.pk}", decision, at, release_fields(decision))


def decision_ended(decision: Determination | SafeguardsDecision | ReleaseDecision, *, at: datetime) -> Entry:
    """A decision left force: `reviews:determination:ended`, `reviews:safeguards:ended` or `reviews:release:ended`."""
    noun = {Determination: "determination", SafeguardsDecision: "safeguards", ReleaseDecision: "release"}[type(decision)]
    return _append(f"reviews:{noun}:ended", f"{noun}:{decision.pk}", None, at, {"subject": decision.subject_id, "why": decision.ended_why})


def determination_kept(determination: Determination, *, at: datetime) -> Entry:
    fields = {"subject": determination.subject_id, "finding": determination.kept_for}
    return _append("reviews:determination:kept", f"determination:{determination.pk}", None, at, fields)


def determination_contradicted(determination: Determination, *, at: datetime) -> Entry:
    """The evidence rules out by now what was decided strictly; the decision goes on counting."""
    return _compared("reviews:determination:contradicted", determination, at, determination.contradicted_for)


def determination_sustained(determination: Determination, *, finding: str, at: datetime) -> Entry:
    """The evidence no longer says otherwise."""
    return _compared("reviews:determination:sustained", determination, at, finding)


def implementation_registered(implementation: SafeguardImplementation, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:implementation:registered", _thing(implementation), actor, at, _implementation(implementation))


def implementation_changed(implementation: SafeguardImplementation, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:implementation:changed", _thing(implementation), actor, at, _implementation(implementation))


def implementation_retired(implementation: SafeguardImplementation, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:implementation:retired", _thing(implementation), actor, at, _implementation(implementation))


def evidence_attached(evidence: ImplementationEvidence, *, actor: Person, at: datetime) -> Entry:
    fields = _implementation(evidence.implementation) | {
        "evidence": evidence.pk,
        "blob": evidence.blob_id,
        "type": evidence.evidence_type,
        "hazard": evidence.hazard,
    }
    return _append("reviews:evidence:attached", _thing(evidence.implementation), actor, at, fields)


def evidence_withdrawn(evidence: ImplementationEvidence, *, actor: Person, at: datetime) -> Entry:
    fields = _implementation(evidence.implementation) | {"evidence": evidence.pk, "blob": evidence.blob_id}
    return _append("reviews:evidence:withdrawn", _thing(evidence.implementation), actor, at, fields)


def signoff_given(signoff: SignOff, *, at: datetime) -> Entry:
    fields = signoff_fields(signoff) | {"meaning": signoff.meaning, "expires_at": signoff.expires_at}
    return _signed("reviews:signoff:given", f"signoff:{signoff.pk}", signoff.signature, at, fields)


def signoff_revoked(signoff: SignOff, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:signoff:revoked", f"signoff:{signoff.pk}", actor, at, signoff_fields(signoff))


def applicability_stated(statement: ApplicabilityStatement, *, at: datetime) -> Entry:
    fields = applicability_fields(statement)
    return _signed("reviews:applicability:stated", f"applicability:{statement.pk}", statement.signature, at, fields)


def paper_supplied(paper: Paper, *, at: datetime) -> Entry:
    fields = paper_fields(paper) | {"finding": paper.finding_digest, "hazard": paper.hazard, "kept_here": paper.blob_id is not None}
    return _append("reviews:paper:supplied", f"paper:{paper.pk}", paper.supplied_by, at, fields)


def paper_withdrawn(paper: Paper, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:paper:withdrawn", f"paper:{paper.pk}", actor, at, paper_fields(paper))


def observing_proposed(observing: Observing, *, at: datetime) -> Entry:
    return _signed("reviews:observing:proposed", _observing(observing), observing.proposed, at, observed_fields(observing))


def observing_voted(vote: ObservingVote, *, at: datetime) -> Entry:
    fields = observed_fields(vote.observing) | {"vote": vote.pk, "choice": vote.choice}
    return _signed("reviews:observing:voted", _observing(vote.observing), vote.signature, at, fields)


def observing_settled(observing: Observing, *, at: datetime) -> Entry:
    return _append(
        "reviews:observing:settled", _observing(observing), None, at, observed_fields(observing) | {"granted": observing.granted}
    )


def observing_ended(observing: Observing, *, at: datetime) -> Entry:
    return _append("reviews:observing:ended", _observing(observing), None, at, observed_fields(observing))


def _observing(observing: Observing) -> str:
    return f"observing:{observing.pk}"


def observed_fields(observing: Observing) -> dict[str, Any]:
    return {
        "subject": observing.subject_id,
        "snapshot": observing.snapshot_id,
        "framework": observing.framework_version_id,
        "scope": observing.scope,
        "until": observing.until,
        "content": observing.content_digest,
    }


def record_attested(record: ImportedRecord, *, at: datetime) -> Entry:
    """True since the decision was taken, known since today."""
    return _imported("reviews:import:attested", record, record.attested, at)


def record_seconded(record: ImportedRecord, *, at: datetime) -> Entry:
    assert record.seconded is not None
    return _imported("reviews:import:seconded", record, record.seconded, at)


def _imported(kind: str, record: ImportedRecord, signature: Signature, at: datetime) -> Entry:
    return append(
        kind=kind,
        thing=f"importedrecord:{record.pk}",
        actor=signature.person_id,
        role=signature.role,
        policy=signature.policy,
        at=at,
        as_of=record.true_at,
        fields=imported_fields(record) | signature_fields(signature),
    )


def imported_fields(record: ImportedRecord) -> dict[str, Any]:
    return {
        "subject": record.subject_id,
        "framework": record.framework_version_id,
        "threshold": record.threshold,
        "verdict": record.verdict,
        "source": record.source_digest,
        "expires_at": record.expires_at,
    }


def clock_begun(turn: ClockTurn, *, at: datetime) -> Entry:
    return _append("reviews:clock:begun", _turn(turn), None, at, _clock(turn))


def clock_answered(turn: ClockTurn, *, actor: Person | None, at: datetime) -> Entry:
    """`actor` None: new results answered it, or no version in force names the clock any more."""
    return _append("reviews:clock:answered", _turn(turn), actor, at, _clock(turn))


def named_set_proposed(asked: NamedSet, *, at: datetime) -> Entry:
    return _signed("reviews:named-set:proposed", _set(asked), asked.proposed, at, named_set_fields(asked) | {"quorum": asked.quorum})


def named_set_voted(vote: NamedSetVote, *, at: datetime) -> Entry:
    fields = named_set_fields(vote.named_set) | {"vote": vote.pk, "choice": vote.choice}
    return _signed("reviews:named-set:voted", _set(vote.named_set), vote.signature, at, fields)


def named_set_settled(asked: NamedSet, *, at: datetime) -> Entry:
    return _append("reviews:named-set:settled", _set(asked), None, at, named_set_fields(asked) | {"admitted": asked.admitted})


def scope_halted(state: ScopeState, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:scope:halted", f"scope:{state.pk}", actor, at, _scope(state))


def scope_changed(state: ScopeState, *, codes: list[str], at: datetime) -> Entry:
    """A recompute found another answer than the last one; `codes` are the reasons against it."""
    return _append("reviews:scope:changed", f"scope:{state.pk}", None, at, _scope(state) | {"codes": codes})


def gate_answered(answer_id: UUID, *, actor: Person, at: datetime, fields: dict[str, Any]) -> Entry:
    return _append("reviews:gate:answered", f"{GateAnswer.__name__.lower()}:{answer_id}", actor, at, fields)


def incident_found(incident: Incident, *, actor: Person, at: datetime) -> Entry:
    """A deployment was reported that no valid authorisation covers."""
    deployment = incident.deployment
    fields = {"subject": incident.subject_id, "deployment": deployment.pk, "scope": deployment.scope, "cause": incident.cause}
    return _append("reviews:incident:found", f"incident:{incident.pk}", actor, at, fields)


def export_requested(export_id: UUID, case: Case, *, actor: Person, at: datetime, export_kind: str) -> Entry:
    return _append("reviews:export:requested", f"export:{export_id}", actor, at, {"case": case.pk, "kind": export_kind})


def report_made(export: Export, *, documents: dict[str, str], root: str, at: datetime) -> Entry:
    """`documents`: by format the digest of each form of this report: the file itself, and the JSON a PDF was set from. All of it is public, so that every
    export of the ledger knows the reports made before it."""
    fields = {"case": export.case_id, "format": export.kind, "ledger_size": export.ledger_size, "root": root} | documents
    return append(kind=REPORT_MADE, thing=f"export:{export.pk}", actor=None, at=at, fields=fields, classes=dict.fromkeys(fields, PUBLIC))


def table_exported(export_id: UUID, *, actor: Person, at: datetime, fields: dict[str, Any]) -> Entry:
    return _append("reviews:table:exported", f"export:{export_id}", actor, at, fields)


def outlet_added(outlet: Outlet, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:outlet:added", f"outlet:{outlet.pk}", actor, at, {"outlet_kind": outlet.kind, "topics": sorted(outlet.topics)})


def outlet_rotated(outlet: Outlet, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:outlet:rotated", f"outlet:{outlet.pk}", actor, at, {"old_until": outlet.old_secret_until})


def outlet_stopped(outlet: Outlet, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:outlet:stopped", f"outlet:{outlet.pk}", actor, at, {"outlet_kind": outlet.kind})


def outlet_tested(outlet: Outlet, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:outlet:tested", f"outlet:{outlet.pk}", actor, at, {"outlet_kind": outlet.kind})


def delivery_resent(delivery: Delivery, *, actor: Person, at: datetime) -> Entry:
    fields = {"outlet": delivery.outlet_id, "entry": delivery.entry_seq}
    return _append("reviews:delivery:resent", f"delivery:{delivery.pk}", actor, at, fields)


def work_retried(kind: str, row_id: str, *, actor: Person, at: datetime) -> Entry:
    return _append("reviews:work:retried", f"{kind}:{row_id}", actor, at, {"work": kind})


def notices_chosen(person: Person, choices: dict[str, list[object]], *, at: datetime) -> Entry:
    return _append("reviews:notices:chosen", f"person:{person.pk}", person, at, {"choices": choices})


def _append(
    kind: str, thing: str, actor: Person | None, at: datetime, fields: dict[str, Any], *, role: str = "", policy: str = ""
) -> Entry:
    return append(kind=kind, thing=thing, actor=actor.pk if actor else None, at=at, fields=fields, role=role, policy=policy)


def _signed(kind: str, thing: str, signature: Signature, at: datetime, fields: dict[str, Any]) -> Entry:
    """What somebody did by putting their name to a statement: in the role, and under the policy, that the statement says."""
    told = fields | signature_fields(signature)
    return _append(kind, thing, signature.person, at, told, role=signature.role, policy=signature.policy)


def _decided(
    kind: str, thing: str, decision: Determination | SafeguardsDecision | ReleaseDecision, at: datetime, own: dict[str, Any]
) -> Entry:
    # Dissent travels with the decision: every live vote with its signature, for and against.
    return _signed(kind, thing, decision.signature, at, own | decision_fields(decision))


def vote_fields(vote: Vote) -> dict[str, Any]:
    return {"vote": vote.pk, "choice": vote.choice, "answered": vote.content_digest}


def decision_fields(decision: Determination | SafeguardsDecision | ReleaseDecision) -> dict[str, Any]:
    """What every decision says of itself."""
    return {
        "subject": decision.subject_id,
        "question": decision.question_id,
        "framework": decision.framework_version_id,
        "votes": [[vote["vote"], vote["choice"], vote["current"]] for vote in decision.votes],
    }


def determination_fields(determination: Determination) -> dict[str, Any]:
    return {
        "threshold": determination.threshold,
        "verdict": determination.verdict,
        "requires": determination.requires,
        "finding": determination.finding_digest,
    }


def safeguards_fields(decision: SafeguardsDecision) -> dict[str, Any]:
    return {"axis": decision.axis, "tier": decision.tier, "verdict": decision.verdict, "content": decision.content_digest}


def release_fields(decision: ReleaseDecision) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "artefact": decision.artefact,
        "scope": decision.scope,
        "verdict": decision.verdict,
        "status": decision.status_digest,
        "valid_until": decision.valid_until,
    }
    if decision.papers:
        fields["papers"] = [[each["paper"], each["digest"]] for each in decision.papers]
    return fields


def applicability_fields(statement: ApplicabilityStatement) -> dict[str, Any]:
    return {
        "case": statement.case_id,
        "snapshot": statement.snapshot_id,
        "tiers": statement.tiers,
        "scopes": statement.scopes,
        "content": statement.content_digest,
    }


def _revision(case: Case, revision: CaseRevision) -> dict[str, Any]:
    return {
        "subject": case.subject_id,
        "framework": case.framework_version_id,
        "number": case.number,
        "revision": revision.number,
        "assessment": revision.assessment_id,
        "required": revision.required,
        "changes": [[change["question"], change["change"]] for change in revision.changes],
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "case": question.case_id,
        "question_kind": question.kind,
        "threshold": question.threshold,
        "axis": question.axis,
        "tier": question.tier,
        "scope": question.scope,
        "proposal": question.proposal,
        "content": question.content_digest,
    }


def seat_fields(seat: BoardSeat) -> dict[str, Any]:
    return {"board": seat.board_id, "person": seat.person_id, "seat_role": seat.role}


def adoption_fields(adoption: Adoption) -> dict[str, Any]:
    return {"framework": adoption.version_id, "digest": adoption.version.digest}


def _thing(implementation: SafeguardImplementation) -> str:
    return f"implementation:{implementation.pk}"


def _implementation(implementation: SafeguardImplementation) -> dict[str, Any]:
    return {
        "implementation": implementation.pk,
        "safeguard": implementation.safeguard,
        "place": implementation.place,
        "owner": implementation.owner_id,
        "version": implementation.version,
        "digest": implementation.version_digest,
    }


def signoff_fields(signoff: SignOff) -> dict[str, Any]:
    return {
        "implementation": signoff.implementation_id,
        "safeguard": signoff.implementation.safeguard,
        "version": signoff.version,
        "digest": signoff.content_digest,
    }


def _compared(kind: str, determination: Determination, at: datetime, finding: str) -> Entry:
    fields = {"subject": determination.subject_id, "threshold": determination.threshold, "finding": finding}
    return _append(kind, f"determination:{determination.pk}", None, at, fields)


def paper_fields(paper: Paper) -> dict[str, Any]:
    return {
        "subject": paper.subject_id,
        "snapshot": paper.snapshot_id,
        "threshold": paper.threshold,
        "artefact": paper.artefact,
        "digest": paper.digest,
    }


def _turn(turn: ClockTurn) -> str:
    return f"clockturn:{turn.pk}"


def _clock(turn: ClockTurn) -> dict[str, Any]:
    return {
        "framework": turn.framework_name,
        "clock": turn.clock,
        "effect": turn.effect,
        "subject": turn.subject_id,
        "due_at": turn.due_at,
    }


def _set(asked: NamedSet) -> str:
    return f"namedset:{asked.pk}"


def named_set_fields(asked: NamedSet) -> dict[str, Any]:
    return {
        "subject": asked.subject_id,
        "framework": asked.framework_version_id,
        "indicator": asked.indicator,
        "indicator_digest": asked.indicator_digest,
        "measurements": asked.measurements,
        "content": asked.content_digest,
    }


def _scope(state: ScopeState) -> dict[str, Any]:
    return {"subject": state.subject_id, "scope": state.scope, "state": state.state, "enforcement": state.enforcement}


describe("reviews:work:retried", "{actor} asked for the {thing}, which had been given up, to be tried again.")
describe("reviews:board:founded", "{actor} founded the board for {framework}.")
describe("reviews:seat:proposed", "{actor} proposed {person:name} for a seat as {seat_role}.")
describe("reviews:seat:confirmed", "{actor} confirmed {person:name} in a seat as {seat_role}.")
describe("reviews:seat:left", "{person:name} left a seat as {seat_role}.")
describe("reviews:adoption:proposed", "{actor} signed a proposal to adopt a framework version.")
describe("reviews:adoption:confirmed", "{actor} signed the adoption of a framework version.")
describe("reviews:case:opened", "Case {number} on {subject:subject} was opened ({case_kind}).")
describe("reviews:case:revised", "Case {number} on {subject:subject} took in a change (revision {revision}).")
describe("reviews:case:closed", "A case ended: {state}.")
describe("reviews:case:commented", "{actor} commented on {thing}.")
describe("reviews:recusal:declared", "{actor} stood aside from {thing}.")
describe("reviews:question:proposed", "{actor} proposed {proposal} on {threshold}.")
describe("reviews:vote:cast", "{actor} voted {choice} on a question of {case:case} ({question_kind}).")
describe("reviews:determination:made", "{actor} declared {threshold}: {verdict}.")
describe("reviews:determination:ended", "A determination left force: {why}.")
describe("reviews:determination:kept", "A determination was kept: its finding is nowhere worse.")
describe(
    "reviews:determination:contradicted", "The evidence on {threshold} of {subject:subject} now says otherwise than the decision in force."
)
describe(
    "reviews:determination:sustained",
    "The evidence on {threshold} of {subject:subject} no longer says otherwise than the decision in force.",
)
describe("reviews:safeguards:decided", "{actor} declared the {tier} safeguards on {axis}: {verdict}.")
describe("reviews:safeguards:ended", "A decision on safeguards left force: {why}.")
describe("reviews:release:decided", "{actor} declared a release to {scope}: {verdict}, until {valid_until:day}.")
describe("reviews:release:ended", "A release left force: {why}.")
describe("reviews:implementation:registered", "{actor} registered how {safeguard} is built.")
describe("reviews:implementation:changed", "{actor} changed how {safeguard} is built (version {version}).")
describe("reviews:implementation:retired", "{actor} retired how {safeguard} was built (version {version}).")
describe("reviews:evidence:attached", "{actor} attached evidence for {safeguard} (version {version}).")
describe("reviews:evidence:withdrawn", "{actor} withdrew evidence for {safeguard} (version {version}).")
describe("reviews:signoff:given", "{actor} signed off {safeguard}, version {version}, until {expires_at:day}.")
describe("reviews:signoff:revoked", "{actor} revoked a sign-off of {safeguard}.")
describe("reviews:applicability:stated", "{actor} stated which sign-offs cover a snapshot, for {scopes}.")
describe("reviews:paper:supplied", "{actor} supplied a paper that {threshold} asks of {subject:subject}: {artefact}.")
describe("reviews:paper:withdrawn", "{actor} withdrew a paper that {threshold} asks of {subject:subject}: {artefact}.")
describe("reviews:vote:refused", "{actor} tried to vote on the {thing} and was refused: {code}.")
describe("reviews:decision:refused", "{actor} tried to declare the {thing} and was refused: {code}.")
describe("reviews:signoff:refused", "{actor} tried to sign off the {thing} and was refused: {code}.")
describe("reviews:revocation:refused", "{actor} tried to revoke the {thing} and was refused: {code}.")
describe("reviews:applicability:refused", "{actor} tried to state which sign-offs apply in the {thing} and was refused: {code}.")
describe("reviews:adoption:refused", "{actor} tried to sign the adoption of the {thing} and was refused: {code}.")
describe("reviews:observing:proposed", "{actor} asked the board to let {scope} of {subject:subject} go on, observed, until {until:day}.")
describe("reviews:observing:voted", "{actor} voted {choice} on letting {scope} of {subject:subject} go on, observed.")
describe(
    "reviews:observing:settled", "The vote on observing {scope} of {subject:subject} is over: it may go on, {granted}, until {until:day}."
)
describe("reviews:observing:ended", "The scope {scope} of {subject:subject} is enforced again.")
describe("reviews:observing:refused", "{actor} tried to sign about observing a scope and was refused: {code}.")
describe("reviews:import:attested", "{actor} attested what was decided on {threshold} of {subject:subject} before: {verdict}.")
describe("reviews:import:seconded", "{actor} attested it too: {threshold} of {subject:subject}, {verdict}, until {expires_at:day}.")
describe("reviews:import:refused", "{actor} tried to attest what was decided before and was refused: {code}.")
describe("reviews:clock:begun", "The clock {clock} of {framework} comes round on {due_at:day} ({effect}).")
describe("reviews:clock:answered", "{actor} answered the clock {clock} of {framework}, due {due_at:day}.")
describe("reviews:named-set:proposed", "{actor} put late results of {subject:subject} for {indicator} to the vote.")
describe("reviews:named-set:voted", "{actor} voted {choice} on late results of {subject:subject} for {indicator}.")
describe("reviews:named-set:settled", "The vote on late results of {subject:subject} for {indicator} is over: they count, {admitted}.")
describe("reviews:named-set:refused", "{actor} tried to sign about late results and was refused: {code}.")
describe("reviews:scope:halted", "{actor} halted the scope {scope} of {subject:subject}.")
describe("reviews:scope:changed", "The gate of {subject:subject} to {scope} is {state}.")
describe("reviews:gate:answered", "{actor} asked the gate for the record: {scope}, allowed {allowed}.")
describe("reviews:incident:found", "{actor} reported a deployment to {scope} that no valid authorisation covers: {cause}.")
describe("reviews:export:requested", "{actor} asked for a case file ({kind}).")
describe(REPORT_MADE, "{actor} made a report of {case:case} ({format}) at {ledger_size} entries.")
describe("reviews:table:exported", "{actor} took the table {table} away ({format}).")
describe("reviews:outlet:added", "{actor} set up an outlet ({outlet_kind}), told of {topics}.")
describe("reviews:outlet:rotated", "{actor} gave a webhook a new secret; the old one signs until {old_until:day}.")
describe("reviews:outlet:stopped", "{actor} stopped an outlet ({outlet_kind}).")
describe("reviews:outlet:tested", "{actor} sent a test to an outlet ({outlet_kind}).")
describe("reviews:delivery:resent", "{actor} had entry {entry} sent to an outlet once more.")
describe("reviews:notices:chosen", "{actor} chose how to be told what.")
