"""Two people at the same moment, with real transactions. Whatever the order, both votes stand and nothing is decided twice."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from evaluations.models import Snapshot
from ledger.models import Entry, Head
from ledger.queries import is_sound
from ledger.refusals import NotNow
from ledger.services import size
from ledger.standstill import one_view
from people.models import Person
from reviews.counting import tally_of
from reviews.models import Determination, Question, SignOff, Vote
from reviews.reports.exports import make_due, request_export
from reviews.services import cases, decisions, signoffs, votes
from tests.makers import CONFIRMED, later, make_snapshot, make_subject
from tests.reviews.conftest import Board, make_board

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def board(transactional_db: None) -> Iterator[Board]:
    yield make_board()


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Starts all acts at the same moment, each on its own connection; answers what each gave or raised."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=30)
            return act()
        except Exception as error:  # the test looks at what was raised
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(timeout=90) for future in [pool.submit(run, act) for act in acts]]


def voting(board: Board, question: Question, person: Person, choice: str = "approve") -> Callable[[], Vote]:
    at, seen = board.now(), question.content_digest
    return lambda: votes.vote(
        question=question,
        choice=choice,
        rationale="I read it.",
        seen_digest=seen,
        actor=person,
        user=person.user,
        confirmation=CONFIRMED,
        at=at,
    )


def declaring(board: Board, question: Question, at: datetime | None = None) -> Callable[[], Any]:
    dan, at, seen = board.cast.dan, at or board.now(), question.content_digest
    return lambda: decisions.decide(
        question=question,
        verdict=question.proposal,
        note="So be it.",
        seen_digest=seen,
        actor=dan,
        user=dan.user,
        confirmation=CONFIRMED,
        at=at,
    )


def test_two_reviewers_signing_at_the_same_moment_are_two_votes(board: Board) -> None:
    board.open_case()
    question = board.question(threshold="bio-3")
    before = size()
    results = at_once(voting(board, question, board.cast.ben), voting(board, question, board.cast.chloe))
    assert all(isinstance(result, Vote) for result in results), results
    counted = tally_of(question.case, question, board.now())
    assert counted.approve.supporters == tuple(sorted([str(board.cast.ben.pk), str(board.cast.chloe.pk)]))
    assert (size(), Entry.objects.filter(kind="reviews:vote:cast").count()) == (before + 2, 2)
    assert list(Entry.objects.order_by("seq").values_list("seq", flat=True)) == list(range(size())) and is_sound()


def test_one_person_clicking_twice_has_one_live_vote(board: Board) -> None:
    board.open_case()
    question = board.question(threshold="bio-3")
    at_once(*(voting(board, question, board.cast.ben, choice) for choice in ("approve", "reject", "abstain")))
    assert Vote.objects.filter(question=question, person=board.cast.ben, replaced_at=None).count() == 1


def test_a_question_is_declared_once_however_often_the_chair_clicks(board: Board) -> None:
    board.open_case()
    question = board.question(threshold="bio-3")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    question.refresh_from_db()
    results = at_once(declaring(board, question), declaring(board, question))
    assert Determination.objects.count() == 1
    assert sorted(isinstance(result, Determination) for result in results) == [False, True]
    assert any(isinstance(result, NotNow) for result in results), results


def covering(board: Board, threshold: str, by: Snapshot) -> Question:
    """The board's model is to be covered for a threshold, both reviewers are for it, and it waits to be declared."""
    question = board.question(threshold=threshold)
    decisions.propose(question=question, verdict="covered_by", covered_by=by, note="Parity.", actor=board.cast.dan, at=board.now())
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    question.refresh_from_db()
    return question


