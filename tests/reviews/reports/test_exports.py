"""Asking for a report, making it, and taking it away."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from evaluations.services import blobs
from ledger.models import Entry
from ledger.queries import root_at
from ledger.refusals import NotKnown
from ledger.sentences import sentence
from reviews.models import Export
from reviews.models.notice import WorkState
from reviews.reports.exports import COLLECTED, TYPESET, _make, _reached, make_due, request_export
from reviews.work import LEASE, claim, wait_after
from tests.makers import client_of, give_role, make_person
from tests.reviews.reports.conftest import Decided


def ask(decided: Decided, kind: str = "json", who: str = "dan") -> Export:
    return request_export(case=decided.case, kind=kind, actor=getattr(decided.board.cast, who), at=decided.board.now())


def test_asking_leaves_a_row_that_waits_and_one_entry(decided: Decided) -> None:
    before = Entry.objects.count()
    export = ask(decided)
    assert (export.state, export.blob_id) == (WorkState.WAITING, None)
    entry = Entry.objects.latest("seq")
    assert (Entry.objects.count(), entry.kind, entry.actor) == (before + 1, "reviews:export:requested", decided.board.cast.dan.pk)


def test_to_who_does_not_see_the_board_there_is_nothing_to_ask_for(decided: Decided) -> None:
    with pytest.raises(NotKnown):
        ask(decided, who="eve")
    assert not Export.objects.exists()
    assert ask(decided, who="hana")


def test_a_report_is_made_once_and_says_as_of_when(decided: Decided) -> None:
    export, at = ask(decided), decided.board.now()
    assert (make_due(at=at), make_due(at=at + timedelta(minutes=1))) == (1, 0)
    export.refresh_from_db()
    with blobs.open_bytes(export.blob_id) as stored:
        told = json.load(stored)
    assert (export.state, export.percent, export.as_known_at) == (WorkState.DONE, 100, at)
    assert (told["ledger"]["size"], told["generated"]["by"]) == (export.ledger_size, "Dan")
    assert export.filename == f"case-{decided.case.number}-heron-{at:%Y%m%d-%H%M}.json"


def test_a_made_report_is_entered_with_its_digest_in_the_act_that_settles_its_row(decided: Decided) -> None:
    export, at = ask(decided, kind="pdf"), decided.board.now()
    before = Entry.objects.count()
    assert (make_due(at=at), make_due(at=at + LEASE)) == (1, 0)
    export.refresh_from_db()
    entry = Entry.objects.prefetch_related("fields").latest("seq")
    assert (Entry.objects.count(), entry.kind, entry.actor) == (before + 1, "reviews:report:made", None)
    assert (entry.values["pdf"], entry.values["case"]) == (f"sha256:{export.blob_id}", str(decided.case.pk))
    assert (entry.values["ledger_size"], entry.values["root"]) == (export.ledger_size, f"sha256:{root_at(export.ledger_size).hex()}")
    assert sentence(entry) == f"The portal made a report of case {decided.case.number} on Heron (pdf) at {export.ledger_size} entries."


def test_a_worker_that_lost_its_lease_enters_no_report(decided: Decided) -> None:
    """It went on making while another took the row: nothing it made is done or known."""
    ask(decided)
    at, later = decided.board.now(), decided.board.now() + LEASE
    [lost] = claim(Export.objects.all(), at=at, limit=5)
    [held] = claim(Export.objects.all(), at=later, limit=5)
    before = Entry.objects.count()
    assert (_make(lost, at), Entry.objects.count()) == (False, before)
    assert (_make(held, later), Entry.objects.count()) == (True, before + 1)


def test_a_report_the_ledger_does_not_take_is_not_done(decided: Decided) -> None:
    """Its worker's clock runs behind the record: the row waits, and nothing else has changed."""
    export, at = ask(decided), decided.board.now()
    before = Entry.objects.count()
    assert make_due(at=at) + make_due(at=at) == 1
    Export.objects.filter(pk=export.pk).update(state=WorkState.WAITING, blob=None)
    late = at - timedelta(hours=1)
    Export.objects.filter(pk=export.pk).update(not_before=late)
    assert make_due(at=late) == 0
    export.refresh_from_db()
    assert (export.state, export.blob_id, Entry.objects.count()) == (WorkState.WAITING, None, before + 1)
    assert export.last_error.startswith("The ledger did not take it: The event is older than the last entry")


