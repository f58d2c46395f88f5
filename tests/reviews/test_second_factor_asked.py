"""Where a framework asks for a second factor, an account without one signs nothing about that tier, and is told so where the button would be."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from frameworks.documents import DocumentRejected, read
from frameworks.policies import may_sign_about
from frameworks.queries import in_force
from frameworks.services import load_framework
from ledger.refusals import NotAllowed
from people import services as people
from people.models import Person
from people.queries import actor_of
from reviews import policies
from reviews.models import Adoption
from reviews.services import adoptions, cases
from tests.conftest import WorldOnce
from tests.makers import confirmed, give_app
from tests.reviews.conftest import FRAMEWORK, Board, make_board

ASKING = FRAMEWORK.replace(b"second_factor: optional", b"second_factor: required")


@pytest.fixture(scope="module")
def asking(world_once: WorldOnce) -> Iterator[Board]:
    """A model whose evidence rose, under a framework that asks for a second factor from ASL-3 on; nobody has one any more."""
    with world_once():
        board = make_board(source=ASKING, armed=["ben"])
        board.rise()
        disarm(board, board.cast.ben)
        yield board


@pytest.fixture
def board(asking: Board, db: None) -> Board:
    return deepcopy(asking)


def arm(board: Board, *persons: Person) -> None:
    for person in persons:
        give_app(person, at=board.now())


def disarm(board: Board, person: Person) -> None:
    at, user = board.now(), person.user
    people.remove_factor(user=user, factor=user.authenticator_set.get(type="totp"), confirmation=confirmed(person, at), at=at)


def is_missing(refusal: pytest.ExceptionInfo[NotAllowed]) -> bool:
    return refusal.value.code == "second_factor_missing" and "Add a second factor" in refusal.value.what_to_do


def test_a_vote_on_a_threshold_that_would_require_asl_3_takes_a_second_factor(board: Board) -> None:
    question = board.question(threshold="bio-3")
    with pytest.raises(NotAllowed) as refused:
        board.vote(board.cast.ben, question)
    assert is_missing(refused)
    assert not question.votes.exists()
    arm(board, board.cast.ben)
    assert board.vote(board.cast.ben, question).signature.confirmed_with == "password+totp"


def test_what_it_would_say_makes_no_difference(board: Board) -> None:
    for choice in ("approve", "reject", "request_changes", "abstain"):
        with pytest.raises(NotAllowed) as refused:
            board.vote(board.cast.ben, board.question(threshold="bio-3"), choice)
        assert is_missing(refused)


def test_a_declaration_takes_one(board: Board) -> None:
    question = board.question(threshold="bio-3")
    arm(board, board.cast.ben, board.cast.chloe)
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    with pytest.raises(NotAllowed) as refused:
        board.decide(question)
    assert is_missing(refused)
    arm(board, board.cast.dan)
    assert board.decide(question)


def test_a_sign_off_takes_one_where_the_safeguard_is_of_that_tier(board: Board) -> None:
    chloe = board.cast.chloe
    with pytest.raises(NotAllowed) as refused:
        board.sign_off(chloe, board.build("asl-3-security-1"))
    assert is_missing(refused)
    below = next(each.slug for each in board.version.document.safeguards if each.tier == "asl-2")
    assert board.sign_off(chloe, board.build(below)).signature.confirmed_with == "password"
    arm(board, chloe)
    built = board.build("asl-3-deployment-1")
    assert board.sign_off(chloe, built)


def test_an_applicability_statement_takes_one_where_the_model_requires_that_tier(board: Board) -> None:
    arm(board, board.cast.chloe)
    board.safeguard()
    with pytest.raises(NotAllowed) as refused:
        board.state(board.case)
    assert is_missing(refused)
    arm(board, board.cast.farid)
    assert board.state(board.case)


def test_a_release_takes_one_where_the_model_requires_that_tier(board: Board) -> None:
    cast = board.cast
    arm(board, cast.ben, cast.chloe, cast.dan, cast.farid)
    board.safeguard()
    board.settle_thresholds()
    board.settle_safeguards()
    question = cases.ask_release(case=board.case, snapshot=board.snapshot, scope="external", actor=cast.dan, at=board.now())
    assert set(policies.at_stake(question).values()) == {"asl-3"}
    disarm(board, cast.ben)
    with pytest.raises(NotAllowed) as refused:
        board.vote(cast.ben, question)
    assert is_missing(refused)
    arm(board, cast.ben)
    assert board.vote(cast.ben, question)


def test_below_that_tier_a_password_is_enough(board: Board) -> None:
    document = board.version.document
    nobody = actor_of(board.cast.ben, board.now())
    assert may_sign_about(nobody, document, {"deployment": "asl-2", "security": "asl-2"})
    assert not may_sign_about(nobody, document, {"deployment": "asl-2", "security": "asl-3"})


REVISED = ASKING.replace(b"revision: 1", b"revision: 2")


@pytest.mark.parametrize(
    "source",
    [REVISED, REVISED.replace(b"second_factor: required", b"second_factor: optional")],
    ids=["one that asks", "one that asks no more"],
)
def test_putting_a_framework_into_force_takes_one_of_both_where_it_or_the_one_before_asks(board: Board, source: bytes) -> None:
    version = load_framework(source=source, actor=None, at=board.now())
    dan, grace = board.cast.dan, board.cast.grace

    def propose() -> Adoption:
        return adoptions.propose_adoption(version=version, rationale="It says more.", **signer(board, dan))

    with pytest.raises(NotAllowed) as refused:
        propose()
    assert is_missing(refused)
    arm(board, dan)
    adoption = propose()
    with pytest.raises(NotAllowed) as refused:
        adoptions.confirm_adoption(adoption=adoption, **signer(board, grace))
    assert is_missing(refused)
    assert in_force(board.version.name) == board.version
    arm(board, grace)
    adoptions.confirm_adoption(adoption=adoption, **signer(board, grace))
    assert in_force(board.version.name) == version


def signer(board: Board, person: Person) -> dict[str, Any]:
    at = board.now()
    return {"actor": person, "user": person.user, "confirmation": confirmed(person, at), "at": at}


def test_the_page_says_so_where_the_button_would_be(board: Board, client) -> None:
    client.force_login(board.cast.ben.user)
    question = board.question(threshold="bio-3")
    case, vote = f"/cases/{board.case.number}/", f"/cases/{board.case.number}/questions/{question.pk}/vote/"
    page = client.get(case).content.decode()
    assert "Add a second factor to sign" in page
    assert vote not in page
    refused = client.get(vote)
    assert refused.status_code == 403
    assert "/people/me/factors/" in refused.content.decode()
    arm(board, board.cast.ben)
    assert vote in client.get(case).content.decode()
    assert client.get(vote).status_code == 200


def test_a_higher_tier_asks_for_no_less_than_the_one_below() -> None:
    read(ASKING)
    weaker = ASKING.replace(b"goal: Not said yet., second_factor: required}", b"goal: Not said yet., second_factor: optional}")
    with pytest.raises(DocumentRejected, match="second factor"):
        read(weaker)
