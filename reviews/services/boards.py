"""A board and its seats. A seat counts once a second person has confirmed it; open cases keep the roster they were opened with."""

from datetime import datetime

from django.db import transaction

from ledger.refusals import NotNow
from people.models import Person
from people.policies import require
from people.queries import actor_of, roles_of
from reviews import entries, policies
from reviews.models import Board, BoardSeat
from reviews.models.board import SeatRole


class BoardExists(NotNow):
    code = "board_exists"
    sentence = "There is a board for this framework already."


class SeatTaken(NotNow):
    code = "seat_taken"
    sentence = "This person has a seat on this board already."


class RoleNotHeldForSeat(NotNow):
    code = "role_not_held_for_seat"
    sentence = "This person does not hold the role this seat is for."
    what_to_do = "Grant the role first."


@transaction.atomic
def found_board(*, slug: str, name: str, framework_name: str, actor: Person, at: datetime) -> Board:
    """Raises NotAllowed, BoardExists."""
    require(policies.may_found_board(actor_of(actor, at)))
    if Board.objects.filter(framework_name=framework_name).exists():
        raise BoardExists
    if Board.objects.filter(slug=slug).exists():
        raise BoardExists("There is a board by that address already.", what_to_do="Choose another short name.")
    board = Board.objects.create(slug=slug, name=name, framework_name=framework_name, made_at=at)
    entries.board_founded(board, actor=actor, at=at)
    return board


@transaction.atomic
def propose_seat(*, board: Board, person: Person, role: str, actor: Person, at: datetime) -> BoardSeat:
    """Raises NotAllowed, SeatTaken, RoleNotHeldForSeat."""
    require(policies.may_found_board(actor_of(actor, at)))
    Board.objects.select_for_update().get(pk=board.pk)
    if board.seats.filter(person=person, left_at=None).exists():
        raise SeatTaken
    if SeatRole(role) not in roles_of(person, at):
        raise RoleNotHeldForSeat
    seat = BoardSeat.objects.create(board=board, person=person, role=SeatRole(role), proposed_by=actor, proposed_at=at)
    entries.seat_proposed(seat, actor=actor, at=at)
    return seat


@transaction.atomic
def confirm_seat(*, seat: BoardSeat, actor: Person, at: datetime) -> BoardSeat:
    """Raises NotAllowed, or NotNow where it was confirmed or left already."""
    seat = BoardSeat.objects.select_for_update().get(pk=seat.pk)
    require(policies.may_confirm_seat(actor_of(actor, at), seat))
    seat.confirmed_by, seat.confirmed_at = actor, at
    seat.save(update_fields=["confirmed_by", "confirmed_at"])
    entries.seat_confirmed(seat, actor=actor, at=at)
    return seat


@transaction.atomic
def leave_seat(*, seat: BoardSeat, actor: Person, at: datetime) -> BoardSeat:
    """One leaves one's own seat, or takes back a proposal one made. Raises NotAllowed, or NotNow where it was left already."""
    seat = BoardSeat.objects.select_for_update().get(pk=seat.pk)
    require(policies.may_leave_seat(actor_of(actor, at), seat))
    seat.left_at = at
    seat.save(update_fields=["left_at"])
    entries.seat_left(seat, actor=actor, at=at)
    return seat
