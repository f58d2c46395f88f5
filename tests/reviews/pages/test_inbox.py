"""The inbox holds every notice, a page at a time, and explains its words."""

from people.models import Person
from people.services import release_persona
from reviews.models import Notice
from reviews.views.inbox import SHOWN
from tests.makers import client_of, give_app
from tests.reviews.conftest import Board


def inbox(person: Person, page: str = "") -> str:
    client = client_of(person)
    return client.get("/inbox/", {"page": page} if page else {}).text


def test_older_notices_are_on_the_next_page(board: Board) -> None:
    board.rise()
    (one,) = Notice.objects.filter(person=board.cast.ben, channel="inbox", kind="vote_wanted")
    Notice.objects.bulk_create(
        Notice(
            person=one.person,
            channel=one.channel,
            kind="vote_wanted",
            entry_seq=10_000 + number,
            case=one.case,
            subject=one.subject,
            not_before=one.not_before,
            made_at=one.made_at,
            data={"asked": f"Number {number}?"},
        )
        for number in range(SHOWN)
    )
    first, second = inbox(board.cast.ben), inbox(board.cast.ben, "2")
    assert "Number 49?" in first and "Is Bio-3 crossed?" not in first.partition("Notices</h2>")[2] and 'rel="next"' in first
    assert "Is Bio-3 crossed?" in second.partition("Notices</h2>")[2] and "Number 49?" not in second


def test_a_persona_that_is_let_go_leaves_nothing_behind_about_factors_it_has_no_more(board: Board) -> None:
    ben = board.cast.ben
    give_app(ben, at=board.now())
    board.work()
    assert "a second factor was added" in inbox(ben)
    release_persona(user=ben.user, at=board.now())
    board.work()
    assert "a second factor was added" not in inbox(ben)
