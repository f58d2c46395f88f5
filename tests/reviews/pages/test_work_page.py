"""Work that was given up: shown with its cause to whoever operates the portal, and tried again when they say so."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from evaluations.models import AssessmentDue, Upload
from evaluations.services import blobs, readings
from ledger.delivery import STUCK_AFTER
from ledger.models import Cursor, Entry
from reviews.models import Delivery, Export, Notice
from reviews.notices.send import send_due
from reviews.reports.exports import request_export
from reviews.services import outlets
from reviews.services.retrying import CountChanged, NotGivenUp, retry, retry_all, retry_each
from reviews.unfinished import MOST_SHOWN, How, piles
from reviews.work import LEASE, claim, postpone
from tests.makers import CONFIRMED, client_of, give_password, later, send_file
from tests.reviews.conftest import Board

PAGE = "reviews:work"


@pytest.fixture
def stuck(board: Board) -> Board:
    """One of each kind that was given up, and a consumer that cannot get past an entry."""
    case = board.rise()
    lost = [send_file(board.cast, b"bytes the disk will lose %d" % number, board.subject, at=board.now()) for number in range(2)]
    for hour in range(1, 12):
        for upload in lost:
            blobs.path_of(upload.blob_id).unlink(missing_ok=True)
            readings.parse(upload_id=upload.pk, at=later(days=30, hours=hour))
    export = request_export(case=case, kind="pdf", actor=board.cast.ben, at=later(days=31))
    Export.objects.filter(pk=export.pk).update(state="dead", attempts=8, last_error="The bytes could not be written; is the disk full?")
    AssessmentDue.objects.update(state="dead", attempts=6, error="ZeroDivisionError in decide, line 7")
    notice = Notice.objects.filter(channel="mail").order_by("pk")[:1]
    Notice.objects.filter(pk__in=notice.values("pk")).update(
        state="dead", attempts=8, last_error="This person has no active account to write to."
    )
    Cursor.objects.filter(consumer="reviews.notices").update(
        attempts=STUCK_AFTER, error="KeyError in hear, line 3", failed_at=timezone.now(), not_before=later(days=40)
    )
    return board


def test_an_administrator_sees_each_with_its_cause_and_a_reviewer_does_not(stuck: Board) -> None:
    page = client_of(stuck.cast.ivo).get(reverse(PAGE)).content.decode()
    for said in (
        "The reader broke 4 times on this file.",
        "ZeroDivisionError in decide, line 7",
        "This person has no active account to write to.",
        "is the disk full?",
        "It cannot get past entry",
        "Try all 2 again",
    ):
        assert said in page
    assert client_of(stuck.cast.ben).get(reverse(PAGE)).status_code == 403


def test_a_portal_with_nothing_stuck_says_so(board: Board) -> None:
    send_due(at=board.now())
    assert "Nothing is stuck" in client_of(board.cast.ivo).get(reverse(PAGE)).content.decode()


def test_the_page_asks_as_much_of_the_database_with_many_rows_as_with_few(stuck: Board, django_assert_num_queries) -> None:
    client = client_of(stuck.cast.ivo)
    client.get(reverse(PAGE))
    with django_assert_num_queries(11):
        client.get(reverse(PAGE))


@pytest.mark.parametrize("kind", ["upload", "assessment", "notice", "report"])
def test_trying_again_begins_anew_once_and_is_recorded(stuck: Board, kind: str) -> None:
    rows = {"upload": Upload, "assessment": AssessmentDue, "notice": Notice, "report": Export}[kind].objects  # type: ignore[attr-defined]
    row = rows.filter(state="dead").order_by("pk")[0]
    before = Entry.objects.count()
    client = client_of(stuck.cast.ivo)
    where = reverse("reviews:work-retry", args=[kind, row.pk])
    assert client.post(where).status_code == 302
    row.refresh_from_db()
    assert (row.state in {"waiting", "received"}, row.attempts) == (True, 0)
    assert Entry.objects.count() == before + 1
    assert client.post(where).status_code == 409
    assert client_of(stuck.cast.ben).post(where).status_code == 403


def test_a_consumer_tries_at_once_where_it_stands(stuck: Board) -> None:
    at = Cursor.objects.get(pk="reviews.notices").position
    retry(kind="consumer", row_id="reviews.notices", actor=stuck.cast.ivo, at=timezone.now())
    cursor = Cursor.objects.get(pk="reviews.notices")
    assert (cursor.position, cursor.not_before) == (at, None)
    with pytest.raises(NotGivenUp):
        retry(kind="consumer", row_id="evaluations.reading", actor=stuck.cast.ivo, at=timezone.now())


def test_many_are_tried_again_only_if_they_are_as_many_as_was_said(stuck: Board) -> None:
    with pytest.raises(CountChanged, match="there are 2 now"):
        retry_all(kind="upload", count=1, actor=stuck.cast.ivo, at=timezone.now())
    assert Upload.objects.filter(state="dead").count() == 2
    assert client_of(stuck.cast.ivo).post(reverse("reviews:work-retry-all", args=["upload", 2])).status_code == 302
    assert not Upload.objects.filter(state="dead").exists()


def test_one_that_is_refused_takes_nothing_from_the_others(stuck: Board) -> None:
    first, second = (str(pk) for pk in Upload.objects.filter(state="dead").order_by("pk").values_list("pk", flat=True))
    retry(kind="upload", row_id=first, actor=stuck.cast.ivo, at=timezone.now())
    retried = retry_each(kind="upload", row_ids=[first, second, str(uuid4())], actor=stuck.cast.ivo, at=timezone.now())
    assert (retried.done, sum(retried.left_out.values())) == (1, 2)
    assert "There is no such work." in retried.left_out
    assert not Upload.objects.filter(state="dead").exists()


def test_more_than_the_page_shows_are_counted_truly_and_tried_at_once(stuck: Board) -> None:
    export = Export.objects.get(state="dead")
    for _ in range(MOST_SHOWN):
        request_export(case=export.case, kind="json", actor=stuck.cast.ben, at=later(days=32))
    Export.objects.update(state="dead", attempts=8)
    ivo = client_of(stuck.cast.ivo)
    page = ivo.get(reverse(PAGE)).text
    assert f"Try all {MOST_SHOWN + 1} again" in page and f"The first {MOST_SHOWN} of {MOST_SHOWN + 1}." in page
    answer = ivo.post(reverse("reviews:work-retry-all", args=["report", MOST_SHOWN + 1]), follow=True)
    assert f"{MOST_SHOWN + 1} tried again." in answer.text
    assert not Export.objects.filter(state="dead").exists()


# What no worker takes


def pile_of(kind: str, at: datetime) -> list[tuple[How, str]]:
    return [(row.how, row.cause) for pile in piles(at) if pile.kind == kind for row in pile.rows]


def test_what_no_worker_takes_is_shown_as_stuck_after_two_minutes(board: Board) -> None:
    at = board.now()
    send_file(board.cast, b"nobody reads this", board.subject, at=at)
    assert pile_of("upload", at + timedelta(seconds=90)) == []
    assert pile_of("upload", at + timedelta(minutes=4)) == [(How.STUCK, "No worker took it for 4 min.")]
    [pile] = [pile for pile in piles(at + timedelta(hours=3)) if pile.kind == "upload"]
    assert (pile.total, pile.given_up, pile.stuck, pile.rows[0].cause) == (1, 0, 1, "No worker took it for 3 h.")


def test_a_report_in_the_hands_of_a_lost_worker_is_shown_as_stuck_once_its_lease_ran_out(board: Board) -> None:
    case, at = board.rise(), board.now()
    request_export(case=case, kind="pdf", actor=board.cast.ben, at=at)
    claim(Export.objects.all(), at=at, limit=1)
    assert pile_of("report", at + LEASE) == []
    said = "Its worker was lost: the lease ran out 5 min ago, and no other took it."
    assert pile_of("report", at + LEASE + timedelta(minutes=5)) == [(How.STUCK, said)]


def test_what_failed_is_tried_again_by_itself_until_nobody_takes_it_any_more(board: Board) -> None:
    case, at = board.rise(), board.now()
    request_export(case=case, kind="pdf", actor=board.cast.ben, at=at)
    [row] = claim(Export.objects.all(), at=at, limit=1)
    postpone(row, at=at, why="The disk was full.")
    assert pile_of("report", at) == [(How.FAILING, "The disk was full.")]
    assert pile_of("report", at + timedelta(minutes=1)) == []
    said = "No worker took it again after attempt 1 (The disk was full) for 9 min."
    assert pile_of("report", at + timedelta(minutes=10)) == [(How.STUCK, said)]


def test_the_page_says_that_no_worker_comes(board: Board) -> None:
    send_file(board.cast, b"nobody reads this", board.subject, at=board.now())
    page = client_of(board.cast.ivo).get(reverse(PAGE)).text
    assert "for a worker that does not come" in page and "Nobody takes it" in page
    assert "done or on its way" not in page


def test_a_file_that_is_tried_again_is_not_stuck_for_the_time_before(stuck: Board) -> None:
    upload, at = Upload.objects.filter(state="dead").order_by("pk")[0], later(days=35)
    retry(kind="upload", row_id=str(upload.pk), actor=stuck.cast.ivo, at=at)
    assert How.STUCK not in [how for how, _ in pile_of("upload", at + timedelta(minutes=1))]


def test_what_waited_for_an_outlet_that_was_stopped_is_no_work_of_anybodys(board: Board) -> None:
    ivo = board.cast.ivo
    give_password(ivo, at=board.now())
    told = {"label": "Pager", "address": "https://hooks.example/x", "topics": ["gate"], "confirmation": CONFIRMED}
    outlet, _ = outlets.add_webhook(actor=ivo, user=ivo.user, at=board.now(), **told)
    outlets.send_test(outlet=outlet, actor=ivo, at=board.now())
    Delivery.objects.update(state="dead", attempts=8)
    assert [how for how, _ in pile_of("delivery", board.now())] == [How.DEAD]
    outlets.stop_outlet(outlet=outlet, actor=ivo, at=board.now())
    assert pile_of("delivery", board.now()) == []
    with pytest.raises(CountChanged, match="there are 0 now"):
        retry_all(kind="delivery", count=1, actor=ivo, at=board.now())


def test_a_report_that_was_given_up_says_why_on_its_case_and_is_made_again_from_there(stuck: Board) -> None:
    export = Export.objects.get(state="dead")
    ben = client_of(stuck.cast.ben)
    assert "is the disk full?" in ben.get(reverse("reviews:report", args=[export.case.number])).content.decode()
    assert ben.post(reverse("reviews:report-retry", args=[export.pk])).status_code == 302
    assert ben.post(reverse("reviews:report-retry", args=[export.pk])).status_code == 409
    assert Export.objects.get(pk=export.pk).state == "waiting"
