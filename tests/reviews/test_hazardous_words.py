"""A rationale or a chair's note that holds hazardous detail: everyone sees that somebody wrote, and only cleared people what."""

import io
import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from evaluations.services import blobs
from ledger import rows
from ledger.canonical import digest
from ledger.models import Entry, LedgerField
from people.models import Person
from people.signing import statement_of
from reviews.models import Determination, Notice, Vote
from reviews.notices.compose import compose
from reviews.policies import WITHHELD
from reviews.reports.case_file import WITHHELD_NOTE
from reviews.reports.exports import make_due, request_export
from tests.conftest import WorldOnce
from tests.makers import PASSWORD, give_clearance, make_token
from tests.reviews.conftest import Board, make_board
from tests.reviews.tables.test_taking_away import take

WHY, NOTE = "Step four of the protocol goes like this.", "The board weighed the recipe word by word."


@pytest.fixture(scope="module")
def _written_once(world_once: WorldOnce) -> Iterator[Board]:
    """Ben's rationale and Dan's note hold hazardous detail; Chloé's does not. Grace is cleared."""
    with world_once():
        board = make_board()
        give_clearance(board.cast, board.cast.grace, at=board.now())
        board.rise()
        question = board.question(threshold="bio-3")
        board.vote(board.cast.ben, question, rationale=WHY, hazard=True)
        board.vote(board.cast.chloe, question, rationale="I read the evidence.")
        board.decide(question, note=NOTE, hazard=True)
        board.work()
        yield board


@pytest.fixture
def written(_written_once: Board, db: None) -> Board:
    return deepcopy(_written_once)


def page_of(board: Board, person: Person) -> str:
    client = Client()
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(reverse("reviews:case-detail", args=[board.case.number])).content.decode()


def test_the_case_shows_it_to_cleared_people_and_to_others_that_it_is_withheld(written: Board) -> None:
    cleared, other = page_of(written, written.cast.grace), page_of(written, written.cast.ben)
    assert WHY in cleared and NOTE in cleared and WITHHELD not in cleared
    assert WHY not in other and NOTE not in other and other.count(WITHHELD) >= 4
    assert "I read the evidence." in other


@pytest.mark.parametrize("kind", ["json", "pdf"])
def test_no_report_holds_it_whoever_asks_for_it(written: Board, kind: str) -> None:
    export = request_export(case=written.case, kind=kind, actor=written.cast.grace, at=written.now())
    make_due(at=written.now())
    export.refresh_from_db()
    with blobs.open_bytes(export.blob_id) as stored:
        made = stored.read()
    assert WHY.encode() not in made and NOTE.encode() not in made
    if kind == "json":
        (question,) = [each for each in json.loads(made)["questions"] if each["note"]]
        assert question["note"] == WITHHELD
        assert [vote["rationale"] for vote in question["votes"]].count(WITHHELD) == 1
        assert WITHHELD_NOTE in json.loads(made)["notes"]


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_no_table_holds_it(written: Board, format: str) -> None:
    made = take(written.cast.grace, "case", format, number=written.case.number).whole
    if format == "xlsx":
        cells = (cell for sheet in load_workbook(io.BytesIO(made)) for row in sheet.iter_rows(values_only=True) for cell in row)
        made = "\n".join(str(cell) for cell in cells).encode()
    assert WHY.encode() not in made and NOTE.encode() not in made and WITHHELD.encode() in made


def asked(path: str, person: Person, *scopes: str) -> Any:
    return Client().get(path, headers={"Authorization": f"Bearer {make_token(person, *scopes)}"})


def test_the_api_the_feed_search_and_notices_never_tell_it(written: Board) -> None:
    grace = written.cast.grace
    told = asked(f"/api/v1/cases/{written.case.pk}", grace, "cases:read")
    question = next(each for each in told.json()["questions"] if each["threshold"] == "bio-3")
    assert sorted((vote["hazard"], vote["rationale"]) for vote in question["votes"]) == [(False, "I read the evidence."), (True, None)]
    assert [(each["hazard"], each["rationale"]) for each in told.json()["decisions"]] == [(True, None)]
    pages = Client()
    pages.force_login(grace.user, backend="django.contrib.auth.backends.ModelBackend")
    everything = [told.content.decode(), Client().get(reverse("reviews:feed", args=[make_token(grace, "feed:read")])).content.decode()]
    everything += [pages.get(reverse("search") + f"?q={word}").content.decode() for word in ("protocol+goes", "recipe")]
    everything += [
        compose(row).as_text("https://portal.example") for row in Notice.objects.select_related("person", "subject", "case__subject")
    ]
    everything += list(LedgerField.objects.filter(text__isnull=False).values_list("text", flat=True))
    assert not any(words in each for each in everything for words in (WHY, NOTE))


def test_the_signature_binds_the_words_and_the_record_that_they_are_hazardous(written: Board) -> None:
    vote, decided = Vote.objects.get(hazard=True), Determination.objects.get()
    assert dict(statement_of(vote.signature).digests)["rationale"] == digest({"rationale": WHY})
    assert dict(statement_of(decided.signature).digests)["note"] == digest({"note": NOTE}) and decided.hazard
    marked = [entry.kind for entry in Entry.objects.prefetch_related("fields") if entry.values.get("hazard") is True]
    assert sorted(marked) == ["reviews:determination:made", "reviews:vote:cast"]
    assert rows.check()


def test_why_a_safeguard_is_signed_off_goes_to_cleared_people_where_it_is_marked(written: Board) -> None:
    built = written.build("asl-2-security-1")

    def shown_to(person: Person, name: str = "safeguard-detail") -> str:
        client = Client()
        client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
        return client.get(reverse(f"reviews:{name}", args=[built.pk])).content.decode()

    assert 'name="hazard"' in shown_to(written.cast.chloe, "safeguard-sign")
    signed = written.sign_off(written.cast.chloe, built, rationale=WHY, hazard=True)
    assert WHY in shown_to(written.cast.grace)
    assert WHY not in shown_to(written.cast.ben) and WITHHELD in shown_to(written.cast.ben)
    assert dict(statement_of(signed.signature).digests)["rationale"] == digest({"rationale": WHY})
    assert Entry.objects.get(kind="reviews:signoff:given").values["hazard"] is True and rows.check()


def test_the_sheet_asks_for_the_mark(written: Board) -> None:
    question, ben = written.question("safeguards", axis="deployment"), Client()
    ben.force_login(written.cast.ben.user, backend="django.contrib.auth.backends.ModelBackend")
    sheet = reverse("reviews:vote", args=[written.case.number, question.pk])
    assert 'name="hazard"' in ben.get(sheet).content.decode()
    told = {"choice": "abstain", "rationale": WHY, "hazard": "on", "password": PASSWORD, "seen_digest": question.content_digest}
    assert ben.post(sheet, told).status_code == 302
    assert Vote.objects.get(question=question).hazard and WHY not in page_of(written, written.cast.ben)
