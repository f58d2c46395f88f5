"""A signature: one confirmation, one name under exactly these bytes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from ledger.canonical import parse
from people import services
from people.confirming import Confirmation, CredentialNotConfirmed, CredentialTooFresh, NoUsableCredential, TooManyTries
from people.models import Signature
from people.signing import (
    AdministratorsDoNotSign,
    RoleNotHeld,
    SignatureDoesNotFit,
    Statement,
    require_signature,
    sign,
    signature_fields,
    statement_of,
    verify_signature,
)
from people.words import Role
from tests.makers import CONFIRMED, NOON, PASSWORD, give_password, later, link_secret, make_people, make_signature

pytestmark = pytest.mark.django_db

CASE = {"case": "sha256:" + "ab" * 32}


def statement(role: str = Role.REVIEWER, **other) -> Statement:
    return Statement(type="vote", digests=CASE, meaning="Approve elevation: require ASL-3", role=role, policy="rsp", text="…", **other)


def test_what_was_typed_to_confirm_stands_in_no_traceback():
    assert repr(Confirmation(PASSWORD, "123456")) == "Confirmation()"


def test_a_reviewer_signs_with_their_password():
    cast = make_people("ben")
    give_password(cast.ben)
    said = statement()
    signature = sign(person=cast.ben, user=cast.ben.user, statement=said, confirmation=CONFIRMED, at=NOON)
    kept = Signature.objects.get(pk=signature.pk)
    assert parse(bytes(kept.statement)) == {
        "type": "vote",
        "version": 1,
        "digests": CASE,
        "meaning": "Approve elevation: require ASL-3",
        "role": "reviewer",
        "policy": "rsp",
        "text": "…",
        "nonce": said.nonce,
    }
    assert kept.statement_digest == said.digest
    assert kept.method == "server-attested"
    assert verify_signature(kept)
    assert statement_of(kept) == said


def test_a_wrong_password_signs_nothing():
    cast = make_people("ben")
    give_password(cast.ben)
    with pytest.raises(CredentialNotConfirmed):
        sign(person=cast.ben, user=cast.ben.user, statement=statement(), confirmation=Confirmation(PASSWORD + "!"), at=NOON)
    assert not Signature.objects.exists()


def test_after_five_wrong_passwords_even_the_right_one_waits():
    cast = make_people("ben", "chloe")
    give_password(cast.ben)
    for _ in range(5):
        with pytest.raises(CredentialNotConfirmed):
            sign(person=cast.ben, user=cast.ben.user, statement=statement(), confirmation=Confirmation("wrong"), at=NOON)
    with pytest.raises(TooManyTries):
        sign(person=cast.ben, user=cast.ben.user, statement=statement(), confirmation=CONFIRMED, at=NOON)
    assert make_signature(cast.chloe, statement()).person == cast.chloe


def test_many_right_passwords_are_no_guessing():
    cast = make_people("ben")
    signatures = [make_signature(cast.ben, statement()) for _ in range(7)]
    assert len({one.nonce for one in signatures}) == len({one.statement_digest for one in signatures}) == 7


def test_one_statement_is_signed_once():
    cast = make_people("ben", "chloe")
    said = statement()
    make_signature(cast.ben, said)
    give_password(cast.chloe)
    for person in (cast.ben, cast.chloe):
        with pytest.raises(IntegrityError), transaction.atomic():
            sign(person=person, user=person.user, statement=said, confirmation=CONFIRMED, at=NOON)
    assert Signature.objects.count() == 1


def test_administrators_sign_for_nobody():
    cast = make_people("ben")
    give_password(cast.ivo)
    give_password(cast.ben)
    for said in (statement(), statement(role=Role.ADMINISTRATOR)):
        with pytest.raises(AdministratorsDoNotSign):
            sign(person=cast.ivo, user=cast.ivo.user, statement=said, confirmation=CONFIRMED, at=NOON)
    with pytest.raises(NoUsableCredential):
        sign(person=cast.ben, user=cast.ivo.user, statement=statement(), confirmation=CONFIRMED, at=NOON)
    assert sign(person=cast.ben, user=cast.ben.user, statement=statement(), confirmation=CONFIRMED, at=NOON)


def test_the_database_knows_no_signature_of_an_administrator():
    cast = make_people("ben")
    signature = make_signature(cast.ben, statement())
    signature.pk, signature.nonce, signature.statement_digest = None, "n", "d"
    signature.role = Role.ADMINISTRATOR
    with pytest.raises(IntegrityError, match="administrators_do_not_sign"), transaction.atomic():
        signature.save(force_insert=True)


def test_nobody_signs_in_a_role_they_do_not_hold():
    cast = make_people("ben", "eve")
    give_password(cast.ben)
    give_password(cast.eve)
    with pytest.raises(RoleNotHeld):
        sign(person=cast.ben, user=cast.ben.user, statement=statement(role=Role.CHAIR), confirmation=CONFIRMED, at=NOON)
    with pytest.raises(RoleNotHeld):
        sign(person=cast.eve, user=cast.eve.user, statement=statement(), confirmation=CONFIRMED, at=NOON)


def test_an_account_without_a_password_cannot_sign():
    cast = make_people("ben")
    with pytest.raises(NoUsableCredential):
        sign(person=cast.ben, user=cast.ben.user, statement=statement(), confirmation=Confirmation(), at=NOON)


def test_a_closed_account_cannot_sign():
    cast = make_people("ben")
    give_password(cast.ben)
    services.close_user(user=cast.ben.user, actor=cast.ivo, at=NOON)
    cast.ben.user.refresh_from_db()
    with pytest.raises(NoUsableCredential):
        sign(person=cast.ben, user=cast.ben.user, statement=statement(), confirmation=CONFIRMED, at=NOON)


def production_password(cast) -> None:
    """Ben's first password, the way it comes in production: proposed, confirmed, chosen."""
    link = services.propose_link(user=cast.ben.user, actor=cast.ivo, at=NOON)
    secret = link_secret(services.confirm_link(link=link, actor=cast.jun, at=NOON))
    services.use_link(secret=secret, password=PASSWORD, at=NOON)
    cast.ben.user.refresh_from_db()


