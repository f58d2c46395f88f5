"""The portfolio as of a day: every model as it stood then, and none that was not there yet."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from reviews.status import read_status
from tests.makers import make_subject
from tests.reviews.conftest import Board


@pytest.fixture
def client(board: Board) -> Client:
    client = Client()
    client.force_login(board.cast.hana.user)
    return client


def test_the_portfolio_of_a_day_shows_what_stood_then_and_the_one_of_now_what_stands_now(board: Board, client: Client) -> None:
    board.clean()
    first = board.moment.date()
    board.moment += timedelta(days=3)
    board.measure("bio_protocols", right=20)
    make_subject(board.cast, "ibis", at=board.now())
    then = client.get(reverse("reviews:portfolio"), {"as_of": first.isoformat()})
    (row,) = then.context["page"].rows
    told = read_status(board.subject, board.version, then.context["at"], back=True)
    assert (row.status.label, row.status.case, row.status.short) == (told.label, None, "D2 S2")
    assert then.context["page"].headline == "1 model · 0 open cases · 1 with every gate shut"
    assert 'class="as-of"' in then.text and f'href="/subjects/heron/?as_of={first}"' in then.text and "ibis" not in then.text
    now = client.get(reverse("reviews:portfolio"))
    assert [each.status.subject.slug for each in now.context["page"].rows] == ["heron", "ibis"]
    assert "D3 S3" in {each.status.short for each in now.context["page"].rows} and 'class="as-of"' not in now.text


def test_before_a_model_was_registered_its_page_says_so_and_no_tier(board: Board, client: Client) -> None:
    before = (board.subject.created_at - timedelta(days=2)).date()
    page = client.get(reverse("reviews:subject-detail", args=["heron"]), {"as_of": before.isoformat()})
    assert page.status_code == 200 and "Not registered then." in page.text
    assert "ASL-2" not in page.text and "Open a case" not in page.text
    assert client.get(reverse("reviews:portfolio"), {"as_of": before.isoformat()}).context["page"].rows == []
    assert "Not registered then." not in client.get(reverse("reviews:subject-detail", args=["heron"])).text


def test_the_table_of_a_day_says_which_and_holds_its_rows(board: Board, client: Client) -> None:
    board.clean()
    first = board.moment.date()
    board.moment += timedelta(days=3)
    board.measure("bio_protocols", right=20)
    address = reverse("reviews:table-portfolio", args=["csv"])
    then, now = (client.post(f"{address}{query}").getvalue().decode() for query in (f"?as_of={first}", ""))
    assert "As of" in then and ",ASL-2," in then and ",ASL-3," not in then
    assert ",ASL-3," in now and "As of," not in now
    assert client.post(f"{address}?as_of=yesterday").status_code == 422
