"""A signed word that a file measured exactly these weights is worth a second person's confirmation, and anybody can check it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evaluations import documents
from evaluations.models import Attestation, Upload
from evaluations.replay import replay_assessment
from evaluations.services.attestations import STATEMENT, AlreadyAttested, NothingToAttest, attest, attestation_digests
from evaluations.services.dossiers import open_dossier
from ledger.models import Entry
from ledger.refusals import NotAllowed
from people.models import Person
from people.signing import SignatureDoesNotFit, Statement, verify_signature
from tests.evaluations.conftest import World
from tests.evaluations.logs import log
from tests.makers import PASSWORD, give_password, later, make_signature, make_snapshot


def signed(world: World, upload: Upload, person: Person, *, role: str = "reviewer", **digests: str) -> Attestation:
    at = world.now()
    about = attestation_digests(upload) | digests
    signature = make_signature(person, Statement(type=STATEMENT, digests=about, meaning="measured", role=role), at=at)
    return attest(upload=upload, note="I ran it.", signature=signature, actor=person, at=at)


def grades(world: World) -> set[str]:
    return {each["grade"] for each in documents.content(world.assessment.evidence_digest)["measurements"]}


def test_what_nobody_confirmed_rules_out_once_somebody_else_attested_it_by_signature(world: World) -> None:
    upload = world.send(log(), countersigned=False)
    assert grades(world) == {"declared"} and world.outcomes["bio-3"] != "ruled_out"
    attestation = signed(world, upload, world.cast.ben)
    world.work()
    assert grades(world) == {"attested"} and world.outcomes["bio-3"] == "ruled_out"
    assert verify_signature(attestation.signature) and list(replay_assessment(world.assessment)) == []
    entry = Entry.objects.prefetch_related("fields").get(kind="evaluations:upload:attested")
    assert entry.values["blob"] == f"sha256:{upload.blob_id}" and entry.values["signature"] == str(attestation.signature_id)


def test_who_sent_it_does_not_attest_it_nor_does_who_neither_judges_nor_evaluates(world: World) -> None:
    upload = world.send(log(), countersigned=False)
    for person, role in ((world.cast.ada, "researcher"), (world.cast.grace, "executive")):
        with pytest.raises(NotAllowed):
            signed(world, upload, person, role=role)
    signed(world, upload, world.cast.ben)
    with pytest.raises(AlreadyAttested):
        signed(world, upload, world.cast.ben)


def test_a_statement_about_other_bytes_or_other_weights_attests_nothing(world: World) -> None:
    upload = world.send(log(), countersigned=False)
    other = "sha256:" + "ab" * 32
    for about in ({"blob": other}, {"weights": other}):
        with pytest.raises(SignatureDoesNotFit):
            signed(world, upload, world.cast.ben, **about)
    assert not Attestation.objects.exists()


def test_nothing_is_attested_of_weights_nobody_confirmed(world: World) -> None:
    weights = make_snapshot(world.cast, world.subject, "step 2", confirmed=False, names=("demo/other",), at=world.now())
    upload = world.send(log(model="demo/other", run="other"), countersigned=False, snapshot=weights)
    with pytest.raises(NothingToAttest):
        signed(world, upload, world.cast.ben)


def test_the_sheet_signs_both_digests_and_an_outside_evaluator_attests_in_their_dossier(world: World, client: Client) -> None:
    upload = world.send(log(), countersigned=False)
    sheet, lena = reverse("evaluations:upload-attest", args=[upload.pk]), world.cast.lena
    give_password(lena, at=world.now())
    client.force_login(lena.user)
    told: dict[str, Any] = {"reason": "I ran it on these weights.", "role": "outside_evaluator", "password": PASSWORD}
    assert client.post(sheet, told).status_code == 404
    open_dossier(subject=world.subject, person=lena, until_at=later(days=99_999), actor=world.cast.dan, at=world.now())
    assert client.post(sheet, told | {"password": "wrong"}).status_code == 422
    assert client.post(sheet, told).status_code == 302
    assert "I ran it on these weights." in client.get(reverse("evaluations:upload", args=[upload.pk])).content.decode()
