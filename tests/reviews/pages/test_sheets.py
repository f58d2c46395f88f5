"""The sheets on which the board puts its name to something say, word for word, what is signed, and what else is recorded with it."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from people.models import Signature
from reviews.models.question import Choice
from reviews.models.signoff import Meaning
from reviews.services import cases
from tests.makers import PASSWORD, client_of
from tests.reviews.conftest import Board

STACK = "sha256:" + "ab" * 32


def words_of(page: str) -> dict[str, str]:
    """What would be signed, by the choice it hangs on."""
    return dict(re.findall(r'<p class="statement" data-for="([^"]+)"[^>]*>([^<]*)</p>', page))


def signed_text(signature: Signature) -> str:
    return str(json.loads(bytes(signature.statement))["text"])


@pytest.mark.parametrize("choice", Choice.values)
def test_the_vote_sheet_holds_word_for_word_what_each_choice_signs(board: Board, choice: str) -> None:
    board.rise()
    question = board.question(threshold="bio-3")
    page = client_of(board.cast.ben).get(reverse("reviews:vote", args=[board.case.number, question.pk])).text
    shown = words_of(page.replace("&#x27;", "'").replace("&amp;", "&"))
    assert set(shown) == set(Choice.values)
    assert signed_text(board.vote(board.cast.ben, question, choice).signature) == shown[choice]


def test_the_sign_off_sheet_holds_word_for_word_what_each_meaning_signs(board: Board) -> None:
    built = board.build("asl-3-security-1")
    address = reverse("reviews:safeguard-sign", args=[built.pk])
    chloe = client_of(board.cast.chloe)
    shown = words_of(chloe.get(address).text.replace("&#x27;", "'"))
    told = {"meaning": "concurred", "rationale": "Read.", "password": PASSWORD, "seen_digest": built.version_digest}
    assert chloe.post(address, told).status_code == 422
    assert chloe.post(address, told | {"seen_wording": board.version.wordings[built.safeguard]}).status_code == 302
    assert set(shown) == set(Meaning.values) and signed_text(built.signoffs.get().signature) == shown["concurred"]


def test_who_finds_a_safeguard_not_adequate_is_led_to_the_signed_vote_that_blocks(board: Board) -> None:
    built = board.build("asl-3-security-1")
    address, chloe = reverse("reviews:safeguard-sign", args=[built.pk]), client_of(board.cast.chloe)
    assert "No case asks about it now: tell" in chloe.get(address).text
    case = board.rise()
    question = board.question("safeguards", axis="security")
    shown = chloe.get(address).text
    assert f'href="/cases/{case.number}/#q-{question.pk}"' in shown and "blocks until you vote again" in shown
    assert str(board.question("safeguards", axis="deployment").pk) not in shown
    for each in board.version.document.safeguards:
        board.sign_off(board.cast.chloe, built if each.slug == built.safeguard else board.build(each.slug))
    board.state(board.case)
    board.vote(board.cast.ben, board.question("safeguards", axis="security"), "reject", rationale="The test is of another stack.")
    assert board.question("safeguards", axis="security").is_open
    page = chloe.get(reverse("reviews:case-detail", args=[case.number])).text
    assert "A vote stands against it until its owner votes again" in page and "The test is of another stack." in page


def test_the_words_of_every_choice_are_shown_by_the_stylesheet_once_it_is_made() -> None:
    sheet = (Path(settings.BASE_DIR) / "static/css/portal.css").read_text()
    for choice in (*Choice.values, *Meaning.values):
        assert f'.signing:has([value="{choice}"]:checked) [data-for="{choice}"]' in sheet


def test_a_release_is_signed_with_the_model_its_weights_the_scope_and_where_it_is_served(board: Board) -> None:
    board.served = {"stack": "main", "stack_digest": STACK, "environment": "partner cloud"}
    board.clean()
    board.safeguard()
    board.open_case()
    board.settle_thresholds()
    board.settle_safeguards()
    question = cases.ask_release(case=board.case, snapshot=board.snapshot, scope="external", actor=board.cast.dan, at=board.now())
    named = (
        board.subject.name,
        board.snapshot.label,
        board.snapshot.weights_digest,
        "to external",
        f"Served from the stack main ({STACK}) in the environment partner cloud.",
    )
    vote = signed_text(board.vote(board.cast.ben, question).signature)
    board.vote(board.cast.chloe, question)
    declared = signed_text(board.decide(question).signature)
    for part in named:
        assert part in vote and part in declared


def test_the_declaration_sheet_says_that_a_case_ends_with_its_last_release(board: Board) -> None:
    board.clean()
    board.safeguard()
    case = board.open_case()
    said = "so the case ends by itself"
    dan = client_of(board.cast.dan)
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, board.question(threshold="bio-3"))
    assert said not in dan.get(reverse("reviews:declare", args=[case.number, board.question(threshold="bio-3").pk])).text
    board.decide(board.question(threshold="bio-3"))
    board.settle(board.question(threshold="bio-4"))
    board.settle_safeguards()
    question = cases.ask_release(case=case, snapshot=board.snapshot, scope="external", actor=board.cast.dan, at=board.now())
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    assert said in dan.get(reverse("reviews:declare", args=[case.number, question.pk])).text
    board.decide(question)
    case.refresh_from_db()
    assert not case.is_open
