"""The page that says whether the record knows a file somebody was given."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from evaluations.models import Blob
from evaluations.services import blobs
from ledger.models import Entry
from reviews.models import Export
from reviews.reports.exports import make_due, request_export
from tests.makers import client_of
from tests.reviews.reports.conftest import Decided

PAGE = "reviews:report-check"


@pytest.fixture
def made(decided: Decided) -> bytes:
    request_export(case=decided.case, kind="pdf", actor=decided.board.cast.dan, at=decided.board.now())
    make_due(at=decided.board.now())
    export = Export.objects.get()
    assert export.blob_id
    with blobs.open_bytes(export.blob_id) as stored:
        return stored.read()


@pytest.fixture
def hana(decided: Decided) -> Client:
    client = client_of(decided.board.cast.hana)
    return client


def asked(client: Client, content: bytes, name: str = "given.pdf") -> Any:
    return client.post(reverse(PAGE), {"report": SimpleUploadedFile(name, content)})


def test_an_auditor_is_told_that_the_record_knows_a_report_and_by_which_entry(hana: Client, made: bytes, decided: Decided) -> None:
    entry = Entry.objects.latest("seq")
    before = (Entry.objects.count(), Blob.objects.count())
    answer = asked(hana, made)
    assert answer.status_code == 200
    assert "Known." in answer.text and reverse("ledger:entry", args=[entry.seq]) in answer.text
    assert f"ledger size {Export.objects.get().ledger_size}" in answer.text
    assert (Entry.objects.count(), Blob.objects.count()) == before, "nothing of the file is kept"


def test_one_other_byte_is_not_known(hana: Client, made: bytes) -> None:
    answer = asked(hana, made[:-1] + bytes([made[-1] ^ 1]))
    assert answer.status_code == 200
    assert "Not known." in answer.text


def test_a_report_of_a_log_that_no_longer_fits_is_told_to_be_one(hana: Client, made: bytes) -> None:
    with connection.cursor() as cursor:  # what the owner of the database can do
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_node SET hash = decode(repeat('00', 32), 'hex')")
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert "Known, and the log does not fit." in asked(hana, made).text


@pytest.mark.parametrize(("content", "words"), [(b"", "empty"), (b"x" * 11, "This file is larger than any the portal takes.")])
def test_an_empty_file_and_one_larger_than_any_report_are_refused(
    hana: Client, decided: Decided, settings: Any, content: bytes, words: str
) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    answer = asked(hana, content)
    assert answer.status_code == 422 and words in answer.text
