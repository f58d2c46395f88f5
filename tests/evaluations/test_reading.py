"""Reading received files: whole or not at all, safe to run twice, given up after a while, and never half stored."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import RFC_4122

import pytest

from evaluations import adapters
from evaluations.adapters import inspect_header
from evaluations.models import Measurement, ParseAttempt, Run, Subject, Upload
from evaluations.services import blobs, readings, results, uploads
from ledger.models import Entry
from ledger.refusals import NotAllowed
from people.models import Person
from people.signing import Statement
from people.words import Role
from tests.evaluations.conftest import World
from tests.evaluations.logs import log
from tests.makers import make_signature, make_snapshot, make_subject, send_file


def _kinds_since(before: int) -> list[str]:
    return list(Entry.objects.filter(seq__gte=before).order_by("seq").values_list("kind", flat=True))


def test_a_file_is_read_into_its_run_and_measurements_with_one_entry(world: World) -> None:
    upload = send_file(world.cast, log(right=10), world.subject, world.snapshot, at=world.now())
    before = Entry.objects.count()
    readings.parse(upload_id=upload.pk, at=world.now())
    upload.refresh_from_db()
    assert (upload.state, upload.percent, upload.format, upload.verdict) == ("parsed", 100, "inspect-eval", "accept")
    run = upload.runs.get()
    assert (run.task, run.model, run.total, run.scored) == ("bio_protocols", "demo/heron", 40, 40)
    measurement = run.measurements.get()
    assert (measurement.metric, measurement.value, measurement.n) == ("accuracy", "0.25", 40)
    assert _kinds_since(before) == ["evaluations:upload:parsed"]


def test_reading_twice_is_reading_once(world: World) -> None:
    upload = world.send(log())
    before = Entry.objects.count()
    assert readings.parse(upload_id=upload.pk, at=world.now()) is None
    assert Entry.objects.count() == before and Run.objects.count() == 1 and ParseAttempt.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (log()[:-30], None),
        (b"<html><body>Not found</body></html>", None),
        (b'{"status": "success", "status": "error"}', None),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", None),
    ],
    ids=["empty", "cut", "web page", "not a result", "pointer"],
)
def test_a_file_that_cannot_be_taken_is_refused_with_a_reason_and_stores_nothing_half(
    world: World, content: bytes, code: str | None
) -> None:
    before = world.assessment
    upload = world.send(content, name="run.eval")
    assert upload.state == "rejected" and upload.percent == 100
    assert upload.error_code and upload.error_message and (code is None or upload.error_code == code)
    assert not Run.objects.exists() and not Measurement.objects.exists() and not ParseAttempt.objects.exists()
    assert Entry.objects.filter(kind="evaluations:upload:rejected").count() == 1
    assert world.assessment == before or world.assessment.summary == before.summary


def test_a_reader_that_breaks_gives_the_file_back_and_at_last_up(world: World) -> None:
    upload = send_file(world.cast, log(), world.subject, at=world.now())
    blobs.path_of(upload.blob_id).unlink()  # the reader breaks: the bytes are gone
    at = world.now()
    for attempt in range(1, readings.MAX_ATTEMPTS + 1):
        assert readings.due(at=at) == [upload.pk]
        readings.parse(upload_id=upload.pk, at=at)
        upload.refresh_from_db()
        assert upload.attempts == attempt
        at = upload.not_before or at
    assert upload.state == "dead" and upload.error_what_to_do and readings.due(at=at + timedelta(days=9)) == []
    assert Entry.objects.filter(kind="evaluations:upload:given-up").count() == 1


def test_a_file_that_was_given_up_is_read_again_when_asked(world: World) -> None:
    upload = send_file(world.cast, log(), world.subject, world.snapshot, at=world.now())
    path = blobs.path_of(upload.blob_id)
    content = path.read_bytes()
    path.unlink()
    at = world.now()
    for _ in range(readings.MAX_ATTEMPTS):
        readings.parse(upload_id=upload.pk, at=at)
        at += timedelta(hours=1)
    path.write_bytes(content)
    upload.refresh_from_db()
    with pytest.raises(NotAllowed):
        uploads.retry(upload=upload, actor=world.cast.ben, at=at)
    assert uploads.retry(upload=upload, actor=world.cast.ada, at=at).state == "received"
    readings.parse(upload_id=upload.pk, at=at)
    upload.refresh_from_db()
    assert upload.state == "parsed" and upload.error_code == ""


def test_a_leased_file_is_left_alone_until_its_reader_has_gone_silent(world: World) -> None:
    upload = send_file(world.cast, log(), world.subject, world.snapshot, at=world.now())
    at = world.now()
    claimed = readings._claim(upload.pk, at)
    assert claimed is not None and readings.due(at=at) == []
    assert readings.parse(upload_id=upload.pk, at=at) is None
    later = at + readings.LEASE
    assert readings.due(at=later) == [upload.pk]
    taken = readings.parse(upload_id=upload.pk, at=later)
    assert taken is not None and taken.state == "parsed"
    # The first reader comes back from the dead and writes nothing.
    assert readings._store(claimed, readings._read(claimed), later) is None
    assert Run.objects.count() == 1


def test_a_reader_thought_dead_writes_nothing_while_another_is_at_it(world: World) -> None:
    upload = send_file(world.cast, log(), world.subject, world.snapshot, at=world.now())
    at = world.now()
    first = readings._claim(upload.pk, at)
    second = readings._claim(upload.pk, at + readings.LEASE)
    assert first is not None and second is not None
    assert readings._store(first, readings._read(first), at + readings.LEASE) is None
    assert not Run.objects.exists()
    assert readings._store(second, readings._read(second), at + readings.LEASE) is not None


def test_a_lease_and_a_wait_of_a_clock_that_has_jumped_since_bind_nobody(world: World) -> None:
    first, second = (send_file(world.cast, log(run=run), world.subject, world.snapshot, at=world.now()) for run in ("one", "two"))
    at = world.now()
    claimed_far_ahead = readings._claim(first.pk, at + 100 * readings.LEASE)
    assert claimed_far_ahead is not None
    Upload.objects.filter(pk=second.pk).update(not_before=at + 100 * readings.LONGEST_WAIT)
    assert readings.due(at=at) == [first.pk, second.pk]


# --- Twins: one run told twice --------------------------------------------------------------------------------------------------------------


def _packed_otherwise(**more: Any) -> bytes:
    """The same run in other bytes."""
    return log(eval__packages={"inspect_ai": "0.3.286"}, **more)


def test_the_same_run_in_other_bytes_counts_once(world: World) -> None:
    first = world.send(log(right=2)).runs.get()
    before = world.assessment.finding_digests
    twin = world.send(_packed_otherwise(right=2)).runs.get()
    assert twin.twin_of == first and not twin.conflicts
    assert world.assessment.finding_digests == before and world.outcomes["bio-3"] == "ruled_out"


def test_a_twin_that_tells_something_else_holds_both_and_the_worse_one_still_raises(world: World) -> None:
    world.send(log(right=2))
    assert world.outcomes["bio-3"] == "ruled_out"
    twin = world.send(_packed_otherwise(right=38)).runs.get()
    assert twin.conflicts and world.outcomes["bio-3"] == "cannot_rule_out"


def test_a_benign_twin_of_a_grave_run_does_not_soften_it(world: World) -> None:
    world.send(log(right=38))
    world.send(_packed_otherwise(right=2))
    assert world.outcomes["bio-3"] == "cannot_rule_out"


def test_setting_the_wrong_telling_aside_lets_the_other_speak(world: World) -> None:
    world.send(log(right=2))
    wrong = world.send(_packed_otherwise(right=38)).runs.get()
    at = world.now()
    about = results.supersession_digests(run=wrong)
    statement = Statement(type=results.STATEMENT, digests=about, meaning="This result no longer speaks", role=Role.REVIEWER)
    signature = make_signature(world.cast.ben, statement, at=at)
    results.supersede(run=wrong, reason="Edited by hand.", signature=signature, actor=world.cast.ben, at=at)
    world.work()
    assert world.outcomes["bio-3"] == "ruled_out"


def test_the_same_run_on_other_weights_conflicts(world: World) -> None:
    other = make_snapshot(world.cast, world.subject, "step 2", at=world.now(), compute_factor=1)
    world.send(log(right=2))
    twin = world.send(_packed_otherwise(right=2), snapshot=other).runs.get()
    assert twin.conflicts and world.outcomes["bio-3"] != "ruled_out"


def _claim_elsewhere(world: World) -> tuple[Subject, Run]:
    """The run of Heron is told of Kestrel too; both are assessed."""
    other = make_subject(world.cast, "kestrel", at=world.now())
    snapshot = make_snapshot(world.cast, other, at=world.now())
    upload = send_file(world.cast, log(right=2), other, snapshot, at=world.now())
    uploads.countersign(upload=upload, actor=world.cast.ben, at=world.now())
    world.work()
    return other, upload.runs.get()


def test_a_run_claimed_for_two_subjects_rules_out_for_neither(world: World) -> None:
    """Whoever claims a run first gets no power from it: else a weak model's log, sent first for a strong one, would clear that one for good."""
    first = world.send(log(right=2)).runs.get()
    assert world.outcomes["bio-3"] == "ruled_out"
    other, claim = _claim_elsewhere(world)
    assert claim.claimed_elsewhere and not first.claimed_elsewhere
    for outcomes in (world.outcomes, other.assessments.order_by("-seq").first().summary):
        assert outcomes["bio-3"] != "ruled_out"
    entry = Entry.objects.get(kind="evaluations:run:claimed")
    assert entry.thing == f"run:{first.pk}"


