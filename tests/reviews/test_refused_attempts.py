"""Who tried to sign, vote or decide and was refused is on record: by whom, what, why; and nobody fills the ledger with it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ledger.models import Entry
from ledger.refusals import NotAllowed, Refusal
from ledger.sentences import sentence
from people import passkeys
from people.attempts import MOST
from people.confirming import Confirmation, CredentialNotConfirmed
from people.passkeys import ASK, PasskeyAsked
from people.services import add_passkey
from people.words import Scope
from reviews.services.signoffs import ImplementationChanged
from tests.devices import Device
from tests.makers import PASSWORD, client_of, confirmed, make_token, make_wide_token
from tests.reviews.conftest import Board


def refused() -> list[tuple[str, str]]:
    entries = Entry.objects.filter(kind__endswith=":refused").order_by("seq").prefetch_related("fields")
    return [(entry.kind, str(entry.values["code"])) for entry in entries]


def test_a_refused_vote_and_a_failed_confirmation_are_entered_and_a_vote_that_counts_is_not(board: Board) -> None:
    board.rise()
    question = board.question(threshold="bio-3")
    for person, told, error in (
        (board.cast.ada, {}, NotAllowed),
        (board.cast.ben, {"confirmation": Confirmation("a guess")}, CredentialNotConfirmed),
        (board.cast.ben, {"seen_digest": "another"}, Refusal),
    ):
        with pytest.raises(error):
            board.vote(person, question, **told)
    board.vote(board.cast.ben, question)
    kinds, codes = zip(*refused(), strict=True)
    assert set(kinds) == {"reviews:vote:refused"} and len(codes) == 3
    assert CredentialNotConfirmed.code in codes
    with pytest.raises(Refusal):
        board.decide(question)
    assert refused()[-1] == ("reviews:decision:refused", "quorum_not_met")


def test_being_asked_for_a_passkey_is_no_refusal_and_hides_none(board: Board, settings: Any) -> None:
    """Somebody who signs by passkey is asked for it each time: told as refusals, it filled the record and used up what is entered of real ones."""
    board.rise()
    question = board.question(threshold="bio-3")
    settings.PUBLIC_URL = "http://localhost:8000"
    device, user, at = Device(settings.PUBLIC_URL), board.cast.ben.user, board.now()
    options, state = passkeys.begin_making(user)
    add_passkey(user=user, name="Phone", answer=device.make(options), state=state, confirmation=confirmed(board.cast.ben, at), at=at)
    for _ in range(MOST):
        with pytest.raises(PasskeyAsked):
            board.vote(board.cast.ben, question, confirmation=Confirmation(PASSWORD, passkey=ASK, session="here"))
    assert refused() == []
    with pytest.raises(CredentialNotConfirmed):
        board.vote(board.cast.ben, question, confirmation=Confirmation("a guess"))
    assert [kind for kind, _ in refused()] == ["reviews:vote:refused"]


def test_a_refused_sign_off_is_entered_in_words_a_reader_of_the_ledger_understands(board: Board) -> None:
    implementation = board.build("asl-2-security-1")
    with pytest.raises(ImplementationChanged):
        board.sign_off(board.cast.chloe, implementation, seen_digest="what stood there yesterday")
    entry = Entry.objects.prefetch_related("fields").get(kind="reviews:signoff:refused")
    assert entry.actor == board.cast.chloe.pk and entry.thing.endswith(str(implementation.pk))
    assert "tried to sign off" in sentence(entry) and "implementation changed" in sentence(entry)


def test_who_tries_on_and_on_does_not_fill_the_ledger(board: Board) -> None:
    implementation = board.build("asl-2-security-1")
    for _ in range(MOST + 5):
        with pytest.raises(ImplementationChanged):
            board.sign_off(board.cast.chloe, implementation, seen_digest="yesterday's")
    assert len(refused()) == MOST
    board.moment += timedelta(hours=2)
    with pytest.raises(ImplementationChanged):
        board.sign_off(board.cast.chloe, implementation, seen_digest="yesterday's")
    assert len(refused()) == MOST + 1


def test_a_page_that_refuses_before_the_verb_is_asked_is_entered_too(board: Board) -> None:
    """Farid owns the safeguard: the sheet itself turns him away. Looking at it is not an attempt, sending it is."""
    client = client_of(board.cast.farid)
    address = reverse("reviews:safeguard-sign", args=[board.build("asl-2-security-1").pk])
    assert client.get(address).status_code == 403 and refused() == []
    assert client.post(address).status_code == 403
    assert [kind for kind, _ in refused()] == ["people:attempt:refused"]


def test_a_token_that_reaches_beyond_its_scope_and_a_call_that_its_person_may_not_make_are_entered_too(board: Board) -> None:
    narrow, wide = make_token(board.cast.ben, Scope.SUBJECTS_READ), make_wide_token(board.cast.ben)
    assert Client().get("/api/v1/cases", headers={"Authorization": f"Bearer {narrow}"}).status_code == 403
    new = {"slug": "owl", "name": "Owl"}
    assert Client().post("/api/v1/subjects", new, "application/json", headers={"Authorization": f"Bearer {wide}"}).status_code == 403
    assert refused() == [("people:attempt:refused", "scope_missing"), ("people:attempt:refused", "not-a-registrar")]
    assert set(Entry.objects.filter(kind="people:attempt:refused").values_list("actor", flat=True)) == {board.cast.ben.pk}


def test_a_question_the_gate_denies_is_no_attempt_and_an_authorisation_it_denies_is_on_record_with_its_reasons(board: Board) -> None:
    headers = {"Authorization": f"Bearer {make_token(board.cast.ada, *Scope.values)}"}
    before, asked = Entry.objects.count(), {"artefact": board.snapshot.weights_digest, "scope": "external"}
    assert Client().get("/api/v1/gate", asked, headers=headers).json()["allowed"] is False
    assert Entry.objects.count() == before
    answer = Client().post("/api/v1/gate/authorisations", asked, "application/json", headers=headers).json()
    assert answer["allowed"] is False and answer["reasons"]
    entry = Entry.objects.get(seq=answer["ledger_seq"])
    assert (entry.values["allowed"], entry.values["inputs"]) == (False, answer["inputs_digest"])
