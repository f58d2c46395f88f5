"""What ran before the portal went live may go on for a while, by quorum: the gate's answer stays what it is, and says beside it that it is observed."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations.models import Snapshot
from evaluations.services import subjects
from reviews import gate
from reviews.case_json import status_json
from reviews.models import Motion, ScopeState
from reviews.queries import deployments_of
from reviews.replay import replay_answer
from reviews.services import deployments
from reviews.services.observing import ObservedScope, ObservingNotValid, sweep
from reviews.status import subject_status
from tests.makers import PASSWORD, client_of, make_snapshot, make_subject
from tests.reviews.conftest import Board
from tests.reviews.motions import answer, carry, put, runs_since_before


def ask_board(board: Board, snapshot: Snapshot | None = None, scope: str = "external", until: datetime | None = None) -> Motion:
    return put(board, ObservedScope(snapshot or board.snapshot, scope, until or board.now() + timedelta(days=60)))


def grant(board: Board) -> Motion:
    return carry(board, ObservedScope(board.snapshot, "external", board.now() + timedelta(days=60)))


def test_by_quorum_it_goes_on_observed_and_the_gate_denies_as_before_and_says_so(board: Board) -> None:
    runs_since_before(board)
    before = board.ask()
    assert grant(board).carried
    said = board.ask()
    assert not said.allowed and said.codes == before.codes
    assert "observed" in {note["code"] for note in said.notes} - {note["code"] for note in before.notes}
    scope = subject_status(board.subject, board.version, board.now()).scope("external")
    assert scope is not None and (scope.state, scope.enforcement) == ("shut", "observe")
    told = status_json(subject_status(board.subject, board.version, board.now()))
    assert next(each for each in told["gate"] if each["scope"] == "external")["observed_until"] is not None
    assert [each.state for each in deployments_of(board.subject, "board")] == ["observed"]
    other = board.ask("internal")
    assert "observed" not in {note["code"] for note in other.notes}


def test_other_weights_of_the_same_model_are_not_observed_with_it(board: Board) -> None:
    runs_since_before(board)
    grant(board)
    other = make_snapshot(board.cast, board.subject, "step 2", at=board.now(), names=("demo/other",))
    assert "observed" not in {note["code"] for note in board.ask(artefact=other.weights_digest).notes}


def test_it_ends_on_its_day_or_when_it_runs_no_more(board: Board) -> None:
    running = runs_since_before(board)
    grant(board)
    assert sweep(at=board.now()) == 0
    board.moment += timedelta(days=61)
    assert "observed" not in {note["code"] for note in board.ask().notes}
    assert sweep(at=board.now()) == 1 and sweep(at=board.now()) == 0
    assert ScopeState.objects.get(scope="external").enforcement == "enforce"
    grant(board)
    subjects.end_deployment(deployment=running, until=board.now(), actor=board.cast.farid, at=board.now())
    assert sweep(at=board.now()) == 1


def test_only_what_ran_before_and_only_for_so_long_as_a_release(board: Board) -> None:
    with pytest.raises(ObservingNotValid) as refused:
        ask_board(board)
    assert refused.value.code == "not_running_before"
    deployments.report(snapshot=board.snapshot, scope="internal", since=board.now(), actor=board.cast.farid, at=board.now())
    with pytest.raises(ObservingNotValid):
        ask_board(board, scope="internal")
    runs_since_before(board)
    for change in ({"until": board.moment + timedelta(days=400)}, {"until": board.moment}, {"scope": "weather"}):
        with pytest.raises(ObservingNotValid):
            ask_board(board, **change)


def test_weights_of_another_model_are_not_asked_for_here(board: Board) -> None:
    runs_since_before(board)
    other = make_subject(board.cast, "egret", at=board.now())
    with pytest.raises(ObservingNotValid):
        put(board, ObservedScope(board.snapshot, "external", board.now() + timedelta(days=60)), subject=other)


def test_what_runs_no_more_once_the_votes_are_in_is_not_carried(board: Board) -> None:
    running, motion = runs_since_before(board), ask_board(board)
    answer(board, motion, board.cast.ben)
    subjects.end_deployment(deployment=running, until=board.now(), actor=board.cast.farid, at=board.now())
    settled = answer(board, motion, board.cast.chloe)
    assert not settled.is_open and not settled.carried and not ScopeState.objects.filter(enforcement="observe").exists()


def test_an_answer_given_while_observed_replays(board: Board) -> None:
    runs_since_before(board)
    grant(board)
    given = gate.authorise_at(artefact=board.snapshot.weights_digest, scope="external", actor=board.cast.farid, at=board.now())
    assert not given.allowed and list(replay_answer(given)) == []


def test_the_chair_asks_for_it_on_the_page(board: Board) -> None:
    runs_since_before(board)
    chair, sheet = Client(), reverse("reviews:ask-observed-scope", args=["heron"])
    chair.force_login(board.cast.dan.user)
    assert chair.post(sheet, {"password": PASSWORD}).status_code == 422 and not Motion.objects.exists()
    until = timezone.now() + timedelta(days=60)
    told = {"snapshot": board.snapshot.pk, "scope": "external", "until": f"{until:%Y-%m-%d}", "reason": "Customers depend on it."}
    assert chair.post(sheet, told | {"password": PASSWORD}).status_code == 302
    assert Motion.objects.get().snapshot == board.snapshot


def test_the_page_of_the_model_shows_it_while_it_lasts(board: Board) -> None:
    runs_since_before(board)
    grant(board)
    pages = client_of(board.cast.ben)
    assert "Observed until" in pages.get("/subjects/heron/?as_of=2026-05-23").content.decode()
    # Its day is over by now.
    assert "Observed until" not in pages.get("/subjects/heron/").content.decode()
