"""May this person do that here? The button on the page and the server ask the same function.

Administrators run the portal and decide nothing; auditors read everything and change nothing. Neither appears in any set below.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from frameworks.policies import may_sign_about, may_sign_evidence
from ledger.refusals import NotKnown, NotNow
from people.policies import Allowed, Refused
from people.queries import Actor
from people.words import Role
from reviews.models import (
    BoardSeat,
    Case,
    ClockTurn,
    ImportedRecord,
    Motion,
    Paper,
    Question,
    SafeguardImplementation,
    SignOff,
)
from reviews.models.case import CaseKind
from reviews.models.motion import MotionKind
from reviews.models.question import QuestionKind
from reviews.tally import NEVER_VOTE

Answer = Allowed | Refused

OPENERS = frozenset({Role.REVIEWER, Role.CHAIR})
SUPPLIERS = frozenset({Role.RESEARCHER, Role.SAFEGUARD_OWNER, Role.CHAIR})
SPEAKERS = frozenset({Role.RESEARCHER, Role.REVIEWER, Role.SAFEGUARD_OWNER, Role.CHAIR, Role.EXECUTIVE, Role.BOARD_OBSERVER})


def _held(actor: Actor, roles: frozenset[Role], code: str, sentence: str, what_to_do: str) -> Answer:
    return Allowed() if actor.roles & roles else Refused(code, sentence, what_to_do)


def may_see_board(actor: Actor) -> Answer:
    """Cases, safeguards and the gate are shown to everyone of the laboratory; outside evaluators see their dossier only."""
    if actor.roles - {Role.OUTSIDE_EVALUATOR}:
        return Allowed()
    return Refused("not_known", "There is nothing here by that name.", kind=NotKnown)


def may_open_case(actor: Actor, kind: str) -> Answer:
    """Any reviewer may open a precaution case, whatever the engine says; the others are opened by the chair or a reviewer too."""
    if kind in {CaseKind.ELEVATION, CaseKind.LAPSE}:
        return Refused("opened_by_findings", "Elevation and lapse cases are opened by what the engine finds.", "Open a precaution case.")
    if kind == CaseKind.IMPORT:
        return Refused("import_not_by_hand", "Imported records come in through an import, with two attestors.")
    return _held(actor, OPENERS, "not_an_opener", "Cases are opened by reviewers and the chair.", "Ask one of them.")


def is_chair(actor: Actor, case: Case) -> bool:
    return Role.CHAIR in actor.roles and Role.CHAIR in roster_roles(case, actor)


def roster_roles(case: Case, actor: Actor) -> frozenset[str]:
    """The roles the pinned roster gives this person; empty when they are not on it."""
    pinned = next((member for member in case.roster if member["person"] == str(actor.person.pk)), None)
    return frozenset(pinned["roles"]) if pinned else frozenset()


def may_chair(actor: Actor, case: Case, recused: Collection[UUID]) -> Answer:
    """Propose, ask a release, close: the chair of the roster this case was opened with, unless they stood aside from it."""
    if not is_chair(actor, case):
        return Refused("not_the_chair", "The chair of this case does that.", "Ask the chair.")
    if actor.person.pk in recused:
        return Refused("stood_aside", "You stood aside from this case.", "Another chair does that.")
    return _open(case)


def may_propose(actor: Actor, case: Case, question: Question, recused: Collection[UUID]) -> Answer:
    """The chair puts another verdict to the vote while the question is asked; what was decided keeps what was decided on."""
    allowed = may_chair(actor, case, recused)
    return _open(case, question) if allowed else allowed


def may_vote(actor: Actor, case: Case, question: Question, excluded: Mapping[str, str]) -> Answer:
    """On the roster as pinned, still holding a voting role, not the chair, without conflict in this question."""
    pinned = roster_roles(case, actor)
    if not pinned:
        return Refused("not_on_the_roster", "You were not on the board's roster when this case was opened.", "Ask the chair who is.")
    if (pinned | actor.roles) & NEVER_VOTE or not (pinned & actor.roles):
        return Refused("no_voting_role", "Your role casts no vote.")
    if Role.CHAIR in actor.roles and not question.quorum["approve"]["chair_votes"]:
        return Refused("chair_does_not_vote", "The chair declares what the board decided and casts no vote.")
    if Role.CHAIR not in actor.roles and not (pinned & actor.roles & roles_that_count(question)):
        return Refused(
            "role_does_not_count", "What this question needs names no vote of your role, so yours would never count.", "Comment instead."
        )
    barred = excluded.get(str(actor.person.pk))
    if barred:
        return Refused("conflict", barred, "Leave this question to the others; you may still comment.")
    return _open(case, question)


def roles_that_count(question: Question) -> frozenset[str]:
    """Whose votes the policy pinned with a question counts: reviewers', and of the roles it gives a seat."""
    seats = (seat["role"] for side in ("approve", "reject") for seat in question.quorum[side]["seats"])
    return frozenset({str(Role.REVIEWER), *(role for role in seats if role)})


