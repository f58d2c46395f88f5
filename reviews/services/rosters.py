"""Who sits on a case: taken once, when it opens, and pinned with a digest."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.canonical import digest
from people.models import Competence, Person, RoleGrant
from people.words import Role
from reviews.models import Board, BoardSeat

# Who may be called to a case where the board has no seats of its own.
BOARD_ROLES = (Role.REVIEWER, Role.CHAIR, Role.EXECUTIVE)


def roster_now(board: Board | None, at: datetime) -> list[dict[str, Any]]:
    """Everyone seated, with the roles and competences they hold at this moment; without seats, everyone who holds a board role."""
    seated = set(BoardSeat.objects.taken(at).filter(board=board).values_list("person_id", flat=True)) if board else set()
    roles: dict[UUID, set[str]] = defaultdict(set)
    for person_id, role in RoleGrant.objects.in_force(at).order_by().values_list("person_id", "role"):  # type: ignore[misc]  # the abstract manager hides the field
        roles[person_id].add(role)
    called = seated or {person_id for person_id, held in roles.items() if held & set(BOARD_ROLES)}
    areas: dict[UUID, set[str]] = defaultdict(set)
    for person_id, area in Competence.objects.in_force(at).filter(person__in=called).order_by().values_list("person_id", "area"):  # type: ignore[misc]  # the abstract manager hides the field
        areas[person_id].add(area)
    humans = set(Person.objects.filter(pk__in=called, is_system=False).values_list("pk", flat=True))
    return [
        {"person": str(person_id), "roles": sorted(roles[person_id]), "competences": sorted(areas[person_id])}
        for person_id in sorted(humans, key=str)
        if roles[person_id]
    ]


def roster_digest(roster: list[dict[str, Any]]) -> str:
    return digest(roster)


def board_for(framework_name: str) -> Board | None:
    return Board.objects.filter(framework_name=framework_name).first()
