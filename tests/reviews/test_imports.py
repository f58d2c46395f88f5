"""What was decided before the portal went live: two people attest it, a strict decision raises at once, and nothing is ever let out by it."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from ledger.models import Entry
from ledger.refusals import NotAllowed, NotNow
from people.models import Person
from reviews.facts import collect_one
from reviews.models import Case, ImportedRecord, Question
from reviews.services.imports import RecordKnown, RecordNotValid, attest, second
from tests.makers import PASSWORD, adopt_framework, client_of, confirmed, make_subject
from tests.reviews.conftest import FRAMEWORK, Board

SOURCE = "sha256:" + "ab" * 32


def bring(board: Board, person: Person | None = None, **more: Any) -> ImportedRecord:
    actor, at = person or board.cast.ben, board.now()
    told = {
        "subject": board.subject,
        "framework_version": board.version,
        "threshold": "bio-3",
        "verdict": "treated_as_crossed",
        "source_digest": SOURCE,
        "source_place": "Minutes of the safety council, page 4",
        "note": "I compared it with the minutes.",
        "true_at": at - timedelta(days=200),
        "expires_at": at + timedelta(days=200),
    }
    return attest(**told | more, actor=actor, user=actor.user, confirmation=confirmed(actor, at), at=at)


def attest_too(board: Board, record: ImportedRecord, person: Person) -> ImportedRecord:
    at = board.now()
    return second(record=record, actor=person, user=person.user, confirmation=confirmed(person, at), at=at)


def test_a_strict_decision_raises_once_two_people_attest_it_and_the_board_decides_in_a_case_of_kind_import(board: Board) -> None:
    board.clean()
    record = bring(board)
    assert board.required()["security"] == "asl-2" and not Case.objects.exists()
    attest_too(board, record, board.cast.chloe)
    assert board.case.kind == "import" and board.required() == {"deployment": "asl-3", "security": "asl-3"}
    question = board.question(threshold="bio-3")
    assert question.raised == {"deployment": "asl-3", "security": "asl-3"}
    board.settle(question, "not_crossed")
    assert board.required()["security"] == "asl-2"


def test_what_it_raises_is_required_of_those_who_inherit_too(board: Board) -> None:
    wren = make_subject(board.cast, "wren", at=board.now(), parent=board.subject, derivation="fine-tune")
    board.clean()
    attest_too(board, bring(board), board.cast.chloe)
    board.work()
    assert collect_one(wren, board.version, board.now()).required_slugs == {"deployment": "asl-3", "security": "asl-3"}


def test_the_board_is_asked_under_the_version_that_is_in_force_when_the_second_one_attests_it(board: Board) -> None:
    record = bring(board)
    adopt_framework(board.cast, FRAMEWORK.replace(b"revision: 1", b"revision: 2"), at=board.now())
    attest_too(board, record, board.cast.chloe)
    assert board.case.framework_version.revision == 2 and board.question(threshold="bio-3").raised


def test_one_that_let_something_go_lowers_nothing_and_opens_no_gate(board: Board) -> None:
    board.rise()
    before = board.required()
    attest_too(board, bring(board, verdict="not_crossed"), board.cast.chloe)
    assert board.required() == before and Question.objects.filter(state="decided").count() == 0
    assert not board.ask().allowed


def test_it_is_known_today_and_true_since_it_was_decided(board: Board) -> None:
    record = bring(board)
    entry = Entry.objects.get(kind="reviews:import:attested")
    assert (entry.at, entry.recorded_at) == (record.true_at, record.attested_at)


def test_the_two_are_two_and_both_judge(board: Board) -> None:
    with pytest.raises(NotAllowed):
        bring(board, board.cast.ada)
    record = bring(board)
    for person in (board.cast.ben, board.cast.grace, board.cast.ada):
        with pytest.raises(NotAllowed):
            attest_too(board, record, person)
    attest_too(board, record, board.cast.dan)
    with pytest.raises(NotNow):
        attest_too(board, record, board.cast.chloe)
    with pytest.raises(RecordKnown):
        bring(board, board.cast.chloe)


@pytest.mark.parametrize(
    "change", [{"threshold": "bio-9"}, {"true_at": timedelta(days=1)}, {"expires_at": timedelta(days=-1)}, {"note": " "}]
)
def test_what_has_no_threshold_no_past_no_end_or_no_word_is_refused(board: Board, change: dict[str, Any]) -> None:
    told = {name: board.moment + value if isinstance(value, timedelta) else value for name, value in change.items()}
    with pytest.raises(RecordNotValid):
        bring(board, **told)


def test_the_sheets_take_it_and_the_page_shows_source_and_attestors(board: Board) -> None:
    ben, chloe = client_of(board.cast.ben), client_of(board.cast.chloe)
    sheet, listed = reverse("reviews:import-new", args=["heron"]), reverse("reviews:imports", args=["heron"])
    told = {
        "threshold": "bio-3",
        "verdict": "crossed",
        "true_at": "2026-01-02",
        "expires_at": "2099-01-01",
        "source_digest": SOURCE,
        "source_place": "Minutes, page 4",
        "note": "I compared it.",
    }
    assert ben.post(sheet, told | {"source_digest": "minutes.pdf", "password": PASSWORD}).status_code == 422
    assert ben.post(sheet, told | {"password": PASSWORD}).status_code == 302
    record = ImportedRecord.objects.get()
    other = reverse("reviews:import-second", args=[record.pk])
    assert other in chloe.get(listed).content.decode() and ben.get(other).status_code == 403
    assert chloe.post(other, {"password": PASSWORD}).status_code == 302
    assert "Minutes, page 4" in ben.get(listed).content.decode() and board.case.kind == "import"