def may_decide(actor: Actor, case: Case, question: Question, voters: frozenset[str], excluded: Mapping[str, str]) -> Answer:
    """The chair declares; who voted on the question, stood aside or has a conflict in it does not declare it as well."""
    if not is_chair(actor, case):
        return Refused("not_the_chair", "The chair declares the outcome.", "Ask the chair.")
    if str(actor.person.pk) in voters:
        return Refused("voter_does_not_declare", "You voted on this question, so another chair declares its outcome.")
    if str(actor.person.pk) in excluded:
        return Refused("conflict", excluded[str(actor.person.pk)], "Another chair declares its outcome.")
    return _open(case, question)


def may_recuse(actor: Actor, case: Case) -> Answer:
    if not roster_roles(case, actor):
        return Refused("not_on_the_roster", "You are not on this case's roster.")
    return _open(case)


def may_comment(actor: Actor, case: Case) -> Answer:
    allowed = _held(actor, SPEAKERS, "not_a_speaker", "Your role reads cases and does not write in them.", "")
    return _open(case) if allowed else allowed


def may_halt(actor: Actor) -> Answer:
    """Stopping takes one person; going on takes the board."""
    return _held(actor, OPENERS, "may_not_halt", "A scope is halted by a reviewer or the chair.", "Call one of them now.")


def may_keep_outlets(actor: Actor) -> Answer:
    """Where news goes outside the portal is the administrators' to set: the addresses are secrets."""
    return _held(
        actor,
        frozenset({Role.ADMINISTRATOR}),
        "not_an_administrator",
        "Webhooks and channels are set up by administrators.",
        "Ask an administrator.",
    )


def may_keep_safeguards(actor: Actor) -> Answer:
    return _held(
        actor,
        frozenset({Role.SAFEGUARD_OWNER}),
        "not_an_owner",
        "Safeguards are registered by safeguard owners.",
        "Ask a safeguard owner.",
    )


def may_attach_evidence(actor: Actor, implementation: SafeguardImplementation) -> Answer:
    """The owner brings the evidence, or another safeguard owner on their behalf."""
    if actor.person.pk == implementation.owner_id or Role.SAFEGUARD_OWNER in actor.roles:
        return Allowed()
    return Refused("not_an_owner", "Evidence for a safeguard is attached by its owner.", "Hand it to the owner.")


def may_sign_off(
    actor: Actor, implementation: SafeguardImplementation, *, competence: str, attachers: frozenset[str], hazardous: bool
) -> Answer:
    """A reviewer with the safeguard's competence, who neither owns it nor brought its evidence, and may read all of it.

    `hazardous`: some of the evidence in force goes to cleared people only."""
    if Role.REVIEWER not in actor.roles:
        return Refused("not_a_reviewer", "Safeguards are signed off by reviewers.", "Ask a reviewer.")
    if actor.person.pk == implementation.owner_id:
        return Refused("own_safeguard", "You own this safeguard, so somebody else signs it off.", "Ask another reviewer.")
    if str(actor.person.pk) in attachers:
        return Refused("own_evidence", "You brought evidence for this safeguard, so somebody else signs it off.", "Ask another reviewer.")
    if competence and competence not in actor.competences:
        return Refused(
            "competence_missing", f"This safeguard is signed off by a reviewer with the competence {competence}.", "Ask one who has it."
        )
    if hazardous and not actor.cleared:
        return Refused(
            "clearance_missing",
            "Its evidence holds hazardous detail that you are not cleared to read, and nobody signs what they cannot read.",
            "Ask a reviewer who is cleared, or an administrator for clearance.",
        )
    return Allowed()