def until_they_wait(number: int) -> None:
    """Until so many sessions wait for a lock that somebody else holds."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0] >= number:
                return


def test_two_models_declared_to_cover_each_other_at_the_same_instant_do_not(board: Board) -> None:
    """The ledger's head is held until both have looked, so that neither would see what the other declares."""
    heron, herons = board.subject, board.snapshot
    board.clean()
    board.open_case()
    board.settle(board.question(threshold="bio-3"))
    board.subject = make_subject(board.cast, "egret", at=board.now())
    board.snapshot = egrets = make_snapshot(board.cast, board.subject, at=board.now(), is_release_candidate=True)
    board.work()
    board.clean()
    board.open_case()
    board.settle(board.question(threshold="bio-4"))
    of_egret = covering(board, "bio-3", herons)
    board.subject, board.snapshot = heron, herons
    of_heron = covering(board, "bio-4", egrets)
    declare = declaring(board, of_egret, at := board.now()), declaring(board, of_heron, at)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Head.objects.select_for_update().get()
            declared = pool.submit(at_once, *declare)
            until_they_wait(2)
        results = declared.result(timeout=90)
    assert sorted(isinstance(result, decisions.CoverNotFit) for result in results) == [False, True], results
    assert Determination.objects.filter(verdict="covered_by").count() == 1


def test_a_recusal_that_races_the_declaration_is_either_before_or_after_it(board: Board) -> None:
    board.open_case()
    question = board.question(threshold="bio-3")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    question.refresh_from_db()
    case, ben, at = question.case, board.cast.ben, board.now()
    declared, stood_aside = at_once(declaring(board, question), lambda: votes.recuse(case=case, reason="A conflict.", actor=ben, at=at))
    assert not isinstance(stood_aside, Exception), stood_aside
    determination = Determination.objects.first()
    if determination is None:
        assert isinstance(declared, NotNow)
    else:
        assert {vote["person"] for vote in determination.votes} == {str(board.cast.ben.pk), str(board.cast.chloe.pk)}


def test_two_cases_opened_at_once_are_one(board: Board) -> None:
    at = board.now()
    told = {"subject": board.subject, "framework_version": board.version, "kind": "clearance", "reason": "Once.", "at": at}
    results = at_once(*(lambda who=who: cases.open_case(actor=who, **told) for who in (board.cast.dan, board.cast.ben)))
    assert sorted(isinstance(result, cases.CaseAlreadyOpen) for result in results) == [False, True]


def test_one_reviewer_signs_a_safeguard_off_once(board: Board) -> None:
    implementation = board.build("asl-2-deployment-1")
    chloe, at, seen = board.cast.chloe, board.now(), implementation.version_digest
    told = {"implementation": implementation, "meaning": "reviewed", "rationale": "Read.", "seen_digest": seen, "confirmation": CONFIRMED}
    told |= {"seen_wording": board.version.wordings[implementation.safeguard]}
    results = at_once(*(lambda: signoffs.give_signoff(**told, actor=chloe, user=chloe.user, at=at) for _ in range(2)))
    assert sorted(isinstance(result, signoffs.CannotSignTwice) for result in results) == [False, True]
    assert SignOff.objects.count() == 1


def test_a_refused_ledger_rolls_the_vote_back(board: Board) -> None:
    """If the ledger refuses, the change rolls back: an event older than the head cannot be entered."""
    board.open_case()
    question = board.question(threshold="bio-3")
    board.moment = later(minutes=5)
    with pytest.raises(NotNow):
        voting(board, question, board.cast.ben)()
    assert not Vote.objects.exists()


def test_a_report_is_read_of_one_moment_whatever_is_written_meanwhile(board: Board) -> None:
    """Between two reads of one report another request votes and commits: the report has it in both or in neither."""
    board.rise()
    question = board.question(threshold="bio-3")
    voted = voting(board, question, board.cast.ben)
    with one_view():
        before = Vote.objects.count()
        assert isinstance(at_once(voted)[0], Vote)
        assert Vote.objects.count() == before == 0
        with pytest.raises(DatabaseError, match="read-only"), transaction.atomic():
            Question.objects.filter(pk=question.pk).update(position=9)
    assert Vote.objects.count() == 1


def test_a_report_is_made_in_one_view(board: Board) -> None:
    board.rise()
    export = request_export(case=board.case, kind="json", actor=board.cast.dan, at=board.now())
    with CaptureQueriesContext(connection) as asked:
        assert make_due(at=board.now()) == 1
    export.refresh_from_db()
    assert export.state == "done" and any("REPEATABLE READ, READ ONLY" in each["sql"] for each in asked.captured_queries)
