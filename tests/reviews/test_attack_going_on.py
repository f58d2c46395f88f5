"""Going on after a stop, and deciding once more, take the board each time: no vote from before does it."""

from datetime import datetime

import pytest

from evaluations.models import Deployment
from ledger.refusals import NotAllowed
from people.words import Role
from reviews import conflicts, gate
from reviews.counting import is_current, tally_of
from reviews.models import GateAnswer, Incident, Question, SafeguardImplementation, Vote
from reviews.services import cases, deployments, signoffs
from reviews.services.decisions import QuorumNotMet
from reviews.services.scopes import halt
from reviews.services.votes import ContentChanged
from tests.makers import give_role
from tests.reviews.conftest import Board


def stop(board: Board, at: datetime | None = None) -> None:
    """Chloé halts the scope."""
    told = {"subject": board.subject, "framework_version": board.version, "scope": "external", "reason": "A jailbreak."}
    halt(**told, actor=board.cast.chloe, at=at or board.now())


def asked_anew(board: Board) -> Question:
    board.open_case("re_approval", release_to="external")
    return board.question("release", scope="external")


def test_votes_of_before_a_halt_do_not_let_the_chair_go_on(open_board: Board) -> None:
    question = asked_anew(open_board)
    for person in (open_board.cast.ben, open_board.cast.chloe):
        open_board.vote(person, question)
    shown = question.content_digest
    stop(open_board)
    with pytest.raises(ContentChanged):
        open_board.decide(question, seen_digest=shown)
    with pytest.raises(QuorumNotMet):
        open_board.decide(question)
    assert "scope_halted" in open_board.ask().codes
    open_board.settle(question)
    assert open_board.ask().allowed


def test_a_vote_from_a_page_of_before_the_halt_is_refused(open_board: Board) -> None:
    question = asked_anew(open_board)
    shown = question.content_digest
    stop(open_board)
    with pytest.raises(ContentChanged):
        open_board.vote(open_board.cast.ben, question, seen_digest=shown)


def test_a_release_is_not_renewed_by_the_votes_that_gave_it(open_board: Board) -> None:
    """Another question keeps the case open; the chair asks the decided one again and has the old votes at hand."""
    question = asked_anew(open_board)
    case = question.case
    cases.ask_release(case=case, snapshot=open_board.snapshot, scope="internal", actor=open_board.cast.dan, at=open_board.now())
    open_board.settle(question)
    cases.ask_release(case=case, snapshot=open_board.snapshot, scope="external", actor=open_board.cast.dan, at=open_board.now())
    question.refresh_from_db()
    assert question.is_open and not tally_of(case, question, open_board.now()).approve.supporters
    with pytest.raises(QuorumNotMet):
        open_board.decide(question)
    assert not any(is_current(vote, question) for vote in Vote.objects.filter(question=question))
    assert open_board.settle(question).verdict == "release"


def test_who_owns_what_a_release_leans_on_does_not_vote_on_it_in_a_later_case_either(open_board: Board) -> None:
    """Farid owns the safeguards and stated that they apply, in the case that judged them; the release is asked again in another one."""
    farid = open_board.cast.farid
    give_role(open_board.cast, farid, Role.REVIEWER, at=open_board.now())
    question = asked_anew(open_board)
    with pytest.raises(NotAllowed) as refused:
        open_board.vote(farid, question)
    assert (refused.value.code, refused.value.sentence) == ("conflict", conflicts.OWN_STATEMENT)
    assert open_board.settle(question).verdict == "release"


def test_who_wrote_how_a_safeguard_is_built_judges_neither_it_nor_what_leans_on_it(open_board: Board) -> None:
    """Ben keeps safeguards too for a while, and puts his words under one of Farid's; Chloé signs it off, and it is judged anew."""
    give_role(open_board.cast, open_board.cast.ben, Role.SAFEGUARD_OWNER, at=open_board.now())
    built = SafeguardImplementation.objects.get(safeguard="asl-2-security-1")
    signoffs.change_implementation(
        implementation=built, title="Rewritten", description="As I see it.", actor=open_board.cast.ben, at=open_board.now()
    )
    built.refresh_from_db()
    open_board.sign_off(open_board.cast.chloe, built)
    open_board.work()
    open_board.state(open_board.case)
    question = open_board.question("safeguards", axis="security")
    with pytest.raises(NotAllowed) as refused:
        open_board.vote(open_board.cast.ben, question)
    assert refused.value.sentence == conflicts.OWN_DESCRIPTION
    assert open_board.vote(open_board.cast.chloe, question)


def authorised(board: Board) -> GateAnswer:
    return gate.authorise_at(artefact=board.snapshot.weights_digest, scope="external", actor=board.cast.farid, at=board.now())


def served(board: Board, authorisation: GateAnswer, since: datetime) -> Deployment:
    told = {"snapshot": board.snapshot, "scope": "external", "actor": board.cast.farid}
    return deployments.report(**told, since=since, authorisation=authorisation.pk, at=board.now())


def test_an_authorisation_given_while_a_halt_was_under_way_is_ended_by_it(open_board: Board) -> None:
    """The halt was asked for before, and stands after: its time is the earlier one."""
    asked_at = open_board.now()
    given = authorised(open_board)
    stop(open_board, asked_at)
    assert given.allowed and asked_at < given.at
    assert Incident.objects.get(deployment=served(open_board, given, open_board.now())).cause == "not_valid"


def test_what_was_served_during_a_halt_stays_an_incident_when_the_board_has_gone_on(open_board: Board) -> None:
    given, before = authorised(open_board), open_board.now()
    stop(open_board)
    during = open_board.now()
    open_board.release_anew()
    assert Incident.objects.get(deployment=served(open_board, given, during)).cause == "not_valid"
    open_board.work()
    anew = authorised(open_board)
    assert anew.allowed
    for fine, since in ((given, before), (anew, anew.at)):
        assert gate.is_authorised(fine.pk, artefact=fine.artefact, scope="external", stack="", at=since)
