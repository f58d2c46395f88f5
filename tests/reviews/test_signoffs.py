"""Safeguards as built, their evidence, their sign-offs, and the one statement that names them."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction

from ledger.models import Entry
from ledger.refusals import NotAllowed, NotValid
from people.signing import statement_of
from reviews.facts import collect_one
from reviews.models import ApplicabilityStatement, SafeguardsDecision, SignOff
from reviews.services import signoffs
from reviews.services.applicability import ScopesNotFit, SignOffsMissing, TierUndefined, coverage_of
from reviews.services.signoffs import (
    AlreadyAttached,
    AlreadyRegistered,
    CannotSignTwice,
    EvidenceNotFit,
    ImplementationChanged,
    NotInForce,
    PlaceNotFit,
    Retired,
    SafeguardNotKnown,
)
from tests.makers import give_role, make_signature
from tests.reviews.conftest import Board


def test_a_sign_off_is_about_one_version_with_meaning_and_expiry(board: Board) -> None:
    implementation = board.build("asl-2-security-1")
    before = Entry.objects.count()
    signoff = board.sign_off(board.cast.chloe, implementation, meaning="verified-implementation")
    assert Entry.objects.count() == before + 1
    assert (signoff.version, signoff.expires_at - signoff.given_at) == (2, timedelta(days=365))
    assert statement_of(signoff.signature).digests["version"] == implementation.version_digest
    assert signoff.holds(signoff.given_at, board.version) and not signoff.holds(signoff.expires_at, board.version)
    with pytest.raises(CannotSignTwice):
        board.sign_off(board.cast.chloe, implementation)


@pytest.mark.parametrize(
    ("who", "code"), [("ben", "competence_missing"), ("farid", "not_a_reviewer"), ("ada", "not_a_reviewer"), ("dan", "not_a_reviewer")]
)
def test_who_lacks_the_competence_or_the_role_signs_nothing_off(board: Board, who: str, code: str) -> None:
    implementation = board.build("asl-2-security-1")
    with pytest.raises(NotAllowed) as refused:
        board.sign_off(getattr(board.cast, who), implementation)
    assert refused.value.code == code


def test_an_owner_does_not_sign_off_their_own_and_the_database_knows_it(board: Board) -> None:
    give_role(board.cast, board.cast.chloe, "safeguard_owner", at=board.now())
    own = board.build("asl-2-security-1", owner=board.cast.chloe)
    with pytest.raises(NotAllowed) as refused:
        board.sign_off(board.cast.chloe, own)
    assert refused.value.code == "own_safeguard"
    signoff = board.sign_off(board.cast.chloe, board.build("asl-2-deployment-1"))
    copied = ("implementation", "version", "person", "meaning", "rationale", "given_at", "expires_at")
    copy = {name: getattr(signoff, name) for name in copied} | {"owner": signoff.person, "content_digest": "sha256:other"}
    signature = make_signature(board.cast.chloe, replace(statement_of(signoff.signature), nonce="once"), at=board.now())
    with pytest.raises(IntegrityError, match="an_owner_does_not_sign_off"), transaction.atomic():
        SignOff.objects.create(**copy, signature=signature)


def test_who_brought_the_evidence_does_not_sign_it_off(board: Board) -> None:
    give_role(board.cast, board.cast.ben, "safeguard_owner", at=board.now())
    implementation = board.build("asl-2-deployment-1")
    board.attach(implementation, b"More.", actor=board.cast.ben)
    with pytest.raises(NotAllowed):
        board.sign_off(board.cast.ben, implementation)
    assert board.sign_off(board.cast.chloe, implementation)


def test_new_evidence_or_other_words_are_a_new_version_and_end_the_sign_off(board: Board) -> None:
    implementation = board.build("asl-2-deployment-1")
    signoff = board.sign_off(board.cast.chloe, implementation)
    seen = implementation.version_digest
    board.attach(implementation, b"A later report.")
    assert implementation.version == 3 and not SignOff.objects.in_force(board.now(), board.version).exists()
    with pytest.raises(ImplementationChanged):
        board.sign_off(board.cast.chloe, implementation, seen_digest=seen)
    again = board.sign_off(board.cast.chloe, implementation)
    assert list(SignOff.objects.in_force(board.now(), board.version)) == [again] and signoff.pk != again.pk
    same = signoffs.change_implementation(
        implementation=implementation, title="", description="How it is built.", actor=board.cast.farid, at=board.now()
    )
    assert same.version == 3
    signoffs.change_implementation(
        implementation=implementation, title="", description="Otherwise.", actor=board.cast.farid, at=board.now()
    )
    assert not SignOff.objects.in_force(board.now(), board.version).exists()


def test_withdrawn_evidence_stays_on_record_and_makes_a_new_version(board: Board) -> None:
    implementation = board.build("asl-2-deployment-1")
    found = implementation.evidence.get()
    signoffs.withdraw_evidence(evidence=found, actor=board.cast.farid, at=board.now())
    implementation.refresh_from_db()
    assert implementation.version == 3 and implementation.evidence.count() == 1


def test_evidence_fits_its_safeguard_and_is_attached_once_by_an_owner(board: Board) -> None:
    implementation = board.build("asl-2-deployment-1")
    with pytest.raises(AlreadyAttached):
        board.attach(implementation)
    with pytest.raises(NotAllowed):
        board.attach(implementation, b"Mine.", actor=board.cast.ada)
    with pytest.raises(EvidenceNotFit):
        signoffs.attach_evidence(
            implementation=implementation,
            stream=BytesIO(b"x"),
            filename="x",
            evidence_type="rumour",
            note="",
            actor=board.cast.farid,
            at=board.now(),
        )


def test_an_implementation_is_registered_once_for_a_safeguard_and_a_place_it_can_have(board: Board) -> None:
    board.build("asl-2-deployment-1")
    with pytest.raises(AlreadyRegistered):
        board.build("asl-2-deployment-1")
    with pytest.raises(SafeguardNotKnown):
        board.build("asl-9-deployment-1")
    with pytest.raises(PlaceNotFit):
        board.build("asl-2-security-1", subject=board.subject)


def test_a_revoked_sign_off_says_why_and_stays(board: Board) -> None:
    signoff = board.sign_off(board.cast.chloe, board.build("asl-2-deployment-1"))
    told = {"signoff": signoff, "reason": "The report was forged."}
    with pytest.raises(NotAllowed):
        signoffs.revoke_signoff(**told, actor=board.cast.farid, at=board.now())
    with pytest.raises(NotValid):
        signoffs.revoke_signoff(**told | {"reason": ""}, actor=board.cast.ben, at=board.now())
    revoked = signoffs.revoke_signoff(**told, actor=board.cast.ben, at=board.now())
    assert (revoked.revoked_by, revoked.revoked_why) == (board.cast.ben, "The report was forged.")
    with pytest.raises(NotInForce):
        signoffs.revoke_signoff(**told, actor=board.cast.ben, at=board.now())


def test_a_retired_implementation_holds_nothing(board: Board) -> None:
    implementation = board.build("asl-2-deployment-1")
    board.sign_off(board.cast.chloe, implementation)
    signoffs.retire_implementation(implementation=implementation, actor=board.cast.farid, at=board.now())
    assert not SignOff.objects.in_force(board.now(), board.version).exists()
    with pytest.raises(Retired):
        board.sign_off(board.cast.chloe, implementation)


def test_one_statement_names_what_covers_the_required_tiers(board: Board) -> None:
    board.clean()
    case = board.open_case()
    with pytest.raises(SignOffsMissing) as refused:
        board.state(case)
    assert refused.value.data["safeguards"] == ["asl-2-deployment-1", "asl-2-security-1"]
    board.safeguard()
    with pytest.raises(ScopesNotFit):
        board.state(case, "the moon")
    first = board.state(case)
    assert {line.safeguard for line in first.lines.all()} == {"asl-2-deployment-1", "asl-2-security-1"}
    second = board.state(case, "external")
    first.refresh_from_db()
    assert first.replaced_at is not None and ApplicabilityStatement.objects.get(replaced_at=None) == second


def test_an_elevation_asks_for_the_safeguards_of_its_tier_and_of_the_baseline(board: Board) -> None:
    board.safeguard()
    case = board.rise()
    found = coverage_of(case, collect_one(board.subject, board.version, board.now()))
    assert sorted(each.safeguard.slug for each in found) == sorted(each.slug for each in board.version.document.safeguards)
    assert all(each.signoff is not None and not each.is_exception for each in found)


def test_nothing_covers_a_tier_nobody_has_defined(board: Board) -> None:
    board.safeguard()
    board.measure("exploits", right=30)
    with pytest.raises(TierUndefined):
        board.state(board.case)


def test_adequacy_runs_out_with_the_first_sign_off_it_rests_on(board: Board) -> None:
    board.clean()
    signed = board.safeguard()
    board.open_case()
    board.settle_safeguards()
    decisions = SafeguardsDecision.objects.all()
    assert {decision.axis for decision in decisions} == {"deployment", "security"}
    assert all(decision.valid_until in {signoff.expires_at for signoff in signed} for decision in decisions)


def test_enough_heads_without_the_security_competence_do_not_decide_security(board: Board) -> None:
    board.clean()
    board.safeguard()
    case = board.open_case()
    board.state(case)
    question = board.question("safeguards", axis="security")
    tally = board.vote(board.cast.ben, question) and board.vote(board.cast.chloe, question)
    assert tally and board.decide(question).verdict == "adequate"
    assert question.quorum["approve"]["seats"] == [{"at_least": 1, "role": "", "competence": "security"}]
