"""Work that was given up: shown with its cause to whoever operates the portal, and tried again when they say so."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations.models import AssessmentDue, Upload
from evaluations.services import blobs, readings
from ledger.delivery import STUCK_AFTER
from ledger.models import Cursor, Entry
from people.models import Person
from reviews.models import Export, Notice
from reviews.reports.exports import request_export
from reviews.services.retrying import CountChanged, NotGivenUp, retry, retry_all
from tests.makers import later, send_file
from tests.reviews.conftest import Board

PAGE = "reviews:work"


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


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
    assert "Nothing is stuck" in client_of(board.cast.ivo).get(reverse(PAGE)).content.decode()


def test_the_page_asks_as_much_of_the_database_with_many_rows_as_with_few(stuck: Board, django_assert_num_queries) -> None:
    client = client_of(stuck.cast.ivo)
    client.get(reverse(PAGE))
    with django_assert_num_queries(10):
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


def test_a_report_that_was_given_up_says_why_on_its_case_and_is_made_again_from_there(stuck: Board) -> None:
    export = Export.objects.get(state="dead")
    ben = client_of(stuck.cast.ben)
    assert "is the disk full?" in ben.get(reverse("reviews:report", args=[export.case.number])).content.decode()
    assert ben.post(reverse("reviews:report-retry", args=[export.pk])).status_code == 302
    assert ben.post(reverse("reviews:report-retry", args=[export.pk])).status_code == 409
    assert Export.objects.get(pk=export.pk).state == "waiting"
