"""Boards, their seats and the framework versions they adopt."""

from datetime import datetime
from typing import Any

from ledger.models import Entry
from ledger.sentences import describe
from people.models import Person, Signature
from reviews.entries.writing import append_by, append_signed
from reviews.models import Adoption, Board, BoardSeat


def board_founded(board: Board, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:board:founded", f"board:{board.pk}", actor, at, {"framework": board.framework_name})


def seat_proposed(seat: BoardSeat, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:seat:proposed", f"seat:{seat.pk}", actor, at, seat_fields(seat))


def seat_confirmed(seat: BoardSeat, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:seat:confirmed", f"seat:{seat.pk}", actor, at, seat_fields(seat))


def seat_left(seat: BoardSeat, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:seat:left", f"seat:{seat.pk}", actor, at, seat_fields(seat))


def adoption_proposed(adoption: Adoption, *, at: datetime) -> Entry:
    return append_signed("reviews:adoption:proposed", f"adoption:{adoption.pk}", adoption.proposed, at, adoption_fields(adoption))


def adoption_confirmed(adoption: Adoption, *, confirmed: Signature, at: datetime) -> Entry:
    return append_signed("reviews:adoption:confirmed", f"adoption:{adoption.pk}", confirmed, at, adoption_fields(adoption))


def seat_fields(seat: BoardSeat) -> dict[str, Any]:
    return {"board": seat.board_id, "person": seat.person_id, "seat_role": seat.role}


def adoption_fields(adoption: Adoption) -> dict[str, Any]:
    return {"framework": adoption.version_id, "digest": adoption.version.digest}


describe("reviews:board:founded", "{actor} founded the board for {framework}.")
describe("reviews:seat:proposed", "{actor} proposed {person:name} for a seat as {seat_role}.")
describe("reviews:seat:confirmed", "{actor} confirmed {person:name} in a seat as {seat_role}.")
describe("reviews:seat:left", "{person:name} left a seat as {seat_role}.")
describe("reviews:adoption:proposed", "{actor} signed a proposal to adopt a framework version.")
describe("reviews:adoption:confirmed", "{actor} signed the adoption of a framework version.")
describe("reviews:adoption:refused", "{actor} tried to sign the adoption of the {thing} and was refused: {code}.")