def _sign_away(world: World, run: Run, person: Person, role: Role = Role.REVIEWER) -> None:
    at = world.now()
    about = results.supersession_digests(run=run)
    signature = make_signature(person, Statement(type=results.STATEMENT, digests=about, meaning="supersedes", role=role), at=at)
    results.supersede(run=run, reason="Kestrel never ran this.", signature=signature, actor=person, at=at)
    world.work()


def test_a_rival_claim_is_signed_away_by_somebody_who_sent_neither_and_the_first_speaks_again(world: World) -> None:
    """Dan told of the run first: he may set aside what Ada sends, and not her claim on a run he brought himself."""
    upload, _ = uploads.receive(
        stream=BytesIO(log(right=2)),
        filename="run.eval",
        subject=world.subject,
        snapshot=world.snapshot,
        actor=world.cast.dan,
        at=world.now(),
    )
    uploads.countersign(upload=upload, actor=world.cast.ben, at=world.now())
    world.work()
    assert world.outcomes["bio-3"] == "ruled_out"
    _, claim = _claim_elsewhere(world)
    with pytest.raises(NotAllowed):
        _sign_away(world, claim, world.cast.dan, Role.CHAIR)
    assert world.outcomes["bio-3"] != "ruled_out"
    _sign_away(world, claim, world.cast.ben)
    assert world.outcomes["bio-3"] == "ruled_out"
    assert Entry.objects.filter(kind="evaluations:run:cleared").count() == 1