def test_a_disk_that_cannot_be_written_only_delays_it(decided: Decided, settings: Any, tmp_path: Path) -> None:
    export, at, shelf = ask(decided), decided.board.now(), settings.BLOB_DIR
    blocked = tmp_path / "a file, not a folder"
    blocked.write_bytes(b"")
    settings.BLOB_DIR = blocked / "blobs"
    assert make_due(at=at) == 0
    export.refresh_from_db()
    assert (export.state, export.attempts, export.not_before) == (WorkState.WAITING, 1, at + wait_after(1))
    assert export.last_error == "The bytes could not be written; is the disk full?"
    settings.BLOB_DIR = shelf
    assert (make_due(at=at), make_due(at=at + wait_after(1))) == (0, 1)
    export.refresh_from_db()
    assert (export.state, export.last_error) == (WorkState.DONE, "")


def test_a_report_whose_worker_died_is_made_by_the_next(decided: Decided) -> None:
    ask(decided)
    at = decided.board.now()
    claim(Export.objects.all(), at=at, limit=5)
    assert (make_due(at=at), make_due(at=at + LEASE)) == (0, 1)


# the page


def test_the_page_asks_shows_the_state_and_gives_the_file_as_a_download(decided: Decided) -> None:
    client, page = client_of(decided.board.cast.ben), reverse("reviews:report", args=[decided.case.number])
    assert client.post(page, {"kind": "pdf"}).status_code == 302
    assert "Waiting" in client.get(page).content.decode()
    export = Export.objects.get()
    download = reverse("reviews:report-download", args=[export.pk])
    assert client.get(download).status_code == 404
    make_due(at=export.not_before)
    answer = client.get(download)
    assert answer.status_code == 200 and b"".join(answer.streaming_content).startswith(b"%PDF-")
    assert (answer["Content-Type"], answer["Content-Disposition"].partition(";")[0]) == ("application/pdf", "attachment")
    assert client.post(page, {"kind": "html"}).status_code == 404


def test_a_page_that_waits_asks_again_and_stops_when_nothing_more_will_come(decided: Decided) -> None:
    client, page = client_of(decided.board.cast.ben), reverse("reviews:report", args=[decided.case.number])
    ask(decided)
    assert client.get(page, headers={"hx-request": "true"}).status_code == 200
    make_due(at=decided.board.now())
    assert client.get(page, headers={"hx-request": "true"}).status_code == 286


@pytest.mark.parametrize("role", ["", "outside_evaluator"])
def test_who_may_not_know_of_the_case_finds_no_report_of_it(decided: Decided, role: str) -> None:
    board = decided.board
    export = ask(decided)
    make_due(at=board.now())
    stranger = make_person("Lena", at=board.now())
    if role:
        give_role(board.cast, stranger, role, at=board.now())
    client = client_of(stranger)
    addresses = (reverse("reviews:report", args=[decided.case.number]), reverse("reviews:report-download", args=[export.pk]))
    assert {client.get(address).status_code for address in addresses} == {404}
    client = client_of(board.cast.hana)
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200 and b"".join(answer)


def test_a_report_that_is_being_made_says_how_far_it_has_come(decided: Decided) -> None:
    client = client_of(decided.board.cast.dan)
    address = reverse("reviews:report", args=[decided.case.number])
    ask(decided)
    assert '<span class="number">0 %</span>' in client.get(address).text
    (mine,) = claim(Export.objects.all(), at=decided.board.now(), limit=1)
    _reached(mine, COLLECTED)
    assert '<span class="number">50 %</span>' in client.get(address).text
    Export.objects.update(lease_token=uuid4())  # another worker took it over
    _reached(mine, TYPESET)
    assert '<span class="number">50 %</span>' in client.get(address).text
    assert make_due(at=decided.board.now() + 2 * LEASE) == 1 and "100 %" not in client.get(address).text
