"""Counting votes. Pure: a question, its votes, the pinned roster and the pinned policy give a Tally.

Every proposal has two sides. *Approve* stands for the proposal, *reject* for its opposite (`rules.OPPOSITE`): rejecting "treat as crossed" says
"not crossed", rejecting a release refuses it. Each side has its own quorum. Three rules keep the count on the safe side:

- a lenient verdict (not crossed, covered, adequate, release) is blocked by every strict vote that stands, outdated ones too, and by every
  request for changes, until its owner votes again or is recused; a strict verdict is blocked by nobody;
- a vote counts for a side only while it is current, that is, bound to the content the question has now;
- quorum counts distinct persons, and each fills at most one seat.

A vote struck by its owner's recusal neither counts nor blocks; one whose owner has a conflict of interest counts for no side and goes on blocking
until they recuse themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reviews.rules import OPPOSITE, is_strict

# Whatever the roster says, these roles put no vote into a quorum.
NEVER_VOTE = frozenset({"administrator", "auditor", "board_observer", "outside_evaluator"})


@dataclass(frozen=True, slots=True)
class Member:
    person: str
    roles: frozenset[str]
    competences: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ballot:
    """A live vote: `proposal` is what it answered, `current` whether that is still what is asked."""

    person: str
    choice: str
    proposal: str
    current: bool = True


@dataclass(frozen=True, slots=True)
class Seat:
    at_least: int
    role: str = ""
    competence: str = ""

    def fits(self, member: Member) -> bool:
        by_role = bool(self.role) and self.role in member.roles
        return by_role or (bool(self.competence) and self.competence in member.competences)


@dataclass(frozen=True, slots=True)
class Quorum:
    approvals: int
    seats: tuple[Seat, ...] = ()
    chair_votes: bool = False
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of the requirement panel. `who`: the persons who can still satisfy it."""

    code: str
    title: str
    state: str  # "met", "open", "blocked"
    have: int
    need: int
    who: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """How the panel marks it."""
        return "waiting" if self.state == "open" else self.state

    @property
    def progress(self) -> str:
        return f"{self.have} of {self.need}"


@dataclass(frozen=True, slots=True)
class Side:
    """One verdict, what it still needs, and who stands behind it."""

    verdict: str
    choice: str  # the choice that supports it
    strict: bool
    supporters: tuple[str, ...]
    requirements: tuple[Requirement, ...]

    @property
    def met(self) -> bool:
        return all(requirement.state == "met" for requirement in self.requirements)

    @property
    def missing(self) -> tuple[Requirement, ...]:
        return tuple(requirement for requirement in self.requirements if requirement.state != "met")


@dataclass(frozen=True, slots=True)
class Tally:
    """How a question stands. `state`: `approvable`, `rejectable`, `blocked` (an objection stands against the proposal) or `open`."""

    approve: Side
    reject: Side
    can_vote: tuple[str, ...]
    yet_to_vote: tuple[str, ...]
    outdated: tuple[str, ...]
    blocking: tuple[str, ...]
    excluded: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> str:
        if self.approve.met:
            return "approvable"
        if self.reject.met:
            return "rejectable"
        return "blocked" if any(line.state == "blocked" for line in self.approve.requirements) else "open"

    @property
    def is_met(self) -> bool:
        """Whether one side has its quorum, so that the chair can declare it."""
        return self.approve.met or self.reject.met

    @property
    def missing(self) -> tuple[Requirement, ...]:
        """What the proposal still needs."""
        return self.approve.missing

    def side(self, verdict: str) -> Side | None:
        return next((side for side in (self.approve, self.reject) if side.verdict == verdict), None)


def tally(
    *,
    proposal: str,
    opposite: str = "",
    ballots: Iterable[Ballot],
    roster: Sequence[Member],
    approve_quorum: Quorum,
    reject_quorum: Quorum,
    excluded: Mapping[str, str] | None = None,
    seated: Sequence[Member] | None = None,
) -> Tally:
    """Count the live votes of one question. `excluded`: person → why they may not vote here (recused, own evidence, own safeguard). `seated`: the roster
    with what its members hold still, where that is asked; who lost a role or a competence fills no seat by it, and what they object to stays objected to."""
    barred = dict(excluded or {})
    eligible = {
        member.person: member
        for member in (roster if seated is None else seated)
        if _may_vote(member, approve_quorum, reject_quorum) and member.person not in barred
    }
    several = list(ballots)
    cast = [ballot for ballot in several if ballot.person in eligible]
    # Naming somebody the owner of something must not silence them: who is barred counts for nothing, and what they object to stays objected to.
    entitled = {member.person for member in roster if _may_vote(member, approve_quorum, reject_quorum)}
    blocking = _against([ballot for ballot in several if ballot.person in entitled])
    settled = {ballot.person for ballot in cast if ballot.current}
    sides = [
        _side(verdict, choice, cast, eligible, quorum, blocking=blocking)
        for verdict, choice, quorum in (
            (proposal, "approve", approve_quorum),
            (opposite or OPPOSITE[proposal], "reject", reject_quorum),
        )
    ]
    return Tally(
        approve=sides[0],
        reject=sides[1],
        can_vote=tuple(sorted(eligible)),
        yet_to_vote=tuple(sorted(set(eligible) - settled)),
        outdated=tuple(sorted(ballot.person for ballot in cast if not ballot.current)),
        blocking=blocking,
        excluded=barred,
    )