def test_a_measurement_is_superseded_by_another_person_than_its_uploader_and_once(world: World) -> None:
    measurement = world.send(log(right=38)).runs.get().measurements.get()
    at = world.now()
    about = results.supersession_digests(measurement=measurement)

    def signed(person: Any, role: str) -> Any:
        return make_signature(
            person, Statement(type=results.STATEMENT, digests=about, meaning="This result no longer speaks", role=role), at=at
        )

    told = {"measurement": measurement, "reason": "Broken grader.", "at": at}
    with pytest.raises(NotAllowed):
        results.supersede(**told, actor=world.cast.ada, signature=signed(world.cast.ada, Role.RESEARCHER))
    results.supersede(**told, actor=world.cast.ben, signature=signed(world.cast.ben, Role.REVIEWER))
    with pytest.raises(results.AlreadySuperseded):
        results.supersede(**told, actor=world.cast.chloe, signature=signed(world.cast.chloe, Role.REVIEWER))
    assert Upload.objects.count() == 1


def test_a_file_of_many_measurements_is_stored_in_as_many_statements_as_one_of_few(
    world: World, django_assert_max_num_queries: Any
) -> None:
    for count in (10, 3_000):
        upload = send_file(world.cast, log_with_metrics(count), world.subject, name=f"{count}.json", at=world.now())
        with django_assert_max_num_queries(30):
            readings.parse(upload_id=upload.pk, at=world.now())
        assert Measurement.objects.filter(run__upload=upload).count() == count


