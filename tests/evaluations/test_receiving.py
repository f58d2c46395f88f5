"""Receiving bytes: kept whole or not at all, once, and never told to those who may not know."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from evaluations import access
from evaluations.models import Blob, Correction, Measurement, Upload
from evaluations.services import blobs, corrections, dossiers, results, uploads
from ledger.models import Entry
from ledger.refusals import NotAllowed
from people.queries import actor_of
from people.signing import Statement
from people.words import Role
from tests.evaluations.conftest import World, reasons_of
from tests.evaluations.logs import log
from tests.makers import give_role, make_signature, make_snapshot, make_subject, send_file


def test_received_bytes_lie_under_their_digest_and_the_receipt_is_one_entry(world: World) -> None:
    content, before = log(), Entry.objects.count()
    upload = send_file(world.cast, content, world.subject, world.snapshot, at=world.now())
    assert upload.blob_id == hashlib.sha256(content).hexdigest() and upload.blob.size == len(content)
    assert blobs.path_of(upload.blob_id).read_bytes() == content
    assert blobs.path_of(upload.blob_id).parent.name == upload.blob_id[2:4]
    assert list(Entry.objects.filter(seq__gte=before).values_list("kind", flat=True)) == ["evaluations:upload:received"]
    assert upload.received_seq == before


def test_the_same_bytes_with_the_same_particulars_are_the_same_upload(world: World) -> None:
    first = send_file(world.cast, log(), world.subject, world.snapshot, at=world.now())
    count = Entry.objects.count()
    again, created = uploads.receive(
        stream=BytesIO(log()), filename="b.eval", subject=world.subject, snapshot=world.snapshot, actor=world.cast.ada, at=world.now()
    )
    assert again == first and not created and Entry.objects.count() == count


@pytest.mark.parametrize("other", [{"declared": {"variant": "base"}}, {"indicator": "exploits"}, {"snapshot": None}])
def test_the_same_bytes_with_other_particulars_are_refused(world: World, other: dict[str, Any]) -> None:
    send_file(world.cast, log(), world.subject, world.snapshot, at=world.now())
    with pytest.raises(uploads.OtherParticulars):
        send_file(world.cast, log(), world.subject, at=world.now(), **({"snapshot": world.snapshot} | other))
    assert Upload.objects.count() == 1


def test_wrong_particulars_are_mended_once_the_results_are_superseded(world: World) -> None:
    wrong = world.send(log(), snapshot=None)
    measurement = wrong.runs.get().measurements.get()
    about = results.supersession_digests(measurement=measurement)
    statement = Statement(type=results.STATEMENT, digests=about, meaning="This result no longer speaks", role=Role.REVIEWER)
    at = world.now()
    signature = make_signature(world.cast.ben, statement, at=at)
    results.supersede(measurement=measurement, reason="No weights were named.", signature=signature, actor=world.cast.ben, at=at)
    again = world.send(log())
    assert again.snapshot == world.snapshot
    # The two tellings name other weights, and what was superseded has nothing in its place: nothing is ruled out.
    assert world.outcomes["bio-3"] != "ruled_out"
    correct(world, wrong, sent_again=again)
    assert world.outcomes["bio-3"] == "ruled_out"


def correct(world: World, upload: Upload, *, sent_again: Upload | None = None, snapshot: Any = None) -> Correction:
    """Ada says which weights it was, Chloé signs."""
    told = {"upload": upload, "snapshot": snapshot or world.snapshot, "sent_again": sent_again, "reason": "The name was forgotten."}
    proposed = corrections.propose(actor=world.cast.ada, at=world.now(), **told)
    world.work()
    return sign(world, proposed, world.cast.chloe)


def sign(world: World, proposed: Correction, person: Any) -> Correction:
    digests, at = corrections.correction_digests(proposed), world.now()
    statement = Statement(type=corrections.STATEMENT, digests=digests, meaning="This file measured these weights", role=Role.REVIEWER)
    signature = make_signature(person, statement, at=at)
    signed = corrections.sign_correction(correction=proposed, signature=signature, actor=person, at=at)
    world.work()
    return signed


def test_a_forgotten_snapshot_is_named_by_two_people_and_by_neither_alone(world: World) -> None:
    upload = world.send(log(), snapshot=None)
    assert world.outcomes["bio-3"] != "ruled_out"
    proposed = corrections.propose(upload=upload, snapshot=world.snapshot, reason="It was forgotten.", actor=world.cast.ben, at=world.now())
    world.work()
    assert world.outcomes["bio-3"] != "ruled_out"
    with pytest.raises(NotAllowed):  # he proposed it
        sign(world, proposed, world.cast.ben)
    with pytest.raises(corrections.AlreadyProposed):
        corrections.propose(upload=upload, snapshot=world.snapshot, reason="Again.", actor=world.cast.ada, at=world.now())
    give_role(world.cast, world.cast.ada, Role.REVIEWER, at=world.now())
    with pytest.raises(NotAllowed):  # she sent it
        sign(world, proposed, world.cast.ada)
    sign(world, proposed, world.cast.chloe)
    assert world.outcomes["bio-3"] == "ruled_out"
    assert list(Entry.objects.filter(kind__startswith="evaluations:correction:").values_list("kind", flat=True)) == [
        "evaluations:correction:proposed",
        "evaluations:correction:signed",
    ]
    with pytest.raises(corrections.AlreadyCorrected):
        sign(world, proposed, world.cast.chloe)
    with pytest.raises(corrections.NothingToCorrect):
        corrections.propose(upload=upload, snapshot=world.snapshot, reason="Again.", actor=world.cast.ada, at=world.now())
    assert send_file(world.cast, log(), world.subject, world.snapshot, at=world.now()) == upload
    with pytest.raises(DatabaseError), transaction.atomic():
        Correction.objects.update(reason="Another one.")


def test_the_weights_a_file_was_moved_from_need_a_result_of_their_own_again(world: World) -> None:
    other = make_snapshot(world.cast, world.subject, "step 2", at=world.now(), compute_factor=1, is_release_candidate=True)
    wrong = world.send(log(), snapshot=other)
    assert world.outcomes["bio-3"] == "ruled_out"
    correct(world, wrong)
    assert world.outcomes["bio-3"] == "not_assessed" and "required-cell-empty" in reasons_of(world)


def test_a_concerning_result_is_not_washed_clean_by_moving_it_beside_a_clean_one(world: World) -> None:
    """Two people say that it was on other weights; then a clean result of those replaces it. What raised goes on raising."""
    other = make_snapshot(world.cast, world.subject, "step 2", at=world.now(), compute_factor=1)
    bad = world.send(log(right=20, run="bad"), snapshot=other)
    good = world.send(log(run="good"))
    assert world.outcomes["bio-3"] == "cannot_rule_out"
    correct(world, bad)
    assert world.outcomes["bio-3"] == "cannot_rule_out"
    old, new = (each.runs.get().measurements.get() for each in (bad, good))
    about = results.supersession_digests(measurement=old, replacement=new)
    statement = Statement(type=results.STATEMENT, digests=about, meaning="This result no longer speaks", role=Role.REVIEWER)
    at = world.now()
    signature = make_signature(world.cast.ben, statement, at=at)
    results.supersede(measurement=old, replacement=new, reason="A rerun.", signature=signature, actor=world.cast.ben, at=at)
    world.work()
    assert world.outcomes["bio-3"] == "cannot_rule_out" and "superseded-without-replacement" in reasons_of(world)


def test_a_correction_is_for_weights_of_the_same_model_and_for_a_file_that_was_read(world: World) -> None:
    stranger = make_snapshot(world.cast, make_subject(world.cast, "kestrel", at=world.now()), at=world.now())
    upload = world.send(log(), snapshot=None)
    told = {"upload": upload, "reason": "It was forgotten.", "actor": world.cast.ada, "at": world.now()}
    with pytest.raises(uploads.SnapshotOfAnother):
        corrections.propose(snapshot=stranger, **told)
    with pytest.raises(corrections.CorrectionNotValid) as refused:
        corrections.propose(snapshot=world.snapshot, sent_again=world.send(log(run="else")), **told | {"at": world.now()})
    assert refused.value.code == "not_sent_again"
    unread = send_file(world.cast, log(run="unread"), world.subject, at=world.now())
    with pytest.raises(corrections.NotReadYet):
        corrections.propose(snapshot=world.snapshot, **told | {"upload": unread, "at": world.now()})
    with pytest.raises(NotAllowed):
        corrections.propose(snapshot=world.snapshot, **told | {"actor": world.cast.farid, "at": world.now()})


@pytest.mark.parametrize("how", ["refused and set aside", "nothing measured", "its run set aside"])
def test_a_file_that_says_nothing_any_more_does_not_stand_in_the_way(world: World, how: str) -> None:
    content = b"broken" if how.startswith("refused") else log(results__scores=[]) if how.startswith("nothing") else log()
    first = world.send(content, snapshot=None)
    if how.startswith("nothing"):
        assert not first.runs.filter(measurements__isnull=False).exists()
    else:
        about = {"upload": first} if how.startswith("refused") else {"run": first.runs.get()}
        with pytest.raises(uploads.OtherParticulars):
            world.send(content)
        statement = Statement(type=results.STATEMENT, digests=results.supersession_digests(**about), meaning="No more", role=Role.REVIEWER)
        at = world.now()
        signature = make_signature(world.cast.ben, statement, at=at)
        results.supersede(reason="Sent by mistake.", signature=signature, actor=world.cast.ben, at=at, **about)
    assert world.send(content) != first


def test_the_same_bytes_for_another_subject_are_an_upload_of_their_own(world: World) -> None:
    first = send_file(world.cast, log(), world.subject, world.snapshot, at=world.now())
    other = make_subject(world.cast, "kestrel", at=world.now())
    second = send_file(world.cast, log(), other, at=world.now())
    assert second != first and Blob.objects.count() == 1


def test_an_idempotency_key_stands_for_one_request(world: World) -> None:
    first = send_file(world.cast, log(), world.subject, world.snapshot, at=world.now(), idempotency_key="k1")
    assert send_file(world.cast, log(), world.subject, world.snapshot, at=world.now(), idempotency_key="k1") == first
    with pytest.raises(uploads.KeyUsedOtherwise):
        send_file(world.cast, log(run="other"), world.subject, world.snapshot, at=world.now(), idempotency_key="k1")
    assert Upload.objects.count() == 1


def test_a_file_over_the_limit_leaves_nothing_behind(world: World, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 100
    with pytest.raises(blobs.TooLarge):
        send_file(world.cast, b"x" * 101, world.subject, at=world.now())
    assert not Upload.objects.exists() and not Blob.objects.exists()
    assert [path for path in Path(settings.BLOB_DIR).rglob("*") if path.is_file()] == []
    assert send_file(world.cast, b"x" * 100, world.subject, at=world.now()).blob.size == 100


def test_a_stream_that_breaks_off_leaves_nothing_behind(world: World, settings: Any) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(10)

    with pytest.raises(ConnectionResetError):
        uploads.receive(stream=Broken(b"x" * 20), filename="", subject=world.subject, actor=world.cast.ada, at=world.now())
    assert not Upload.objects.exists()
    assert [path for path in Path(settings.BLOB_DIR).rglob("*") if path.is_file()] == []


def test_what_a_killed_process_left_half_received_goes_after_a_day(world: World, settings: Any) -> None:
    send_file(world.cast, log(), world.subject, world.snapshot, at=world.now())
    left = settings.BLOB_DIR / "incoming" / "half"
    left.write_bytes(b"half")
    written_at = datetime.fromtimestamp(left.stat().st_mtime, UTC)
    assert blobs.forget_broken_off(at=written_at + timedelta(hours=23)) == 0 and left.exists()
    assert blobs.forget_broken_off(at=written_at + timedelta(hours=25)) == 1 and not left.exists()
    assert blobs.path_of(Upload.objects.get().blob_id).exists()


def test_bytes_the_disk_has_lost_are_healed_by_sending_them_again(world: World) -> None:
    upload = send_file(world.cast, log(), world.subject, world.snapshot, at=world.now())
    blobs.path_of(upload.blob_id).unlink()
    send_file(world.cast, log(), world.subject, world.snapshot, at=world.now())
    assert blobs.path_of(upload.blob_id).read_bytes() == log()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\logs\\run.eval", "run.eval"),
        ("a\u202egpj.eval", "agpj.eval"),
        ("tab\there\0.eval", "tabhere.eval"),
        ("x" * 400, "x" * 255),
        ("<script>alert(1)</script>.eval", "script>.eval"),
        ("", ""),
    ],
)
def test_a_hostile_file_name_is_kept_as_words_only(world: World, given: str, kept: str) -> None:
    assert send_file(world.cast, log(), world.subject, world.snapshot, name=given, at=world.now()).filename == kept


@pytest.mark.parametrize("declared", [{"mood": "good"}, {"variant": ["a"]}, {"variant": 1.5}, {"variant": "x" * 201}, {"variant": "a\0b"}])
def test_facts_that_are_none_are_refused(world: World, declared: dict[str, Any]) -> None:
    with pytest.raises(uploads.DeclaredFactsNotValid):
        send_file(world.cast, log(), world.subject, at=world.now(), declared=declared)
    assert not Upload.objects.exists()


def test_declared_truths_and_numbers_become_text(world: World) -> None:
    upload = send_file(world.cast, log(), world.subject, at=world.now(), declared={"safeguards_on": False, "attempts": 10, "tools": ""})
    assert upload.declared == {"safeguards_on": "false", "attempts": "10"}


def test_a_snapshot_of_another_subject_is_refused(world: World) -> None:
    other = make_snapshot(world.cast, make_subject(world.cast, "kestrel", at=world.now()), at=world.now())
    with pytest.raises(uploads.SnapshotOfAnother):
        send_file(world.cast, log(), world.subject, other, at=world.now())


def test_researchers_upload_and_reviewers_do_not(world: World) -> None:
    sent = {"stream": BytesIO(log()), "filename": "", "subject": world.subject}
    with pytest.raises(NotAllowed):
        uploads.receive(**sent, actor=world.cast.ben, at=world.now())
    assert uploads.receive(**sent, actor=world.cast.dan, at=world.now())[1]


def test_nobody_confirms_the_particulars_of_their_own_upload(world: World) -> None:
    at = world.now()
    upload, _ = uploads.receive(stream=BytesIO(log()), filename="", subject=world.subject, actor=world.cast.dan, at=at)
    with pytest.raises(NotAllowed):
        uploads.countersign(upload=upload, actor=world.cast.dan, at=at)
    uploads.countersign(upload=upload, actor=world.cast.chloe, at=at)
    with pytest.raises(uploads.AlreadyCountersigned):
        uploads.countersign(upload=upload, actor=world.cast.ben, at=at)


def test_an_outside_evaluator_sees_the_dossier_and_nothing_else(world: World) -> None:
    upload = send_file(world.cast, log(), world.subject, world.snapshot, at=world.now())
    at = world.now()
    with pytest.raises(access.UploadNotKnown):
        access.upload(actor_of(world.cast.lena, at), upload.pk, at)
    until = at + timedelta(days=1)
    dossiers.open_dossier(subject=world.subject, person=world.cast.lena, until_at=until, actor=world.cast.dan, at=at)
    other = make_subject(world.cast, "kestrel", at=at)
    lena = actor_of(world.cast.lena, at)
    assert access.upload(lena, upload.pk, at) == upload and access.subject(lena, "heron", at) == world.subject
    with pytest.raises(access.SubjectNotKnown):
        access.subject(lena, other.slug, at)


def test_somebody_without_a_role_knows_of_nothing(world: World) -> None:
    at = world.now()
    upload = send_file(world.cast, log(), world.subject, at=at)
    nobody = actor_of(world.cast.ada, at.replace(year=2020))
    assert not nobody.roles
    with pytest.raises(access.UploadNotKnown):
        access.upload(nobody, upload.pk, at)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE evaluations_measurement SET value = '0'",
        "DELETE FROM evaluations_measurement",
        "UPDATE evaluations_run SET status = 'success'",
        "UPDATE evaluations_blob SET size = 0",
        "UPDATE evaluations_document SET kind = 'evidence'",
        "DELETE FROM evaluations_assessment",
        "UPDATE evaluations_assessment SET summary = '{}'",
        "UPDATE evaluations_parseattempt SET verdict = 'accept'",
        "UPDATE evaluations_binding SET indicator = 'other'",
        "DELETE FROM evaluations_binding",
    ],
)
def test_the_database_refuses_to_change_a_fact(world: World, change: str) -> None:
    world.send(log())
    assert Measurement.objects.count() == 1
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_receiving_takes_the_same_number_of_questions_however_much_was_received(
    world: World, django_assert_num_queries: Callable[..., Any]
) -> None:
    for number in range(5):
        send_file(world.cast, log(run=f"r{number}"), world.subject, at=world.now())
    with django_assert_num_queries(13):
        send_file(world.cast, log(run="last"), world.subject, at=world.now())
