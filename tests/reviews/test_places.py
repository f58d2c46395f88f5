"""A safeguard counts where it was built: in another stack, environment or model it says nothing, and the gate lets no other stack serve."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import pytest
from django.urls import reverse

from ledger.canonical import digest
from reviews import gate
from reviews.models import ApplicabilityStatement, GateAnswer
from reviews.places import Site, counts
from reviews.services.applicability import SignOffsMissing, SiteNotFit, coverage_of
from reviews.services.signoffs import revoke_signoff
from tests.conftest import WorldOnce
from tests.makers import PASSWORD, client_of, make_token
from tests.reviews.conftest import FRAMEWORK, Board, make_board
from tests.reviews.test_board_api import Program

STACK, OTHER_STACK = digest("stack one"), digest("stack two")
SERVED = {"stack": "stack one", "stack_digest": STACK, "environment": "partner cloud"}


def placed(slug: str, place: str, framework: bytes) -> bytes:
    """The framework with one safeguard placed elsewhere than in the estate."""
    lines = framework.decode().split("\n")
    return "\n".join(
        line.replace("placed_in: estate", f"placed_in: {place}") if f"slug: {slug}," in line else line for line in lines
    ).encode()


@pytest.fixture(scope="module")
def settled(world_once: WorldOnce) -> Iterator[Board]:
    """Evidence clean, thresholds decided, and the safeguards signed off: one of a stack, one of an environment."""
    framework = placed("asl-2-security-1", "environment", placed("asl-2-deployment-1", "stack", FRAMEWORK))
    with world_once():
        board = make_board(source=framework)
        board.served = SERVED
        board.clean()
        for each in board.version.document.safeguards:
            name = {"stack": SERVED["stack"], "environment": SERVED["environment"]}.get(each.placed_in, "")
            board.sign_off(board.cast.chloe, board.build(each.slug, place_name=name))
        board.open_case()
        board.settle_thresholds()
        yield board


@pytest.fixture
def board(settled: Board, db: None) -> Board:
    return deepcopy(settled)


@pytest.fixture
def open_board(board: Board) -> Board:
    board.settle_safeguards()
    board.release()
    board.work()
    return board


def authorise(board: Board, stack: str = "") -> GateAnswer:
    return gate.authorise_at(artefact=board.snapshot.weights_digest, scope="external", stack=stack, actor=board.cast.dan, at=board.now())


@pytest.mark.parametrize(
    ("placed_in", "place", "name", "counted"),
    [
        ("estate", "estate", "", True),
        ("stack", "stack", "one", True),
        ("stack", "stack", "two", False),
        ("stack", "estate", "", False),
        ("environment", "environment", "cloud", True),
        ("environment", "environment", "lab", False),
        ("subject", "subject", "", True),
    ],
)
def test_what_was_built_counts_in_its_own_place(placed_in: str, place: str, name: str, counted: bool) -> None:
    site = Site("one", STACK, "cloud")
    assert counts(placed_in=placed_in, place=place, place_name=name, site=site) is counted
    if placed_in in {"stack", "environment"}:
        assert not counts(placed_in=placed_in, place=place, place_name=name, site=Site()), "an unnamed place is none"


def test_the_stack_that_was_reviewed_is_authorised_and_no_other(open_board: Board) -> None:
    allowed, other, unnamed = authorise(open_board, STACK), authorise(open_board, OTHER_STACK), authorise(open_board)
    assert allowed.allowed
    assert [reason["code"] for reason in other.reasons] == ["stack_mismatch"]
    assert [reason["code"] for reason in unnamed.reasons] == ["stack_mismatch"]
    assert "stack one" in other.reasons[0]["sentence"] and unnamed.reasons[0]["who"] == ["administrator", "safeguard_owner"]


def test_a_question_without_a_stack_is_answered_and_says_what_it_leaves_open(open_board: Board) -> None:
    asked = open_board.ask()
    assert asked.allowed and [note["code"] for note in asked.notes] == ["stack_not_named"]
    named = gate.answer_at(scope="external", artefact=asked.artefact, stack=STACK, at=open_board.now())
    assert named.allowed and named.notes == ()
    wrong = gate.answer_at(scope="external", artefact=asked.artefact, stack=OTHER_STACK, at=open_board.now())
    assert wrong.codes == ["stack_mismatch"]


def test_an_answer_that_leaves_the_stack_open_tells_programs_that_it_authorises_nothing(open_board: Board) -> None:
    asks = Program(make_token(open_board.cast.ada, "gate:read"))
    question = {"artefact": open_board.snapshot.weights_digest, "scope": "external"}
    assert [asks.get("/gate", **question, **named)[1]["informative_only"] for named in ({}, {"stack": STACK})] == [True, False]


def test_a_sign_off_of_another_stack_or_environment_covers_nothing_here(board: Board) -> None:
    for served in ({"stack": "stack two"}, {"environment": "own cloud"}):
        with pytest.raises(SignOffsMissing) as refusal:
            board.state(board.case, **served)
        assert len(refusal.value.data["safeguards"]) == 1
    assert board.state(board.case).stack == "stack one"


def test_a_place_the_framework_asks_for_is_named_and_a_stack_by_its_digest(board: Board) -> None:
    for missing in ({"stack": "", "stack_digest": ""}, {"environment": ""}, {"stack_digest": ""}, {"stack_digest": "sha256:short"}):
        with pytest.raises(SiteNotFit):
            board.state(board.case, **missing)
    assert board.state(board.case).stack_digest == STACK


def test_what_is_signed_off_elsewhere_is_not_signed_off_where_the_model_is_served(open_board: Board) -> None:
    """The only sign-off in the named stack is revoked; the one of another stack does not stand in for it."""
    elsewhere = open_board.build("asl-2-deployment-1", place_name="stack two")
    open_board.sign_off(open_board.cast.chloe, elsewhere)
    assert open_board.facts.signed["asl-2-deployment-1"] == "in_force"
    here = ApplicabilityStatement.objects.get().lines.get(safeguard="asl-2-deployment-1").signoff
    revoke_signoff(signoff=here, reason="The report was forged.", actor=open_board.cast.ben, at=open_board.now())
    assert open_board.facts.signed["asl-2-deployment-1"] == "expired"
    assert {"signoff_expired", "no_applicability"} <= set(open_board.ask().codes)


def test_the_panel_offers_what_covers_the_only_place_there_is_and_asks_where_there_are_two(board: Board) -> None:
    assert all(line.signoff for line in coverage_of(board.case, board.facts))
    board.sign_off(board.cast.chloe, board.build("asl-2-deployment-1", place_name="stack two"))
    facts = board.facts
    assert [line.safeguard.slug for line in coverage_of(board.case, facts) if line.signoff is None] == ["asl-2-deployment-1"]
    site = Site("stack two", OTHER_STACK, "partner cloud")
    named = {line.safeguard.slug: line.signoff for line in coverage_of(board.case, facts, site)}
    assert named["asl-2-deployment-1"].implementation.place_name == "stack two"  # type: ignore[union-attr]
    assert all(
        line.signoff is None for line in coverage_of(board.case, facts, replace(site, stack="three")) if line.safeguard.placed_in == "stack"
    )


def test_the_page_shows_where_it_is_served_and_signs_that(board: Board) -> None:
    client = client_of(board.cast.farid)
    address = reverse("reviews:applicability", args=[board.case.number])
    shown = client.get(address)
    form = shown.context["form"]
    # Which scopes it holds for is the signer's to say; nothing is ticked beforehand, and the digest asked for says what it is.
    assert 'name="scopes" value="external"' in shown.text and not re.search(r'name="scopes"[^>]*checked', shown.text)
    assert client.post(address, {**form.initial, "rationale": "Served.", "password": PASSWORD, "stack_digest": STACK}).status_code == 422
    assert "Whoever builds the stack prints it" in shown.text
    told = {**form.initial, "scopes": ["external", "internal"], "rationale": "It is served there.", "password": PASSWORD}
    assert client.post(address, {**told, "stack_digest": "the usual one"}).status_code == 422
    assert client.get(address, {"stack": "", "environment": "partner cloud"}).context["missing"]
    assert client.post(address, {**told, "stack_digest": STACK}).status_code == 302
    stated = ApplicabilityStatement.objects.get()
    assert (stated.stack, stated.stack_digest, stated.environment) == ("stack one", STACK, "partner cloud")
