"""Passkeys: what they are worth at sign-in and at signing, and what their proof says without the portal."""

import hashlib
import json
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from fido2 import cbor

from ledger.models import Entry
from people import passkeys, services
from people.confirming import CodeMissing, Confirmation, CredentialNotConfirmed, PasskeyMissing
from people.models import Signature
from people.passkeys import ASK, PasskeyAsked, PasskeyNotConfirmed, PasskeyNotMade, proves
from people.signing import SignatureDoesNotFit, SignsOtherThanShown, Statement, require_signature, sign, signature_fields, verify_signature
from people.words import Role
from reviews.models import Notice
from reviews.notices.compose import compose
from tests.devices import Device
from tests.makers import CONFIRMED, PASSWORD, confirmed, deliver_all, give_app, give_password, later, make_people

pytestmark = pytest.mark.django_db

HERE = "http://localhost:8000"
DIGESTS = {"case": "sha256:" + "ab" * 32}
AT = later(minutes=5)


@pytest.fixture(autouse=True)
def _here(settings):
    settings.PUBLIC_URL = HERE
    cache.clear()


def statement(meaning: str = "Approve") -> Statement:
    return Statement(type="vote", digests=DIGESTS, meaning=meaning, role=Role.REVIEWER)


def give_passkey(person, *, confirmation: Confirmation = CONFIRMED, device: Device | None = None) -> Device:
    device = device or Device(HERE)
    options, state = passkeys.begin_making(person.user)
    services.add_passkey(user=person.user, name="Phone", answer=device.make(options), state=state, confirmation=confirmation, at=AT)
    return device


def ben_with_passkey():
    cast = make_people("ben")
    give_password(cast.ben)
    device = give_passkey(cast.ben)
    return cast.ben, device


def asked(person, said: Statement, *, session: str = "here", at=AT) -> PasskeyAsked:
    with pytest.raises(PasskeyAsked) as caught:
        sign(person=person, user=person.user, statement=said, confirmation=Confirmation(PASSWORD, passkey=ASK, session=session), at=at)
    return caught.value


def signed(person, said: Statement, answer: str, *, session: str = "here", password: str = PASSWORD, at=AT) -> Signature:
    return sign(
        person=person, user=person.user, statement=said, confirmation=Confirmation(password, passkey=answer, session=session), at=at
    )


def by_passkey() -> tuple:
    ben, device = ben_with_passkey()
    question = asked(ben, statement())
    return ben, signed(ben, statement(), device.sign(question.options)), question


def test_a_passkey_signs_exactly_the_bytes_whose_digest_was_shown():
    ben, signature, question = by_passkey()
    assert (signature.method, signature.confirmed_with) == ("webauthn", "password+passkey")
    assert signature.statement_digest == question.digest
    assert verify_signature(signature)
    assert require_signature(signature, person=ben, type="vote", digests=DIGESTS)
    assert signature_fields(signature)["signature_passkey_proof"].startswith("sha256:")


def test_the_proof_is_checked_without_the_portal_and_its_secret():
    """The recipe of docs/formats.md, in a few lines."""
    _, signature, _ = by_passkey()
    kept = {name: urlsafe_b64decode(value + "==") for name, value in signature.passkey_proof.items() if name != "rp"}
    client = json.loads(kept["client_data"])
    assert urlsafe_b64decode(client["challenge"] + "==") == hashlib.sha256(bytes(signature.statement)).digest()
    key = cbor.decode(kept["public_key"])
    public = ec.EllipticCurvePublicNumbers(int.from_bytes(key[-2]), int.from_bytes(key[-3]), ec.SECP256R1()).public_key()
    public.verify(kept["signature"], kept["authenticator_data"] + hashlib.sha256(kept["client_data"]).digest(), ec.ECDSA(SHA256()))
    added = Entry.objects.prefetch_related("fields").get(kind="people:factor:added")
    assert added.values["key"] == "sha256:" + hashlib.sha256(kept["public_key"]).hexdigest()


def test_a_proof_moved_to_another_statement_proves_nothing():
    ben, signature, _ = by_passkey()
    assert proves(signature.passkey_proof, bytes(signature.statement))
    assert not proves(signature.passkey_proof, statement().canonical())
    assert not proves(signature.passkey_proof | {"rp": "elsewhere.example"}, bytes(signature.statement))
    signature.passkey_proof = signature.passkey_proof | {"signature": signature.passkey_proof["client_data"]}
    assert not verify_signature(signature)
    with pytest.raises(SignatureDoesNotFit):
        require_signature(signature, person=ben, type="vote", digests=DIGESTS)


def test_what_the_device_saw_is_what_is_signed_or_nothing():
    ben, device = ben_with_passkey()
    question = asked(ben, statement("Approve"))
    with pytest.raises(SignsOtherThanShown):
        signed(ben, statement("Reject"), device.sign(question.options))
    assert not Signature.objects.exists()


def test_an_answer_counts_once_and_only_in_its_own_session():
    ben, device = ben_with_passkey()
    question = asked(ben, statement())
    answer = device.sign(question.options)
    with pytest.raises(PasskeyNotConfirmed):
        signed(ben, statement(), answer, session="elsewhere")
    signed(ben, statement(), answer)
    with pytest.raises(PasskeyNotConfirmed):
        signed(ben, statement(), answer)


