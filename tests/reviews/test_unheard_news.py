"""What was entered and not followed yet may be a rise: by construction, no consumer that could move the gate is forgotten."""

import pytest

from ledger.canonical import Json
from ledger.delivery import consumers
from ledger.services import append
from reviews import gate
from reviews.facts import collect_one
from tests.makers import make_subject
from tests.reviews.conftest import Board

HEARD = {each.name: each.kinds for each in consumers() if each.name in gate.followed()}
KINDS = sorted((name, kind) for name, kinds in HEARD.items() if name not in gate.PASSED_DOWN for kind in kinds)
DOWN = sorted({kind for name in gate.PASSED_DOWN for kind in HEARD[name]})


def enter(board: Board, kind: str, **fields: Json) -> None:
    append(kind=kind, thing="test:1", actor=None, at=board.now(), fields=fields)


@pytest.mark.past_the_verbs
@pytest.mark.parametrize(("consumer", "kind"), KINDS)
def test_news_that_nobody_followed_yet_shuts_the_gate(open_board: Board, consumer: str, kind: str) -> None:
    """About this model, or about none in particular; news of another model does not concern it."""
    other = make_subject(open_board.cast, "kestrel", at=open_board.now())
    open_board.work()
    enter(open_board, kind, subject=str(other.pk))
    assert open_board.ask().allowed
    enter(open_board, kind, subject=str(open_board.subject.pk))
    assert open_board.ask().codes == ["assessment_outdated"], consumer


@pytest.mark.past_the_verbs
@pytest.mark.parametrize("kind", DOWN)
def test_what_is_to_be_written_down_for_those_who_inherit_shuts_their_gate(open_board: Board, kind: str) -> None:
    wren = make_subject(open_board.cast, "wren", at=open_board.now(), parent=open_board.subject, derivation="fine-tune")
    open_board.work()
    before = collect_one(wren, open_board.version, open_board.now())
    assert not gate._has_unheard_news(before)
    enter(open_board, kind, subject=str(open_board.subject.pk))
    assert gate._has_unheard_news(before)


@pytest.mark.past_the_verbs
@pytest.mark.parametrize("kind", ["evaluations:binding:confirmed", "frameworks:version:adopted", "reviews:signoff:revoked"])
def test_news_about_no_model_in_particular_concerns_every_model(open_board: Board, kind: str) -> None:
    assert open_board.ask().allowed
    enter(open_board, kind)
    assert open_board.ask().codes == ["assessment_outdated"]


def test_a_consumer_is_followed_or_says_why_not() -> None:
    names = {each.name for each in consumers()}
    assert set(gate.MOVE_NOTHING) <= names and set(gate.followed()) == names - set(gate.MOVE_NOTHING)
    assert {"evaluations.binding", "evaluations.framework", "evaluations.subject", "reviews.cases", "reviews.signoffs"} <= set(
        gate.followed()
    )


@pytest.mark.past_the_verbs
def test_a_sign_in_link_that_waits_to_be_mailed_shuts_no_gate(open_board: Board) -> None:
    enter(open_board, "people:link:created")
    assert open_board.ask().allowed