def test_a_credential_set_through_a_link_cannot_sign_for_a_day():
    cast = make_people("ben", mode="production")
    production_password(cast)
    with pytest.raises(CredentialTooFresh):
        sign(
            person=cast.ben,
            user=cast.ben.user,
            statement=statement(),
            confirmation=CONFIRMED,
            at=later(days=1) - timedelta(microseconds=1),
        )
    assert sign(person=cast.ben, user=cast.ben.user, statement=statement(), confirmation=CONFIRMED, at=later(days=1))


def test_a_password_changed_by_its_owner_signs_at_once():
    cast = make_people("ben", mode="production")
    production_password(cast)
    services.change_password(user=cast.ben.user, new_password="another long river", confirmation=CONFIRMED, at=later(days=2))
    assert sign(
        person=cast.ben, user=cast.ben.user, statement=statement(), confirmation=Confirmation("another long river"), at=later(days=2)
    )


@pytest.mark.parametrize(
    "change",
    [
        {"statement": b'{"type":"vote"}'},
        {"meaning": "Reject elevation: not crossed"},
        {"role": "chair"},
        {"at": later(days=-1)},
        {"proof": "hmac-sha256:" + "0" * 64},
        {"key_id": "0" * 16},
        {"statement_digest": "sha256:" + "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_signature_does_not_verify(change):
    cast = make_people("ben")
    signature = make_signature(cast.ben, statement())
    assert verify_signature(signature)
    for name, value in change.items():
        setattr(signature, name, value)
    assert not verify_signature(signature)


def test_another_persons_name_under_the_same_bytes_does_not_verify():
    cast = make_people("ben", "chloe")
    signature = make_signature(cast.ben, statement())
    signature.person = cast.chloe
    assert not verify_signature(signature)


def test_a_signature_survives_a_new_portal_secret_while_the_old_one_is_kept(settings):
    cast = make_people("ben")
    signature = make_signature(cast.ben, statement())
    old, settings.SECRET_KEY = settings.SECRET_KEY, "a new secret"
    assert not verify_signature(signature)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert verify_signature(signature)


def test_the_database_neither_changes_nor_removes_a_signature():
    cast = make_people("ben")
    signature = make_signature(cast.ben, statement())
    with pytest.raises(IntegrityError, match="neither changed nor removed"), transaction.atomic():
        Signature.objects.filter(pk=signature.pk).update(meaning="Reject")
    with pytest.raises(IntegrityError, match="neither changed nor removed"), transaction.atomic():
        Signature.objects.filter(pk=signature.pk).delete()
    assert verify_signature(Signature.objects.get())


def test_a_verb_takes_only_the_signature_that_fits():
    cast = make_people("ben", "chloe")
    signature = make_signature(cast.ben, statement())
    asked = {"person": cast.ben, "type": "vote", "digests": CASE}
    assert require_signature(signature, **asked).meaning == "Approve elevation: require ASL-3"
    for change in ({"person": cast.chloe}, {"type": "signoff"}, {"digests": {"case": "sha256:" + "cd" * 32}}, {"meaning": "Reject"}):
        with pytest.raises(SignatureDoesNotFit):
            require_signature(signature, **(asked | change))


def test_what_the_ledger_hears_of_a_signature_names_nobody():
    cast = make_people("ben")
    signature = make_signature(cast.ben, statement())
    fields = signature_fields(signature)
    assert fields["signature_statement"] == signature.statement_digest
    assert "Ben" not in str(fields)
