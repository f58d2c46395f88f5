"""What an owner takes back on a safeguard's page: a file of evidence, or the whole of it."""

from django.urls import reverse

from ledger.models import Entry
from tests.makers import client_of
from tests.reviews.conftest import Board


def test_an_owner_retires_a_safeguard_after_reading_what_lapses_with_it(open_board: Board) -> None:
    board = open_board
    # Before anybody uses a page: what pages enter is of today, and no answer is older than the last entry.
    assert board.ask().allowed
    implementation = board.cast.farid.implementations.order_by("safeguard").first()
    where = reverse("reviews:safeguard-retire", args=[implementation.pk])
    assert client_of(board.cast.ben).get(where).status_code == 403 and client_of(board.cast.ben).post(where).status_code == 403
    farid = client_of(board.cast.farid)
    assert "every decision that leans on them lapses" in farid.get(where).content.decode()
    assert farid.post(where).status_code == 302 and farid.post(where).status_code == 409
    assert Entry.objects.filter(kind="reviews:implementation:retired").count() == 1
    board.moment = Entry.objects.latest("seq").recorded_at
    board.work()
    assert not board.ask().allowed
    page = farid.get(reverse("reviews:safeguard-detail", args=[implementation.pk])).content.decode()
    assert "Retired" in page and "Retire it" not in page and "Describe it anew" not in page and "Attach evidence" not in page


def test_a_file_is_withdrawn_once(open_board: Board) -> None:
    implementation = open_board.cast.farid.implementations.order_by("safeguard").first()
    evidence = implementation.evidence.get()
    where = reverse("reviews:evidence-withdraw", args=[implementation.pk, evidence.pk])
    assert client_of(open_board.cast.ben).post(where).status_code == 403
    farid = client_of(open_board.cast.farid)
    assert farid.post(where).status_code == 302 and farid.post(where).status_code == 409
    evidence.refresh_from_db()
    assert evidence.withdrawn_at is not None