WITHHELD = "Withheld: it holds hazardous detail and is shown to cleared people only."


def words_for(text: str, *, hazard: bool, cleared: bool) -> str:
    """What somebody wrote, or that it is withheld. What leaves the portal leaves for people who are not cleared."""
    return WITHHELD if hazard and not cleared else text


def may_revoke(actor: Actor, signoff: SignOff) -> Answer:
    if actor.person.pk == signoff.person_id or actor.roles & OPENERS:
        return Allowed()
    return Refused("may_not_revoke", "A sign-off is revoked by who gave it, a reviewer or the chair.", "Ask one of them.")


def may_state_applicability(actor: Actor, case: Case) -> Answer:
    allowed = _held(
        actor,
        frozenset({Role.SAFEGUARD_OWNER, Role.REVIEWER}),
        "may_not_state",
        "Which sign-offs cover this model is stated by a safeguard owner or a reviewer.",
        "Ask one of them.",
    )
    return _open(case) if allowed else allowed


def may_supply_papers(actor: Actor) -> Answer:
    return _held(
        actor,
        SUPPLIERS,
        "may_not_supply",
        "The papers a threshold asks for are supplied by researchers, safeguard owners and the chair.",
        "Ask one of them; reviewers accept what others supplied.",
    )


def may_withdraw_paper(actor: Actor, paper: Paper) -> Answer:
    if actor.person.pk == paper.supplied_by_id:
        return Allowed()
    return may_supply_papers(actor)


def may_accept_papers(actor: Actor, question: Question) -> Answer:
    """Nobody approves a release that leans on a paper they may not read."""
    if actor.cleared or not any(each["hazard"] for each in question.content.get("papers", ())):
        return Allowed()
    return Refused(
        "clearance_missing",
        "A paper this release leans on holds hazardous detail that you are not cleared to read, and nobody accepts what they cannot read.",
        "Leave the approval to a reviewer who is cleared; you may still reject it or request changes.",
    )


def at_stake(question: Question) -> Mapping[str, str]:
    """The tiers a question is about, by axis: what the threshold would require, the standard judged, or what a release must meet."""
    if question.kind == QuestionKind.THRESHOLD:
        asked: Mapping[str, str] = question.content["requires"]
        return asked
    if question.kind == QuestionKind.SAFEGUARDS:
        return {question.axis: question.tier}
    required: Mapping[str, str] = question.content["required"]
    return required


def may_propose_adoption(actor: Actor) -> Answer:
    return _held(actor, frozenset({Role.CHAIR}), "not_the_chair", "The chair proposes a framework version for adoption.", "Ask the chair.")


def may_confirm_adoption(actor: Actor) -> Answer:
    return _held(actor, frozenset({Role.EXECUTIVE}), "not_an_executive", "An executive confirms the adoption.", "Ask an executive.")


def may_answer_clock(actor: Actor, turn: ClockTurn) -> Answer:
    """The chair says what a review found; what the public was told, the chair or an executive. A model's clock is answered by new results."""
    if turn.effect == "assess":
        return Refused(
            "answered_by_results", "New results of this model answer this clock; nobody says it by hand.", "Upload them.", kind=NotNow
        )
    roles = frozenset({Role.CHAIR, Role.EXECUTIVE} if turn.effect == "report" else {Role.CHAIR})
    return _held(actor, roles, "may_not_answer", "What this clock asks for is answered by the chair.", "Ask the chair.")


def may_attest_import(actor: Actor) -> Answer:
    return _held(actor, OPENERS, "not_an_attester", "What was decided before is attested by reviewers and the chair.", "Ask one of them.")


