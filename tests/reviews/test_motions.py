"""Motions: what the board is asked outside a case, of whatever kind. The chair puts it, reviewers sign their answers, a quorum settles it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from ledger.models import Entry
from ledger.refusals import NotAllowed, NotNow
from ledger.sentences import sentence
from ledger.services import verify
from people.models import RoleGrant
from people.signing import Statement
from people.words import Role
from reviews.models import Motion, MotionVote
from reviews.services.late_results import LateResults
from reviews.services.motions import AlreadyAsked, MotionChanged
from reviews.services.observing import ObservedScope
from reviews.services.votes import RationaleMissing
from reviews.waiting import waiting_on
from tests.makers import PASSWORD, client_of, make_signature
from tests.reviews.conftest import Board, add_reviewer
from tests.reviews.motions import answer, carry, late_results, observed_scope, put
from tests.reviews.test_attack_seats import end

Asks = Callable[[Board], LateResults | ObservedScope]
pytestmark = pytest.mark.parametrize("asks", [late_results, observed_scope])


def test_the_chair_puts_it_and_reviewers_answer_once_they_saw_what_is_asked(board: Board, asks: Asks) -> None:
    asked = asks(board)
    for other in (board.cast.ben, board.cast.ada, board.cast.grace):
        with pytest.raises(NotAllowed):
            put(board, asked, other)
    with pytest.raises(RationaleMissing):
        put(board, asked, reason=" ")
    motion = put(board, asked)
    with pytest.raises(AlreadyAsked):
        put(board, asked)
    for other in (board.cast.dan, board.cast.ada, board.cast.grace, board.cast.hana):
        with pytest.raises(NotAllowed, match="on the board's roster"):
            answer(board, motion, other)
    with pytest.raises(MotionChanged):
        answer(board, motion, board.cast.ben, seen_digest="sha256:" + "0" * 64)
    with pytest.raises(RationaleMissing):
        answer(board, motion, board.cast.ben, rationale=" ")
    assert answer(board, motion, board.cast.ben).is_open
    kinds = set(Entry.objects.filter(kind="reviews:motion:refused").values_list("actor", flat=True))
    assert {board.cast.ada.pk, board.cast.dan.pk, board.cast.ben.pk} <= kinds


def test_a_quorum_carries_it_and_everything_about_it_is_entered(board: Board, asks: Asks) -> None:
    motion = carry(board, asks(board))
    assert motion.carried and motion.settled_at is not None
    entries = list(Entry.objects.filter(thing=f"motion:{motion.pk}").order_by("seq"))
    assert [each.kind.rpartition(":")[2] for each in entries] == ["proposed", "voted", "voted", "settled"]
    about = f"{motion.kind.replace('_', ' ')}: {motion.about}"
    assert sentence(entries[0]) == f"Dan put a motion on model Heron to the vote ({about})."
    assert sentence(entries[-1]) == f"The motion on model Heron is settled ({about}): carried, yes."
    with pytest.raises(NotNow, match="settled"):
        answer(board, motion, board.cast.ben)


def test_one_objection_stands_in_the_way_and_two_settle_that(board: Board, asks: Asks) -> None:
    mia = add_reviewer(board, "Mia")
    motion = put(board, asks(board))
    answer(board, motion, mia, "reject")
    assert answer(board, motion, board.cast.ben).is_open
    assert answer(board, motion, board.cast.chloe).is_open
    settled = answer(board, motion, board.cast.ben, "reject")
    assert not settled.is_open and not settled.carried
    assert motion.votes.filter(person=board.cast.ben).count() == 2


def test_who_is_a_reviewer_no_more_carries_nothing(board: Board, asks: Asks) -> None:
    mira = add_reviewer(board, "mira")
    motion = put(board, asks(board))
    answer(board, motion, board.cast.ben)
    end(board, RoleGrant.objects.get(person=board.cast.ben, role=Role.REVIEWER))
    assert answer(board, motion, board.cast.chloe).is_open
    assert answer(board, motion, mira).carried


def test_a_reviewer_who_brought_evidence_about_the_model_leaves_it_to_others(board: Board, asks: Asks) -> None:
    motion, upload = put(board, asks(board)), board.measure("exploits")
    upload.uploader = board.cast.chloe
    upload.save(update_fields=["uploader"])
    with pytest.raises(NotAllowed, match="brought evidence"):
        answer(board, motion, board.cast.chloe)
    assert "vote_on_motion" not in {each.kind for each in waiting_on(board.cast.chloe, board.now())}


def test_it_waits_on_reviewers_until_they_answered(board: Board, asks: Asks) -> None:
    motion = put(board, asks(board))
    [waiting] = [each for each in waiting_on(board.cast.ben, board.now()) if each.kind == "vote_on_motion"]
    assert waiting.thing == f"motion:{motion.pk}" and waiting.title in {"Protocols, Heron", "External, Heron"}
    assert "vote_on_motion" not in {each.kind for each in waiting_on(board.cast.dan, board.now())}
    answer(board, motion, board.cast.ben)
    assert "vote_on_motion" not in {each.kind for each in waiting_on(board.cast.ben, board.now())}


def test_the_pages_show_it_and_take_the_answer(board: Board, asks: Asks) -> None:
    motion = put(board, asks(board))
    chair, reviewer = client_of(board.cast.dan), client_of(board.cast.ben)
    listed, ballot = reverse("reviews:motions", args=["heron"]), reverse("reviews:motion-vote", args=[motion.pk])
    assert ballot in reviewer.get(listed).content.decode() and chair.get(ballot).status_code == 403
    assert motion.content_digest in reviewer.get(ballot).content.decode()
    told = {"choice": "approve", "rationale": "I read it.", "seen_digest": motion.content_digest}
    assert reviewer.post(ballot, told | {"password": "wrong"}).status_code == 422 and not motion.votes.exists()
    assert reviewer.post(ballot, told | {"password": PASSWORD}).status_code == 302 and motion.votes.get().person == board.cast.ben
    page = reviewer.get(listed).content.decode()
    assert "I read it." in page and "1 of 2" in page


@pytest.mark.past_the_verbs
def test_the_reason_of_a_vote_is_what_was_signed(board: Board, asks: Asks) -> None:
    answer(board, put(board, asks(board)), board.cast.ben)
    assert verify().sound
    MotionVote.objects.update(rationale="Somebody else's words.")
    misfit = verify().misfit
    assert misfit is not None and (misfit.code, "another statement" in misfit.sentence) == ("row_unsound", True)


@pytest.mark.past_the_verbs
def test_what_was_carried_past_the_verbs_is_found(board: Board, asks: Asks) -> None:
    put(board, asks(board))
    Motion.objects.update(settled_at=board.now(), carried=True)
    misfit = verify().misfit
    assert misfit is not None and misfit.code == "row_unaccounted"


def test_the_database_refuses_a_motion_without_a_reason_a_second_one_and_one_carried_while_open(board: Board, asks: Asks) -> None:
    motion = put(board, asks(board))
    for change in ({"reason": ""}, {"carried": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Motion.objects.update(**change)
    if motion.until is not None:
        for change in ({"until": None}, {"snapshot": None}, {"until": motion.proposed_at - timedelta(days=1)}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Motion.objects.update(**change)
    again = Statement(type="tests", digests={}, meaning="proposes", role="chair")
    motion._state.adding, motion.pk, motion.proposed = True, None, make_signature(board.cast.dan, again, at=board.now())
    with pytest.raises(IntegrityError, match="one_open_motion_per_subject_and_matter"), transaction.atomic():
        motion.save(force_insert=True)