def _may_vote(member: Member, *quorums: Quorum) -> bool:
    if member.roles & NEVER_VOTE:
        return False
    if "chair" in member.roles:
        return any(quorum.chair_votes for quorum in quorums)
    named = {seat.role for quorum in quorums for seat in quorum.seats if seat.role}
    return bool(member.roles & ({"reviewer"} | named))


def _against(cast: Sequence[Ballot]) -> tuple[str, ...]:
    return tuple(sorted({ballot.person for ballot in cast if _blocks_lenient(ballot)}))


def _blocks_lenient(ballot: Ballot) -> bool:
    """A strict stance: for a strict verdict, against a lenient one, or asking for changes. Being outdated takes none of that away."""
    if ballot.choice == "approve":
        return is_strict(ballot.proposal)
    if ballot.choice == "reject":
        return not is_strict(ballot.proposal)
    return ballot.choice == "request_changes"


def _side(
    verdict: str, choice: str, cast: Sequence[Ballot], eligible: Mapping[str, Member], quorum: Quorum, *, blocking: tuple[str, ...]
) -> Side:
    behind = tuple(sorted({ballot.person for ballot in cast if ballot.current and ballot.choice == choice}))
    open_to = tuple(sorted(set(eligible) - set(behind)))
    requirements = [_approvals(quorum, behind, open_to)]
    requirements += _seats(quorum, behind, open_to, eligible)
    strict = is_strict(verdict)
    blockers = () if strict else blocking
    if blockers:
        requirements.append(Requirement("objections", "No objection stands", "blocked", len(blockers), 0, blockers))
    return Side(verdict, choice, strict, behind, tuple(requirements))


def _approvals(quorum: Quorum, behind: tuple[str, ...], open_to: tuple[str, ...]) -> Requirement:
    # A policy that asks for nobody is a policy that was not written: one person at least.
    need = max(quorum.approvals, 1)
    people = "person" if need == 1 else "people"
    return _line("approvals", f"{need} {people} in favour", len(behind), need, open_to)


def _seats(quorum: Quorum, behind: tuple[str, ...], open_to: tuple[str, ...], eligible: Mapping[str, Member]) -> list[Requirement]:
    """Each seat filled by its own person: a largest matching, so that the order of votes and seats does not matter."""
    slots = [(index, seat) for index, seat in enumerate(quorum.seats) for _ in range(seat.at_least)]
    filled = _match([[person for person in behind if seat.fits(eligible[person])] for _, seat in slots])
    lines = []
    for index, seat in enumerate(quorum.seats):
        have = sum(1 for number, (owner, _) in enumerate(slots) if owner == index and number in filled)
        who = tuple(person for person in open_to if seat.fits(eligible[person]))
        lines.append(_line(f"seat:{seat.competence or seat.role}", _seat_title(seat), have, seat.at_least, who))
    return lines


def _seat_title(seat: Seat) -> str:
    named = " or ".join(part for part in (seat.role.replace("_", " "), f"competence {seat.competence}" if seat.competence else "") if part)
    return f"{seat.at_least} of them: {named}"


def _line(code: str, title: str, have: int, need: int, who: tuple[str, ...]) -> Requirement:
    met = have >= need
    return Requirement(code, title, "met" if met else "open", min(have, need) if met else have, need, () if met else who)


def _match(choices: Sequence[Sequence[str]]) -> dict[int, str]:
    """Slots → persons, as many slots as can be filled with each person used once (augmenting paths)."""
    taken: dict[str, int] = {}

    def place(slot: int, tried: set[str]) -> bool:
        for person in choices[slot]:
            if person in tried:
                continue
            tried.add(person)
            if person not in taken or place(taken[person], tried):
                taken[person] = slot
                return True
        return False

    for slot in range(len(choices)):
        place(slot, set())
    return {slot: person for person, slot in taken.items()}


def join_quorums(quorums: Iterable[Quorum]) -> Quorum:
    """The stricter of several policies: what a threshold that requires tiers on two axes must meet. Raises ValueError when there is none."""
    several = list(quorums)
    if not several:
        raise ValueError("No policy says what this question needs.")
    seats: dict[tuple[str, str], int] = {}
    for quorum in several:
        for seat in quorum.seats:
            seats[seat.role, seat.competence] = max(seats.get((seat.role, seat.competence), 0), seat.at_least)
    return Quorum(
        approvals=max(quorum.approvals for quorum in several),
        seats=tuple(Seat(count, role, competence) for (role, competence), count in sorted(seats.items())),
        chair_votes=all(quorum.chair_votes for quorum in several),
        statement=" ".join(dict.fromkeys(quorum.statement for quorum in several if quorum.statement)),
    )


def quorum_to_json(quorum: Quorum) -> dict[str, Any]:
    return {
        "approvals": quorum.approvals,
        "seats": [{"at_least": seat.at_least, "role": seat.role, "competence": seat.competence} for seat in quorum.seats],
        "chair_votes": quorum.chair_votes,
        "statement": quorum.statement,
    }


def quorum_from_json(data: Mapping[str, Any]) -> Quorum:
    seats = tuple(Seat(seat["at_least"], seat["role"], seat["competence"]) for seat in data["seats"])
    return Quorum(data["approvals"], seats, data["chair_votes"], data["statement"])