SAMPLES = Path(__file__).parent.parent / "samples"


@pytest.mark.parametrize(
    "content",
    [
        (SAMPLES / "lm_eval" / "results_new.json").read_bytes,
        (SAMPLES / "every_eval_ever" / "record.json").read_bytes,
        (SAMPLES / "inspect_eval" / "with_interval.eval").read_bytes,
        lambda: log_with_metrics(3, "tab\there", "two\nlines\r", "\\\\N", "\\\\.", 'quote"s', "é\u2028😀", "NULL", ""),
    ],
    ids=["lm-eval", "record", "interval", "awkward names"],
)
def test_every_measurement_is_stored_as_it_was_read(world: World, content: Callable[[], bytes]) -> None:
    upload = send_file(world.cast, content(), world.subject, at=world.now())
    readings.parse(upload_id=upload.pk, at=world.now())
    told = [(run, one) for run in adapters.read(content()).runs for one in run.measurements]
    stored = list(Measurement.objects.filter(run__upload=upload).order_by("run__position", "position"))
    assert told and len(stored) == len(told)
    for (run, one), row in zip(told, stored, strict=True):
        assert (row.run.task, row.id.version, row.id.variant) == (run.task or "", 4, RFC_4122)
        assert row.warnings == [asdict(warning) for warning in one.warnings]
        for name, value in one._asdict().items():
            if name != "warnings":
                assert getattr(row, name) == ("" if value is None and not Measurement._meta.get_field(name).null else value), name
    assert len({row.id for row in stored}) == len(stored)


def log_with_metrics(count: int, *names: str) -> bytes:
    """An Inspect log whose one score has so many metrics, and some of these names."""
    log = json.loads((Path(__file__).parent.parent / "samples" / "inspect_json" / "twin.json").read_bytes())
    score = log["results"]["scores"][0]
    score["metrics"] = {f"metric{index}": {"name": f"metric{index}", "value": index / count} for index in range(count)}
    score["metrics"] |= {name: {"name": name, "value": 7.5} for name in names}
    log["eval"] |= {"run_id": f"run-{count}", "eval_id": f"eval-{count}"}
    log["results"]["scores"] = [score]
    return json.dumps(log).encode()


def test_a_refused_file_may_be_read_again_and_one_the_same_reader_has_read_may_not(world: World) -> None:
    refused = world.send(b"no evaluation at all", countersigned=False)
    assert refused.state == "rejected"
    waiting = uploads.retry(upload=refused, actor=world.cast.ada, at=world.now())
    assert (waiting.state, waiting.error_code) == ("received", "")
    world.work()
    refused.refresh_from_db()
    assert refused.state == "rejected"
    with pytest.raises(uploads.NothingToRetry):
        uploads.retry(upload=world.send(log()), actor=world.cast.ada, at=world.now())


def test_a_newer_reader_reads_a_file_again_and_overwrites_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = world.send(log())
    first = upload.runs.get()
    # The next release of the reader, which finds the same.
    monkeypatch.setattr(inspect_header, "READER_VERSION", "inspect-99")
    monkeypatch.setitem(adapters._VERSIONS, "inspect-eval", "inspect-99")
    assert uploads.can_be_read_again(upload)
    uploads.retry(upload=upload, actor=world.cast.ada, at=world.now())
    world.work()
    assert list(upload.readings.values_list("reader_version", flat=True)) == [first.reading.reader_version, "inspect-99"]
    again = upload.runs.exclude(pk=first.pk).get()
    assert (again.twin_of, again.conflicts) == (first, False) and world.outcomes["bio-3"] == "ruled_out"
    upload.refresh_from_db()
    assert not uploads.can_be_read_again(upload)
