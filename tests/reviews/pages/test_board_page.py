"""The board's page: who sits on it, whom its policies lack, and the two people a seat takes."""

import pytest
from django.urls import reverse

from people.models import Person
from reviews.models import Board as Council
from reviews.models import BoardSeat
from reviews.services import boards
from reviews.views.inbox import address_of
from reviews.waiting import waiting_on
from tests.makers import PASSWORD, client_of, make_snapshot
from tests.reviews.conftest import Board


@pytest.fixture
def council(board: Board) -> Council:
    return boards.found_board(slug="council", name="The council", framework_name="board", actor=board.cast.dan, at=board.now())


def seat(board: Board, council: Council, person: Person, role: str = "reviewer") -> BoardSeat:
    proposed = boards.propose_seat(board=council, person=person, role=role, actor=board.cast.dan, at=board.now())
    return boards.confirm_seat(seat=proposed, actor=board.cast.grace, at=board.now())


def test_a_board_is_founded_and_seated_on_its_pages_by_two_people(board: Board) -> None:
    dan, grace = client_of(board.cast.dan), client_of(board.cast.grace)
    told = {"name": "The council", "slug": "council", "framework_name": "board", "password": PASSWORD}
    assert dan.post(reverse("reviews:board-new"), told | {"password": "found"}).status_code == 422
    assert dan.post(reverse("reviews:board-new"), told).status_code == 302
    assert dan.post(reverse("reviews:board-new"), told).status_code == 422
    where = reverse("reviews:board", args=["council"])
    proposal = {"person": str(board.cast.ben.pk), "role": "reviewer"}
    assert dan.post(reverse("reviews:seat-propose", args=["council"]), proposal | {"role": "chair"}).status_code == 422
    assert dan.post(reverse("reviews:seat-propose", args=["council"]), proposal).status_code == 302
    confirm = reverse("reviews:seat-confirm", args=["council", BoardSeat.objects.get().pk])
    assert "Confirm seat" not in dan.get(where).content.decode() and dan.post(confirm).status_code == 403
    assert "Confirm seat" in grace.get(where).content.decode() and "Confirm this seat" in grace.get(confirm).content.decode()
    assert grace.post(confirm, {"password": "found"}).status_code == 422 and BoardSeat.objects.get().confirmed_at is None
    assert grace.post(confirm, {"password": PASSWORD}).status_code == 302
    assert BoardSeat.objects.get().confirmed_by == board.cast.grace
    assert grace.post(confirm, {"password": PASSWORD}).status_code == 409


def test_the_page_names_what_a_policy_lacks_and_who_would_fill_it(board: Board, council: Council) -> None:
    seat(board, council, board.cast.ben)
    page = client_of(board.cast.hana).get(reverse("reviews:board", args=["council"])).content.decode()
    assert "1 of 2: 2 people in favour" in page and "0 of 1: 1 of them: competence security" in page
    seat(board, council, board.cast.chloe)
    page = client_of(board.cast.hana).get(reverse("reviews:board", args=["council"])).content.decode()
    assert "2 people in favour: Ben, Chloe" in page and "competence security: Chloe" in page
    assert "0 of 1: 1 of them: competence security" not in page and "2 of 3: 3 people in favour" in page


def test_a_seat_is_left_by_its_person_and_a_proposal_taken_back_by_who_made_it(board: Board, council: Council) -> None:
    taken = seat(board, council, board.cast.ben)
    proposed = boards.propose_seat(board=council, person=board.cast.chloe, role="reviewer", actor=board.cast.dan, at=board.now())
    leave = reverse("reviews:seat-leave", args=["council", taken.pk])
    assert client_of(board.cast.dan).post(leave).status_code == 403
    assert client_of(board.cast.ben).post(leave).status_code == 302
    assert client_of(board.cast.dan).post(reverse("reviews:seat-leave", args=["council", proposed.pk])).status_code == 302
    assert not BoardSeat.objects.filter(left_at=None).exists()


def test_what_waits_for_a_second_person_leads_to_the_thing_itself(board: Board, council: Council) -> None:
    proposed = boards.propose_seat(board=council, person=board.cast.ben, role="reviewer", actor=board.cast.dan, at=board.now())
    snapshot = make_snapshot(board.cast, board.subject, "step 2", confirmed=False, at=board.now())
    of_grace = {each.kind: address_of(each) for each in waiting_on(board.cast.grace, board.now())}
    of_ben = {each.kind: address_of(each) for each in waiting_on(board.cast.ben, board.now())}
    assert of_grace["confirm_seat"] == f"/boards/council/#seat-{proposed.pk}"
    assert of_ben["confirm_snapshot"] == f"/subjects/heron/snapshots/#snapshot-{snapshot.pk}"
    assert f'id="snapshot-{snapshot.pk}"' in client_of(board.cast.ben).get("/subjects/heron/snapshots/").content.decode()
