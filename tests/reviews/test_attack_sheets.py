"""What is signed is what the sheet showed: nothing moves between showing and signing unnoticed."""

import pytest
from django.urls import reverse

from people.models import Signature
from reviews.models import Determination
from reviews.places import Site
from reviews.services.applicability import CoverageChanged, coverage_digest, coverage_of, state_applicability
from tests.makers import CONFIRMED, client_of
from tests.reviews.conftest import Board


def test_the_chair_declares_the_verdict_the_sheet_named_and_not_the_one_votes_moved_to(board: Board) -> None:
    """The sheet said "treat as crossed"; before Dan signed, Ben and Chloé had turned to rejecting it."""
    board.rise()
    question = board.question(threshold="bio-3")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question, "reject")
    dan, address = client_of(board.cast.dan), reverse("reviews:declare", args=[board.case.number, question.pk])
    told = {"note": "So decided.", "confirmation": CONFIRMED, "seen_digest": question.content_digest}
    signed = Signature.objects.count()
    assert dan.post(address, told | {"verdict": "treated_as_crossed"}).status_code == 422
    assert dan.post(address, told).status_code == 422
    assert Signature.objects.count() == signed and not Determination.objects.exists()


def test_an_applicability_statement_names_the_sign_offs_that_were_shown(board: Board) -> None:
    board.clean()
    board.safeguard()
    case, farid = board.open_case(), board.cast.farid
    seen = coverage_digest(case, coverage_of(case, board.facts), Site())
    told = {"case": case, "scopes": ["internal"], "rationale": "As shown.", "actor": farid, "user": farid.user, "confirmation": CONFIRMED}
    with pytest.raises(CoverageChanged):
        state_applicability(**told, seen_digest="shown", at=board.now())
    assert state_applicability(**told, seen_digest=seen, at=board.now()).snapshot == board.snapshot
