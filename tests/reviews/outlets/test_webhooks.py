"""Webhooks: signed, replay-safe, sent once, tried again, never led inside, and silent about what is secret or hazardous."""

import base64
import hashlib
import hmac
import json
import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from ledger import delivery as ledger_delivery
from ledger.models import Entry
from ledger.refusals import NotAllowed, NotNow
from people.confirming import Confirmation, CredentialNotConfirmed
from reviews.models import Delivery, Outlet
from reviews.models.notice import WorkState
from reviews.notices import outlets as hearing
from reviews.notices.channels import webhook
from reviews.notices.channels.webhook import signature
from reviews.notices.reaching import AddressNotAllowed
from reviews.services import cases, deployments, outlets
from reviews.work import MOST_ATTEMPTS, wait_after
from tests.makers import PASSWORD, client_of
from tests.processes import Outside
from tests.reviews.conftest import Board
from tests.reviews.outlets.conftest import Keeper

CANARY = "CANARY-TRANSCRIPT"
RECIPE = Path(__file__).resolve().parents[3] / "docs" / "webhooks.md"


def verify(secret: str, headers: dict[str, str], body: str) -> bool:
    """What a receiver does, written anew from the recipe."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    mine = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return mine in headers["webhook-signature"].split()


def test_a_receiver_gets_what_happened_signed_once_and_in_few_words(board: Board, keeper: Keeper, outside: Outside) -> None:
    _, secret = keeper.webhook(outside.address + "/hook?room=1", "cases")
    case = board.rise()
    assert keeper.deliver() == 1
    [got] = outside.got
    assert got["path"] == "/hook?room=1"
    assert verify(secret, got["headers"], got["body"])
    assert not verify(secret, got["headers"], got["body"].replace("opened", "closed"))
    assert not verify(secret, got["headers"] | {"webhook-timestamp": "1"}, got["body"])
    assert not verify(secret, got["headers"] | {"webhook-id": "msg_other"}, got["body"])
    said = json.loads(got["body"])
    entry = Entry.objects.get(kind="reviews:case:opened")
    assert said == {
        "type": "case_opened",
        "timestamp": entry.recorded_at.isoformat(),
        "data": {
            "entry": said["data"]["entry"],
            "subject": "heron",
            "case": {"id": str(case.pk), "number": said["data"]["case"]["number"]},
            "codes": {"case_kind": "elevation"},
            "sentence": f"Case {case.number} was opened: elevation of {case.subject.name}.",
            "address": f"http://localhost:8000/cases/{case.number}/",
        },
    }
    assert int(said["data"]["entry"]) == entry.seq
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempts) == (WorkState.DONE, 204, 1)
    assert got["headers"]["webhook-id"] == delivery.message_id
    assert keeper.deliver() == 0 and len(outside.got) == 1


def test_an_incident_goes_out_to_who_asked_for_incidents_and_to_nobody_else(board: Board, keeper: Keeper, outside: Outside) -> None:
    keeper.webhook(outside.address + "/on-call", "incidents")
    keeper.webhook(outside.address + "/office", "cases", "gate")
    at = board.now()
    deployments.report(snapshot=board.snapshot, scope="external", since=at, actor=board.cast.farid, at=at)
    keeper.deliver()
    [got] = [got for got in outside.got if json.loads(got["body"])["type"] == "incident_found"]
    said = json.loads(got["body"])["data"]
    assert got["path"] == "/on-call"
    assert (said["subject"], said["codes"]["scope"]) == ("heron", "external")
    assert said["sentence"].startswith("Heron is in service for external without a valid authorisation:")


def test_hearing_an_entry_twice_sends_once(board: Board, keeper: Keeper, outside: Outside) -> None:
    keeper.webhook(outside.address, "cases")
    board.rise()
    hearing.hear(Entry.objects.get(kind="reviews:case:opened"))
    assert keeper.deliver() == 1 and len(outside.got) == 1


def test_an_outlet_hears_its_topics_only_and_nothing_from_before_it_was_made(board: Board, keeper: Keeper, outside: Outside) -> None:
    board.clean()
    board.open_case()
    board.work()
    keeper.webhook(outside.address, "decisions")
    board.settle(board.question(threshold="bio-3"))
    keeper.deliver()
    assert [json.loads(got["body"])["type"] for got in outside.got] == ["determination_made"]


def test_a_receiver_that_refuses_or_is_away_only_delays(board: Board, keeper: Keeper, outside: Outside) -> None:
    keeper.webhook(outside.address, "cases")
    board.rise()
    outside.answer("503")
    now = board.now()
    assert keeper.deliver(now) == 0
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.last_error) == (WorkState.WAITING, 503, "The receiver answered 503.")
    assert delivery.not_before == now + wait_after(1)
    outside.answer("200")
    assert keeper.deliver(now + wait_after(1)) == 1
    first, second = outside.got
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"] and first["body"] == second["body"]
    assert int(second["headers"]["webhook-timestamp"]) - int(first["headers"]["webhook-timestamp"]) == 15


def test_after_the_last_try_it_is_given_up_until_somebody_sends_it_again(board: Board, keeper: Keeper, outside: Outside) -> None:
    keeper.webhook(outside.address, "cases")
    board.rise()
    outside.answer("500")
    at = board.now()
    for _ in range(MOST_ATTEMPTS):
        keeper.deliver(at)
        at = Delivery.objects.get().not_before
    delivery = Delivery.objects.get()
    assert (delivery.state, len(outside.got)) == (WorkState.DEAD, MOST_ATTEMPTS)
    outside.answer("200")
    board.moment = at
    outlets.resend(delivery=delivery, actor=board.cast.ivo, at=board.now())
    assert keeper.deliver() == 1
    assert len({got["headers"]["webhook-id"] for got in outside.got}) == 1
    entry = Entry.objects.prefetch_related("fields").get(kind="reviews:delivery:resent")
    assert (entry.actor, entry.thing) == (board.cast.ivo.pk, f"delivery:{delivery.pk}")


def test_what_is_on_its_way_is_not_sent_again_by_hand(board: Board, keeper: Keeper, outside: Outside) -> None:
    outlet, _ = keeper.webhook(outside.address)
    delivery = outlets.send_test(outlet=outlet, actor=board.cast.ivo, at=board.now())
    with pytest.raises(NotNow, match="still on its way"):
        outlets.resend(delivery=delivery, actor=board.cast.ivo, at=board.now())


def test_a_redirect_is_not_followed(board: Board, keeper: Keeper, outside: Outside) -> None:
    outlet, _ = keeper.webhook(outside.address + "/first")
    outlets.send_test(outlet=outlet, actor=board.cast.ivo, at=board.now())
    outside.answer(f"302 {outside.address}/second")
    assert keeper.deliver() == 0
    assert [got["path"] for got in outside.got] == ["/first"]
    assert Delivery.objects.get().last_error == "The receiver answered 302."


def test_a_receiver_that_answers_a_byte_a_second_is_cut_off(
    board: Board, keeper: Keeper, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviews.notices.reaching.ALTOGETHER_SECONDS", 1.5)
    outlet, _ = keeper.webhook(outside.address)
    outlets.send_test(outlet=outlet, actor=board.cast.ivo, at=board.now())
    outside.answer("drip")
    assert keeper.deliver() == 0
    assert Delivery.objects.get().last_error.startswith("The receiver did not take it")


def test_a_new_secret_signs_beside_the_old_one_for_a_day(board: Board, keeper: Keeper, outside: Outside) -> None:
    outlet, old = keeper.webhook(outside.address)
    new = outlets.rotate_secret(outlet=outlet, **keeper.who)
    assert old != new

    def signs() -> list[bool]:
        outlets.send_test(outlet=outlet, actor=board.cast.ivo, at=board.now())
        assert keeper.deliver() == 1
        return [verify(secret, outside.got[-1]["headers"], outside.got[-1]["body"]) for secret in (old, new)]

    assert signs() == [True, True]
    board.moment += timedelta(hours=25)
    assert signs() == [False, True]
    entry = Entry.objects.get(kind="reviews:outlet:rotated")
    assert (entry.actor, entry.thing) == (board.cast.ivo.pk, f"outlet:{outlet.pk}")


def test_a_stopped_outlet_gets_nothing_more_and_forgets_its_secrets(board: Board, keeper: Keeper, outside: Outside) -> None:
    outlet, _ = keeper.webhook(outside.address)
    outlets.send_test(outlet=outlet, actor=board.cast.ivo, at=board.now())
    outlets.stop_outlet(outlet=outlet, actor=board.cast.ivo, at=board.now())
    assert keeper.deliver() == 0 and outside.got == []
    outlet.refresh_from_db()
    assert (outlet.address_sealed, outlet.old_secret_sealed) == ("", "")
    assert Delivery.objects.get().state == WorkState.DEAD
    for act in (outlets.send_test, outlets.stop_outlet):
        with pytest.raises(outlets.OutletStopped):
            act(outlet=outlet, actor=board.cast.ivo, at=board.now())
    with pytest.raises(outlets.OutletStopped):
        outlets.rotate_secret(outlet=outlet, **keeper.who)


def test_only_an_administrator_sets_one_up_and_only_with_their_password(board: Board, keeper: Keeper) -> None:
    address = "https://hooks.example/x"
    for person in (board.cast.dan, board.cast.grace, board.cast.hana):
        with pytest.raises(NotAllowed):
            keeper.webhook(address, actor=person, user=person.user)
    with pytest.raises(CredentialNotConfirmed):
        keeper.webhook(address, confirmation=Confirmation("not this one"))
    with pytest.raises(outlets.NothingToTell):
        keeper.webhook(address, topics=["gossip"])
    assert not Outlet.objects.exists()
    outlet, _ = keeper.webhook(address, "gate")
    entry = Entry.objects.prefetch_related("fields").get(kind="reviews:outlet:added")
    assert (entry.actor, entry.thing, entry.values) == (
        board.cast.ivo.pk,
        f"outlet:{outlet.pk}",
        {"outlet_kind": "webhook", "topics": ["gate"]},
    )


def test_address_and_secret_are_in_no_table_no_page_and_no_log(
    board: Board, keeper: Keeper, outside: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_of(board.cast.ivo)
    form = {"label": "Pager", "address": outside.address + "/T0KEN", "topics": ["gate", "cases"], "password": PASSWORD}
    with caplog.at_level(logging.DEBUG):
        shown = client.post(reverse("reviews:webhook-new"), form)
        [secret] = re.findall(r"whsec_[\w+/=]+", shown.content.decode())
        outlet = Outlet.objects.get()
        board.moment = outlet.made_at
        outside.answer("500")
        outlets.send_test(outlet=outlet, actor=board.cast.ivo, at=board.now())
        keeper.deliver()
        pages = [
            client.get(reverse(name, args=args)).content.decode()
            for name, args in (("reviews:outlet", [outlet.pk]), ("reviews:outlet-list", []), ("reviews:outlet-rotate", [outlet.pk]))
        ]
    stored = " ".join(str(value) for row in (*Outlet.objects.values(), *Delivery.objects.values()) for value in row.values())
    for secretive in ("T0KEN", secret, secret.removeprefix("whsec_")):
        assert not any(secretive in page for page in pages)
        assert secretive not in stored and secretive not in caplog.text
    assert "127.0.0.1" in pages[0]


def test_nothing_hazardous_and_nobodys_words_go_out(board: Board, keeper: Keeper, outside: Outside) -> None:
    keeper.webhook(outside.address)
    case = board.rise()
    cases.comment(case=case, text=CANARY, hazard=True, actor=board.cast.ben, at=board.now())
    cases.comment(case=case, text=f"Open {CANARY}", hazard=False, actor=board.cast.ben, at=board.now())
    question = board.question(threshold="bio-3")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question, rationale=f"Because {CANARY}")
    board.decide(question, note=f"So {CANARY}")
    board.sign_off(board.cast.chloe, board.build("asl-3-security-1", description=CANARY))
    while keeper.deliver():
        pass
    assert {json.loads(got["body"])["type"] for got in outside.got} >= {"case_opened", "determination_made", "signoff_given"}
    for got in outside.got:
        assert CANARY not in got["body"]
        assert not any(name in got["body"] for name in ("Ben", "Chloe", "Dan"))


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example/x",
        "ftp://hooks.example/x",
        "https://user:password@hooks.example/x",
        "https:///x",
        "hooks.example/x",
        "https://hooks.example/x y",
        "https://hooks.example:99999/",
        "https://hooks.example/#part",
        "javascript:alert(1)",
    ],
)
def test_an_address_the_portal_does_not_send_to_is_refused_at_once(board: Board, keeper: Keeper, address: str) -> None:
    with pytest.raises(AddressNotAllowed):
        keeper.webhook(address)


def test_the_recipe_in_the_documents_verifies_its_own_vector() -> None:
    text = RECIPE.read_text()
    vector = {label.strip("` "): value for label, value in re.findall(r"^\| (.+?) \| `(.+)` \|$", text, re.MULTILINE)}
    signed = {"message_id": vector["webhook-id"], "timestamp": int(vector["webhook-timestamp"]), "body": vector["body"].encode()}
    assert signature(vector["secret"], **signed) == vector["signature"]
    headers = {name: vector[name] for name in ("webhook-id", "webhook-timestamp")} | {
        "webhook-signature": f"v1,other {vector['signature']}"
    }
    code = re.search(r"```python\n(.+?)```", text, re.DOTALL)
    assert code
    told: dict[str, Any] = {}
    exec(code.group(1).replace("time.time()", vector["webhook-timestamp"]), told)
    seen: set[str] = set()
    assert told["verify"](vector["secret"], headers, vector["body"].encode(), seen)
    assert not told["verify"](vector["secret"], headers, vector["body"].encode(), seen), "a replayed message is refused"
    assert not told["verify"](vector["secret"], headers, b"{}", set())


def test_the_document_names_every_type_that_goes_out() -> None:
    from reviews.notices.news import _TOLD  # noqa: PLC0415 - the table itself is nobody else's business

    named = set(re.findall(r"`(\w+)`", RECIPE.read_text().split("`type` is one of")[1].split("`data.entry`")[0]))
    assert named == {words.kind for words in _TOLD.values()} | {"test"}


def test_secrets_are_of_256_bits_and_never_twice_the_same() -> None:
    made = {webhook.new_secret() for _ in range(20)}
    assert len(made) == 20
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in made)


def test_no_consumer_failed(board: Board, keeper: Keeper, outside: Outside) -> None:
    keeper.webhook(outside.address)
    board.let_out()
    assert not ledger_delivery.failing()
    while keeper.deliver():
        pass
    kinds = [json.loads(got["body"])["type"] for got in outside.got]
    assert "gate_changed" in kinds and "release_decided" in kinds