def attesting_role(actor: Actor) -> str:
    """The role in which somebody attests: a reviewer as a reviewer."""
    return Role.REVIEWER if Role.REVIEWER in actor.roles else Role.CHAIR


def may_second_import(actor: Actor, record: ImportedRecord) -> Answer:
    """Four eyes: another one of those who may attest."""
    allowed = may_attest_import(actor)
    if not allowed:
        return allowed
    if actor.person.pk == record.attested_by_id:
        return Refused("own_entry", "You attested this yourself, so somebody else does it too.", "Ask another reviewer or the chair.")
    if record.seconded_at is not None:
        return Refused("record_seconded", "Two people attested this record already.", kind=NotNow)
    return Allowed()


def may_propose_motion(actor: Actor) -> Answer:
    return _held(actor, frozenset({Role.CHAIR}), "not_the_chair", "The chair puts motions to the vote.", "Ask the chair.")


def may_sign_motion(actor: Actor, motion: Motion) -> Answer:
    """Late results may come to bear on whatever any framework asks; an observed scope on what that scope requires."""
    if motion.kind == MotionKind.LATE_RESULTS:
        return may_sign_evidence(actor)
    return may_sign_about(actor, motion.framework_version.document, motion.requires)


def may_vote_on_motion(actor: Actor, motion: Motion, excluded: Mapping[str, str]) -> Answer:
    """On the roster as pinned, a reviewer still, without evidence or weights of one's own in the model."""
    pinned = next((frozenset(member["roles"]) for member in motion.roster if member["person"] == str(actor.person.pk)), frozenset())
    if Role.REVIEWER not in pinned & actor.roles or (pinned | actor.roles) & (NEVER_VOTE | {Role.CHAIR}):
        return Refused("no_voting_role", "Reviewers on the board's roster vote on this.", "Ask one of them.")
    barred = excluded.get(str(actor.person.pk))
    if barred:
        return Refused("conflict", barred, "Leave it to the others.")
    if not motion.is_open:
        return Refused("motion_settled", "This is settled.", "The chair may ask anew.", kind=NotNow)
    return Allowed()


def may_operate(actor: Actor) -> Answer:
    """See what the workers gave up, and have it tried again: that decides nothing, so administrators may."""
    return _held(
        actor, frozenset({Role.ADMINISTRATOR}), "not_an_administrator", "Stuck work is looked after by administrators.", "Ask one of them."
    )


def may_found_board(actor: Actor) -> Answer:
    return _held(
        actor,
        frozenset({Role.CHAIR, Role.EXECUTIVE}),
        "not_a_keeper",
        "Boards and seats are kept by the chair and executives.",
        "Ask one of them.",
    )


def may_confirm_seat(actor: Actor, seat: BoardSeat) -> Answer:
    """A second keeper, who neither proposed the seat nor sits on it."""
    allowed = may_found_board(actor)
    if not allowed:
        return allowed
    if actor.person.pk in (seat.proposed_by_id, seat.person_id):
        return Refused("seat_not_yours", "A seat is confirmed by somebody other than the person on it and the one who proposed it.")
    return _unsettled(seat)


def may_leave_seat(actor: Actor, seat: BoardSeat) -> Answer:
    """One leaves one's own seat; a proposal may also be taken back by who made it."""
    if actor.person.pk != seat.person_id and not (seat.confirmed_at is None and actor.person.pk == seat.proposed_by_id):
        return Refused("seat_not_yours", "A seat is left by the person on it; a proposal is taken back by who made it.")
    return _unsettled(seat, left_only=True)


def _unsettled(seat: BoardSeat, *, left_only: bool = False) -> Answer:
    if seat.left_at is not None or (seat.confirmed_at is not None and not left_only):
        return Refused("seat_settled", "This seat was confirmed or left already.", kind=NotNow)
    return Allowed()


def _open(case: Case, question: Question | None = None) -> Answer:
    if not case.is_open:
        return Refused("case_closed", "This case is closed.", "Open another case.", kind=NotNow)
    if question is not None and not question.is_open:
        return Refused("question_decided", "This question is not open any more.", "Open another case to ask it again.", kind=NotNow)
    return Allowed()
