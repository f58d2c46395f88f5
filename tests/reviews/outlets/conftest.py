"""Outlets in the board's world: Ivo is the administrator."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from reviews.models import Outlet
from reviews.notices import deliver
from reviews.services import outlets
from tests.makers import CONFIRMED, give_password
from tests.reviews.conftest import Board

TOPICS = ("cases", "decisions", "gate", "incidents", "signoffs", "frameworks")


class Keeper:
    """What Ivo does about outlets, and the worker's work."""

    def __init__(self, board: Board) -> None:
        self.board = board
        give_password(board.cast.ivo, at=board.now())

    @property
    def who(self) -> dict[str, Any]:
        ivo = self.board.cast.ivo
        return {"actor": ivo, "user": ivo.user, "confirmation": CONFIRMED, "at": self.board.now()}

    def webhook(self, address: str, *topics: str, **more: Any) -> tuple[Outlet, str]:
        told = {"label": "Pager", "address": address, "topics": topics or TOPICS} | self.who | more
        return outlets.add_webhook(**told)

    def channel(self, address: str, *topics: str, **more: Any) -> Outlet:
        told = {"label": "Room", "address": address, "topics": topics or TOPICS} | self.who | more
        return outlets.add_channel(**told)

    def deliver(self, at: datetime | None = None, clock: Callable[[], datetime] | None = None) -> int:
        self.board.work()
        now = at or self.board.now()
        return deliver.send_due(at=now, clock=clock or (lambda: now))


@pytest.fixture
def keeper(board: Board) -> Keeper:
    return Keeper(board)
