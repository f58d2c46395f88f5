"""What ran before the portal went live may go on for a while, by quorum: the gate's answer stays what it is, and says beside it that it is observed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evaluations.services import subjects
from ledger.refusals import NotAllowed
from people.models import Person
from reviews import gate
from reviews.case_json import status_json
from reviews.models import Observing, ScopeState
from reviews.queries import deployments_of
from reviews.replay import replay_answer
from reviews.services import deployments
from reviews.services.observing import ObservingChanged, ObservingKnown, ObservingNotValid, propose, sweep, vote
from reviews.status import subject_status
from tests.makers import NOON, PASSWORD, confirmed, make_snapshot
from tests.reviews.conftest import Board


def runs_since_before(board: Board, scope: str = "external") -> Any:
    """Farid reports that the weights have been in service since a month before the log was opened."""
    return deployments.report(snapshot=board.snapshot, scope=scope, since=NOON - timedelta(days=30), actor=board.cast.farid, at=board.now())


def ask_board(board: Board, actor: Person | None = None, **more: Any) -> Observing:
    person, at = actor or board.cast.dan, board.now()
    told = {"snapshot": board.snapshot, "framework_version": board.version, "scope": "external", "reason": "Customers depend on it."}
    told |= {"until": at + timedelta(days=60)} | more
    return propose(**told, actor=person, user=person.user, confirmation=confirmed(person, at), at=at)


def answer(board: Board, asked: Observing, person: Person, choice: str = "approve", **more: Any) -> Observing:
    at = board.now()
    told = {"rationale": "I looked at its logs.", "seen_digest": asked.content_digest} | more
    return vote(observing=asked, choice=choice, actor=person, user=person.user, confirmation=confirmed(person, at), at=at, **told)


def grant(board: Board) -> Observing:
    asked = ask_board(board)
    answer(board, asked, board.cast.ben)
    return answer(board, asked, board.cast.chloe)


def test_by_quorum_it_goes_on_observed_and_the_gate_denies_as_before_and_says_so(board: Board) -> None:
    runs_since_before(board)
    before = board.ask()
    assert grant(board).granted
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
    for change in ({"until": board.moment + timedelta(days=400)}, {"until": board.moment}, {"scope": "weather"}, {"reason": " "}):
        with pytest.raises(ObservingNotValid):
            ask_board(board, **change)


def test_the_chair_asks_reviewers_vote_and_one_objection_stands_in_the_way(board: Board) -> None:
    runs_since_before(board)
    with pytest.raises(NotAllowed):
        ask_board(board, board.cast.ben)
    asked = ask_board(board)
    with pytest.raises(ObservingKnown):
        ask_board(board)
    for person in (board.cast.dan, board.cast.ada, board.cast.grace):
        with pytest.raises(NotAllowed):
            answer(board, asked, person)
    with pytest.raises(ObservingChanged):
        answer(board, asked, board.cast.ben, seen_digest="sha256:" + "0" * 64)
    answer(board, asked, board.cast.ben, "reject")
    assert answer(board, asked, board.cast.chloe).is_open
    settled = answer(board, asked, board.cast.chloe, "reject")
    assert not settled.is_open and not settled.granted and not ScopeState.objects.filter(enforcement="observe").exists()


def test_an_answer_given_while_observed_replays(board: Board) -> None:
    runs_since_before(board)
    grant(board)
    given = gate.authorise_at(artefact=board.snapshot.weights_digest, scope="external", actor=board.cast.farid, at=board.now())
    assert not given.allowed and list(replay_answer(given)) == []


def test_the_pages_ask_answer_and_show_it(board: Board) -> None:
    runs_since_before(board)
    chair, reviewer = Client(), Client()
    chair.force_login(board.cast.dan.user, backend="django.contrib.auth.backends.ModelBackend")
    reviewer.force_login(board.cast.ben.user, backend="django.contrib.auth.backends.ModelBackend")
    sheet, listed = reverse("reviews:observing-new", args=["heron"]), reverse("reviews:observed", args=["heron"])
    asked = ask_board(board)
    assert chair.post(sheet, {"password": PASSWORD}).status_code == 422
    ballot = reverse("reviews:observing-vote", args=[asked.pk])
    assert ballot in reviewer.get(listed).content.decode() and chair.get(ballot).status_code == 403
    told = {"choice": "approve", "rationale": "I looked.", "seen_digest": asked.content_digest, "password": PASSWORD}
    assert reviewer.post(ballot, told).status_code == 302 and asked.votes.get().person == board.cast.ben
    assert "Let it go on" in reviewer.get(listed).content.decode()


def test_the_page_of_the_model_shows_it_while_it_lasts(board: Board) -> None:
    runs_since_before(board)
    grant(board)
    pages = Client()
    pages.force_login(board.cast.ben.user, backend="django.contrib.auth.backends.ModelBackend")
    assert "Observed until" in pages.get("/subjects/heron/?as_of=2026-05-23").content.decode()
    # Its day is over by now.
    assert "Observed until" not in pages.get("/subjects/heron/").content.decode()
