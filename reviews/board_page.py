"""A board as its page shows it: who sits on it, and whether they could meet what the framework's policies ask, kind of question by kind of question."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms

from frameworks.engine.types import FrameworkDocument
from frameworks.engine.types import Quorum as Policy
from people.forms import CONFIRMING, ConfirmationForm
from people.models import Person
from people.queries import Actor, people_with
from reviews import policies
from reviews.contents import quorum_from_policy
from reviews.models import Board, BoardSeat
from reviews.models.board import SeatRole
from reviews.services.rosters import roster_now
from reviews.tally import Ballot, Member, Requirement, tally

QUESTIONS = {
    "threshold": "Is a threshold crossed?",
    "safeguards": "Are the safeguards adequate?",
    "release": "May it be released?",
    "clearance": "Is nothing crossed (clearance)?",
    "lowering": "May a requirement be lowered?",
}


class FoundBoardForm(ConfirmationForm):
    name = forms.CharField(label="Name", max_length=200, help_text="For example: Safety review board.")
    slug = forms.SlugField(label="Short name", max_length=80, help_text="Stands in addresses: lower-case letters, digits, hyphens.")
    framework_name = forms.ChoiceField(label="Judges under")
    field_order = ("name", "slug", "framework_name", *CONFIRMING)

    def __init__(self, *args: Any, frameworks: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["framework_name"].choices = [(name, name) for name in frameworks]  # type: ignore[attr-defined]


class SeatForm(forms.Form):
    person = forms.ModelChoiceField(label="Person", queryset=Person.objects.none(), empty_label="Choose")
    role = forms.ChoiceField(label="As", choices=SeatRole.choices, help_text="A role this person holds.")

    def __init__(self, *args: object, candidates: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["person"].queryset = candidates  # type: ignore[attr-defined]


@dataclass(frozen=True)
class SeatLine:
    """One seat with what its person holds now. `held` is false where they lost the role it is for: the seat then brings nothing."""

    seat: BoardSeat
    competences: Sequence[str]
    held: bool
    may_confirm: policies.Answer
    may_leave: policies.Answer


@dataclass(frozen=True)
class Need:
    """What one policy asks, and whether everyone seated together would meet it. `lines`: a requirement with the names that fill it."""

    question: str
    place: str
    statement: str
    lines: Sequence[tuple[Requirement, Sequence[str]]]

    @property
    def met(self) -> bool:
        return all(requirement.state == "met" for requirement, _ in self.lines)


@dataclass(frozen=True)
class BoardPage:
    board: Board
    seats: Sequence[SeatLine]
    needs: Sequence[Need]
    # Nobody is seated: cases call everyone who holds a board role.
    unseated: bool


def board_page(board: Board, document: FrameworkDocument | None, actor: Actor, at: datetime) -> BoardPage:
    """`document` is the framework in force under the board's name; without one there is no policy to meet. Six queries."""
    roster = roster_now(board, at)
    members = [Member(each["person"], frozenset(each["roles"]), frozenset(each["competences"])) for each in roster]
    known = {member.person: member for member in members}
    seats = list(board.seats.filter(left_at=None).select_related("person", "proposed_by", "confirmed_by"))
    names = {str(pk): name for pk, name in Person.objects.filter(pk__in=known).values_list("pk", "name")}
    return BoardPage(
        board=board,
        seats=[_line(seat, known.get(str(seat.person_id)), actor) for seat in seats],
        needs=list(_needs(document, members, names)) if document is not None else [],
        unseated=not any(seat.confirmed_at is not None for seat in seats),
    )


def candidates(board: Board, at: datetime) -> object:
    """Who could be proposed for a seat: holders of a board role without one."""
    seated = board.seats.filter(left_at=None).values("person")
    holders = people_with(SeatRole.REVIEWER, at)
    for role in (SeatRole.CHAIR, SeatRole.EXECUTIVE, SeatRole.OBSERVER):
        holders = holders | people_with(role, at)
    return holders.exclude(pk__in=seated).distinct()


def _line(seat: BoardSeat, member: Member | None, actor: Actor) -> SeatLine:
    # A seat that waits for its second person is on no roster yet, so nothing is said of what its person holds.
    held = seat.confirmed_at is None or (member is not None and seat.role in member.roles)
    areas = sorted(member.competences) if member is not None else []
    return SeatLine(seat, areas, held, policies.may_confirm_seat(actor, seat), policies.may_leave_seat(actor, seat))


def _needs(document: FrameworkDocument, members: Sequence[Member], names: Mapping[str, str]) -> Iterator[Need]:
    # What the board is asked in cases; a framework is adopted by role, whoever is seated.
    for policy in (each for each in document.quorum if each.question in QUESTIONS):
        yield Need(
            question=QUESTIONS[policy.question],
            place=_place(policy, document),
            statement=policy.statement,
            lines=[(line, sorted(names[person] for person in who)) for line, who in _if_all_were_for_it(policy, members)],
        )


def _if_all_were_for_it(policy: Policy, members: Sequence[Member]) -> Iterator[tuple[Requirement, Sequence[str]]]:
    """The tally's own count of a vote in which everyone seated approves: what even that would lack is missing from the board."""
    quorum = quorum_from_policy(policy)
    ballots = [Ballot(member.person, "approve", "crossed") for member in members]
    found = tally(proposal="crossed", ballots=ballots, roster=members, approve_quorum=quorum, reject_quorum=quorum)
    fitting = [found.approve.supporters]
    by_person = {member.person: member for member in members}
    fitting += [tuple(person for person in found.approve.supporters if seat.fits(by_person[person])) for seat in quorum.seats]
    yield from zip(found.approve.requirements, fitting, strict=True)


def _place(policy: Policy, document: FrameworkDocument) -> str:
    axes = {axis.slug: axis.title.lower() for axis in document.axes}
    tier = next((tier.label for tier in document.tiers if tier.slug == policy.tier), policy.tier)
    return " ".join(part for part in (tier, f"on {axes.get(policy.axis, policy.axis)}" if policy.axis else "") if part) or "any tier"
