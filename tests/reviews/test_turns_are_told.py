"""Whose turn it is reaches those whose turn it is and nobody else, and says what it is about."""

import pytest

from evaluations.models import Correction, Upload
from evaluations.services import corrections
from evaluations.services.corrections import STATEMENT, correction_digests
from ledger.refusals import NotAllowed
from people.models import Person
from people.queries import actor_of
from people.signing import Statement
from reviews.case_page import case_page
from reviews.models import Notice
from reviews.models.notice import Channel
from reviews.notices.compose import compose
from reviews.waiting import waiting_on
from tests.evaluations.logs import log
from tests.makers import make_signature, make_snapshot
from tests.reviews.conftest import Board


def kinds(board: Board, person: Person) -> list[str]:
    return [each.kind for each in waiting_on(person, board.now())]


def titles(person: Person, kind: str) -> list[str]:
    rows = Notice.objects.filter(person=person, kind=kind, channel=Channel.INBOX, withdrawn_at=None)
    return [compose(row).title for row in rows.select_related("person", "subject", "case__subject")]


def test_stating_what_applies_waits_on_the_owner_once_and_only_when_every_safeguard_is_signed(board: Board) -> None:
    case, farid = board.rise(), board.cast.farid
    *first, last = board.version.document.safeguards
    for each in first:
        board.sign_off(board.cast.chloe, board.build(each.slug))
    unsigned = board.build(last.slug)
    assert "state_applicability" not in kinds(board, farid)
    board.sign_off(board.cast.chloe, unsigned)
    assert kinds(board, farid).count("state_applicability") == 1
    board.state(case)
    assert "state_applicability" not in kinds(board, farid)


def test_only_a_reviewer_with_the_competence_is_told_that_signing_is_their_turn(board: Board) -> None:
    case = board.rise()

    def turns(person: Person) -> dict[str, bool]:
        page = case_page(case, actor_of(person, board.now()), board.now())
        return {line.words.split()[1]: line.turn for line in dict(page.panel)["Safeguards signed off"][:2]}

    assert turns(board.cast.chloe)["security"]
    assert not turns(board.cast.ben)["security"]
    assert "competence security" in str(case_page(case, actor_of(board.cast.ben, board.now()), board.now()).panel)


def test_who_holds_no_role_that_the_policy_counts_is_offered_no_vote(board: Board) -> None:
    board.rise()
    question = board.question(threshold="bio-3")
    with pytest.raises(NotAllowed) as refused:
        board.vote(board.cast.grace, question)
    assert refused.value.code == "role_does_not_count"
    seat = {"at_least": 1, "role": "executive", "competence": ""}
    question.quorum["approve"]["seats"].append(seat)
    question.save()
    assert board.vote(board.cast.grace, question).signature.role == "executive"


def test_a_correction_of_weights_waits_on_who_may_sign_it_and_they_are_told_until_one_does(board: Board) -> None:
    cast = board.cast
    upload = board.send(log("bio_protocols", right=2, n=40, run="wrong-weights"))
    board.work()
    right = make_snapshot(cast, board.subject, "step 2", at=board.now())
    correction = corrections.propose(upload=upload, snapshot=right, reason="It measured step 2.", actor=cast.ben, at=board.now())
    board.work()
    said = "Heron: a result was sent under the wrong weights; it measured step 2"
    for person in (cast.chloe, cast.dan):
        assert "sign_correction" in kinds(board, person) and titles(person, "correction_wanted") == [said]
    for person in (cast.ada, cast.ben, cast.farid):
        assert "sign_correction" not in kinds(board, person) and not titles(person, "correction_wanted")
    sign(board, correction, cast.chloe)
    board.work()
    assert "sign_correction" not in kinds(board, cast.dan) and not titles(cast.dan, "correction_wanted")
    assert Upload.objects.filter(pk=upload.pk).exists()


def sign(board: Board, correction: Correction, person: Person) -> None:
    statement = Statement(type=STATEMENT, digests=correction_digests(correction), meaning="corrects", role="reviewer")
    at = board.now()
    signature = make_signature(person, statement, at=at)
    corrections.sign_correction(correction=correction, signature=signature, actor=person, at=at)


def test_notices_name_the_model_the_case_and_the_question(board: Board) -> None:
    case, cast = board.rise(), board.cast
    where = f"Case {case.number} (elevation, Heron)"
    assert titles(cast.ben, "vote_wanted") == [f"{where} waits for your vote. Is Bio-3 crossed? Is Bio-4 crossed? And 2 more"]
    question = board.question(threshold="bio-3")
    for person in (cast.ben, cast.chloe):
        board.vote(person, question)
        board.work()
    assert titles(cast.dan, "ready_to_declare") == [f"{where}: a quorum is reached. Is Bio-3 crossed?"]
    board.decide(question)
    board.work()
    (decided,) = titles(cast.ben, "decided")
    assert decided.startswith(f"{where}: a question was decided. Is Bio-3 crossed? Treat as crossed, require")


def test_an_outdated_vote_is_told_with_the_question_it_was_on(board: Board) -> None:
    board.rise()
    board.vote(board.cast.ben, board.question(threshold="bio-3"))
    board.work()
    board.measure("bio_protocols", right=30)
    assert [each.endswith("your vote is outdated. Is Bio-3 crossed?") for each in titles(board.cast.ben, "vote_outdated")] == [True]
    assert all("Is Bio-3 crossed?" in each for each in titles(board.cast.chloe, "case_revised"))


def test_a_notice_of_earlier_days_that_names_no_question_still_has_its_words(board: Board) -> None:
    case = board.rise()
    Notice.objects.update(data={})
    assert titles(board.cast.ben, "vote_wanted") == [f"Case {case.number} (elevation, Heron) waits for your vote"]