def test_another_origin_another_key_or_a_device_that_asks_nobody_signs_nothing():
    ben, device = ben_with_passkey()
    stranger, unverified = Device(HERE), Device(HERE, verifies=False)
    unverified.key, unverified.credential = device.key, device.credential
    elsewhere = Device("http://localhost:9000")
    elsewhere.key, elsewhere.credential = device.key, device.credential
    for wrong in (stranger, unverified, elsewhere):
        question = asked(ben, statement())
        with pytest.raises(PasskeyNotConfirmed):
            signed(ben, statement(), wrong.sign(question.options))
    cache.clear()
    for nonsense in ("[]", "{}", "no json", '{"id": 1}'):
        asked(ben, statement())
        with pytest.raises(PasskeyNotConfirmed):
            signed(ben, statement(), nonsense)


def test_the_password_is_asked_for_beside_it():
    ben, device = ben_with_passkey()
    question = asked(ben, statement())
    with pytest.raises(CredentialNotConfirmed):
        signed(ben, statement(), device.sign(question.options), password="wrong")
    with pytest.raises(PasskeyMissing):
        sign(person=ben, user=ben.user, statement=statement(), confirmation=CONFIRMED, at=AT)


def test_what_confirmed_a_change_of_the_account_signs_nothing_and_the_other_way_round():
    ben, device = ben_with_passkey()
    factor = Authenticator.objects.get(user=ben.user, type=Authenticator.Type.WEBAUTHN)

    def remove(passkey: str) -> None:
        services.remove_factor(user=ben.user, factor=factor, confirmation=Confirmation(PASSWORD, passkey=passkey, session="here"), at=AT)

    with pytest.raises(PasskeyAsked) as caught:
        remove(ASK)
    with pytest.raises(PasskeyNotConfirmed):
        signed(ben, statement(), device.sign(caught.value.options))
    with pytest.raises(PasskeyNotConfirmed):
        remove(device.sign(asked(ben, statement()).options))
    with pytest.raises(PasskeyAsked) as caught:
        remove(ASK)
    remove(device.sign(caught.value.options))
    assert not Authenticator.objects.filter(user=ben.user).exists()
    assert Entry.objects.filter(kind="people:factor:removed").count() == 1


def test_an_account_with_both_signs_with_either():
    cast = make_people("ben")
    give_password(cast.ben)
    give_app(cast.ben)
    device = give_passkey(cast.ben, confirmation=confirmed(cast.ben, AT))
    with pytest.raises(CodeMissing) as missing:
        sign(person=cast.ben, user=cast.ben.user, statement=statement(), confirmation=CONFIRMED, at=AT)
    assert "or confirm with your passkey" in missing.value.what_to_do
    question = asked(cast.ben, statement())
    assert signed(cast.ben, statement(), device.sign(question.options)).method == "webauthn"
    after = AT + timedelta(minutes=1)
    by_code = sign(person=cast.ben, user=cast.ben.user, statement=statement(), confirmation=confirmed(cast.ben, after), at=after)
    assert (by_code.method, by_code.confirmed_with) == ("server-attested", "password+totp")


def test_a_device_that_asks_nobody_or_was_added_before_becomes_no_passkey():
    ben, device = ben_with_passkey()
    options, state = passkeys.begin_making(ben.user)
    for answer in (
        device.make(options),
        Device(HERE, verifies=False).make(options),
        Device("https://evil.example").make(options),
        "{}",
        "",
    ):
        with pytest.raises(PasskeyNotMade):
            passkeys.made(state, answer)
    with pytest.raises(PasskeyNotMade):
        passkeys.made(None, Device(HERE).make(options))
    assert passkeys.made(state, Device(HERE).make(options))


def test_the_owner_is_told_of_a_new_passkey():
    ben, _ = ben_with_passkey()
    deliver_all(AT)
    told = Notice.objects.filter(person=ben, kind="account_changed")
    assert sorted(told.values_list("channel", flat=True).distinct()) == ["inbox", "mail"]
    assert "Your account: a second factor was added" in {compose(each).title for each in told}


def at_the_second_step(person, answer_of) -> HttpResponse:
    """What the front door answers to what a device makes of its question."""
    client = Client()
    client.post("/accounts/login/", {"login": person.user.email, "password": PASSWORD})
    page = client.get("/accounts/second-factor/")
    return client.post("/accounts/second-factor/", {"credential": answer_of(json.loads(page.context["passkey_options"]))})


def test_a_passkey_lets_in_from_the_portals_own_page_and_from_no_page_below_its_name():
    ben, device = ben_with_passkey()
    for origin in ("http://old.localhost:8000", "http://localhost:9000", "https://localhost:8000"):
        elsewhere = Device(origin)
        elsewhere.key, elsewhere.credential = device.key, device.credential
        refused = at_the_second_step(ben, elsewhere.sign)
        assert refused.status_code == 200 and "did not let you in" in refused.text, origin
    assert at_the_second_step(ben, device.sign).status_code == 302


@pytest.mark.parametrize(
    "nonsense",
    ["[]", "{}", "1", "no json", '{"id": 1}', '{"id": "YQ", "rawId": "YQ", "response": {}}', '{"response": {"clientDataJSON": "e30"}}'],
)
def test_nonsense_in_the_place_of_a_passkeys_answer_is_refused_at_the_front_door(nonsense):
    ben, _ = ben_with_passkey()
    assert at_the_second_step(ben, lambda options: nonsense).status_code == 200
