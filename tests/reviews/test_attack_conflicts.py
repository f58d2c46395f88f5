"""What somebody with two hats would try: declare on their own evidence, own a safeguard for somebody else, sign their own description."""

import pytest

from ledger.refusals import NotAllowed, NotValid
from people.words import Area, Role
from reviews.services import signoffs
from reviews.services.votes import recuse
from tests.makers import give_competence, give_role
from tests.reviews.conftest import Board


def test_a_chair_who_stood_aside_declares_nothing(board: Board) -> None:
    case = board.rise()
    question = board.question(threshold="bio-3")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    recuse(case=case, reason="My sister trained this model.", actor=board.cast.dan, at=board.now())
    with pytest.raises(NotAllowed) as refused:
        board.decide(question)
    assert refused.value.code == "conflict"


def test_a_chair_without_a_conflict_declares(board: Board) -> None:
    board.rise()
    assert board.settle(board.question(threshold="bio-3")).verdict == "treated_as_crossed"


def test_nobody_is_made_the_owner_of_a_safeguard_who_keeps_none(board: Board) -> None:
    slug = board.version.document.safeguards[0].slug
    with pytest.raises(NotValid) as refused:
        board.build(slug, owner=board.cast.ben)
    assert refused.value.code == "owner_not_fit"
    assert board.build(slug).owner == board.cast.farid


def test_who_wrote_how_a_safeguard_is_built_does_not_sign_it_off(board: Board) -> None:
    """Ben keeps safeguards too for a while, and puts his words under one of Farid's."""
    give_role(board.cast, board.cast.ben, Role.SAFEGUARD_OWNER, at=board.now())
    give_competence(board.cast, board.cast.ben, Area.SECURITY, at=board.now())
    implementation = board.build(board.version.document.safeguards[0].slug)
    signoffs.change_implementation(
        implementation=implementation, title="Rewritten", description="As I see it.", actor=board.cast.ben, at=board.now()
    )
    assert str(board.cast.ben.pk) in signoffs.contributors(implementation)
    assert str(board.cast.chloe.pk) not in signoffs.contributors(implementation)
