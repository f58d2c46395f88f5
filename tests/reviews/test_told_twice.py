"""A run that was told in two ways: who may settle it is led there, and nobody is asked to vouch for one side of it."""

import pytest
from django.urls import reverse

from evaluations.models import Run, Subject
from evaluations.services import corrections, results
from people.models import Person
from people.signing import Statement
from people.words import Role
from reviews.views.inbox import address_of
from tests.evaluations.logs import log
from tests.makers import client_of, make_signature, make_snapshot, make_subject
from tests.reviews.conftest import Board
from tests.reviews.pages.test_receipt import receipt
from tests.reviews.test_turns_are_told import sign
from tests.reviews.test_waiting import waits


@pytest.fixture
def kestrel(board: Board) -> Subject:
    return make_subject(board.cast, "kestrel", at=board.now())


def told_of_both(board: Board, kestrel: Subject) -> tuple[Run, Run]:
    """Ada sends a log for Heron, and once more for Kestrel; nobody has vouched for either."""
    content = log("bio_protocols", right=2, run="shared")
    first = board.send(content)
    later = board.send(content, subject=kestrel, snapshot=make_snapshot(board.cast, kestrel, at=board.now()))
    board.work()
    return first.runs.get(), later.runs.get()


def set_aside(board: Board, run: Run, person: Person) -> None:
    at, about = board.now(), results.supersession_digests(run=run)
    signature = make_signature(person, Statement(type=results.STATEMENT, digests=about, meaning="aside", role=Role.REVIEWER), at=at)
    results.supersede(run=run, reason="Sent by mistake.", signature=signature, actor=person, at=at)
    board.work()


def test_a_run_sent_for_two_models_waits_on_who_sent_neither_until_the_later_one_is_set_aside(board: Board, kestrel: Subject) -> None:
    first, later = told_of_both(board, kestrel)
    ada, ben = board.cast.ada, board.cast.ben
    (found,) = waits(board, ben, "settle_run_told_twice")
    assert address_of(found) == reverse("evaluations:run", args=[later.pk])
    assert found.title.endswith("Kestrel") and "sent for Heron before" in found.why
    assert not waits(board, ada, "settle_run_told_twice")
    set_aside(board, first, ben)
    assert waits(board, ben, "settle_run_told_twice")  # the later one speaks no more by it
    set_aside(board, later, ben)
    assert not waits(board, ben, "settle_run_told_twice")


def test_nobody_is_asked_to_vouch_for_one_side_of_it(board: Board, kestrel: Subject) -> None:
    alone = board.send(log("exploits", right=2, run="alone"))
    board.work()
    (found,) = waits(board, board.cast.ben, "confirm_weights_and_elicitation")
    assert found.thing == f"upload:{alone.pk}"
    first, later = told_of_both(board, kestrel)
    (found,) = waits(board, board.cast.ben, "confirm_weights_and_elicitation")
    assert found.thing == f"upload:{alone.pk}"
    page = client_of(board.cast.ben).get("/uploads/").content.decode()
    assert f'name="chosen" value="{alone.pk}"' in page and page.count('name="chosen"') == 1
    confirm = "Confirm weights and elicitation of this upload"
    assert confirm in receipt(board.cast.ben, alone)
    assert not any(confirm in receipt(board.cast.ben, run.upload) for run in (first, later))
    set_aside(board, later, board.cast.ben)
    assert f"upload:{first.upload_id}" in {each.thing for each in waits(board, board.cast.ben, "confirm_weights_and_elicitation")}
    assert confirm in receipt(board.cast.ben, first.upload)


def test_what_it_is_to_confirm_and_to_attest_is_said_beside_each_and_in_the_inbox_in_the_same_words(board: Board) -> None:
    upload = board.send(log("exploits", right=2, run="alone"))
    board.work()
    (found,) = waits(board, board.cast.ben, "confirm_weights_and_elicitation")
    page = receipt(board.cast.ben, upload)
    assert found.why in page and "you sign the digests of file and weights" in page
    inbox = client_of(board.cast.ben).get(reverse("reviews:inbox")).content.decode()
    assert found.why in inbox and "Confirm weights and elicitation: run.eval" in inbox


def test_both_receipts_lead_to_the_way_out_where_the_reader_may_take_it(board: Board, kestrel: Subject) -> None:
    first, later = told_of_both(board, kestrel)
    place = f'href="/runs/{later.pk}/set-aside/"'
    for run, said in ((first, "told of another model later"), (later, "told of another model before")):
        page = receipt(board.cast.ben, run.upload)
        assert said in page and place in page
        page = receipt(board.cast.ada, run.upload)
        assert said in page and place not in page
    set_aside(board, later, board.cast.ben)
    assert "told of another model" not in receipt(board.cast.ben, first.upload)


def test_a_run_of_one_model_told_in_two_ways_waits_until_either_is_set_aside(board: Board) -> None:
    first = board.send(log("bio_protocols", right=2, run="twice"))
    later = board.send(log("bio_protocols", right=3, run="twice"))
    board.work()
    (found,) = waits(board, board.cast.ben, "settle_run_told_twice")
    assert found.thing == f"run:{later.runs.get().pk}" and "told in two ways" in found.why
    assert "says something else each time" in receipt(board.cast.ben, first)
    set_aside(board, first.runs.get(), board.cast.ben)
    assert not waits(board, board.cast.ben, "settle_run_told_twice")
    assert "That is settled" in receipt(board.cast.ben, later)


def test_a_correction_of_weights_settles_no_dispute_in_which_the_tellings_say_other_values_still(board: Board) -> None:
    right = make_snapshot(board.cast, board.subject, "step 2", at=board.now())
    first = board.send(log("bio_protocols", right=3, run="otherwise"))
    later = board.send(log("bio_protocols", right=4, run="otherwise"))
    board.work()
    for upload in (first, later):
        assert len(waits(board, board.cast.chloe, "settle_run_told_twice")) == 1
        told = {"upload": upload, "snapshot": right, "reason": "It measured step 2."}
        sign(board, corrections.propose(actor=board.cast.ben, at=board.now(), **told), board.cast.chloe)
        board.work()
    assert len(waits(board, board.cast.chloe, "settle_run_told_twice")) == 1
    assert "says something else each time" in receipt(board.cast.chloe, later)


def test_a_run_that_was_counted_before_says_so_and_leads_to_the_first_receipt(board: Board) -> None:
    first = board.send(log("bio_protocols", right=2, run="again"))
    board.work()
    again = board.send(log("bio_protocols", right=2, run="again", eval__packages={"inspect_ai": "0.3.286"}))
    board.work()
    page = receipt(board.cast.ada, again)
    assert "Nothing new: this run was counted already." in page and f'href="/uploads/{first.pk}/">The first receipt' in page
    assert "bears on a threshold" not in page and "Nothing new" not in receipt(board.cast.ada, first)
