"""The receipt of an upload says what it changed: the finding with its bound, the tier, the case."""

from django.test import Client

from evaluations import queries
from people.models import Person
from people.queries import actor_of
from reviews.effects import tell
from tests.makers import give_role, make_person
from tests.reviews.conftest import Board


def receipt(person: Person, upload: object) -> str:
    client = Client()
    client.force_login(person.user)
    return client.get(f"/uploads/{upload.pk}/").content.decode()  # type: ignore[attr-defined]


def test_a_receipt_names_the_bound_the_case_it_opened_and_what_that_requires(board: Board) -> None:
    board.measure("exploits")
    upload = board.measure("bio_protocols", right=20)
    text = receipt(board.cast.ada, upload)
    assert f"Opened case {board.case.number} (elevation): it requires D3 S3 provisionally." in text
    assert f'href="/cases/{board.case.number}/"' in text and "the upper bound" in text and "n = 40" in text


def test_a_receipt_of_what_moved_nothing_names_no_case(board: Board) -> None:
    text = receipt(board.cast.ada, board.measure("exploits"))
    assert "Opened case" not in text


def test_who_sees_no_case_is_told_of_none(board: Board) -> None:
    board.measure("exploits")
    assessed = queries.assessments_of(board.measure("bio_protocols", right=20))
    outsider = make_person("Olga", at=board.moment)
    give_role(board.cast, outsider, "outside_evaluator", at=board.moment)
    at = board.now()
    assert tell(assessed, actor_of(outsider, at)) == [] and len(tell(assessed, actor_of(board.cast.ada, at))) == 1
