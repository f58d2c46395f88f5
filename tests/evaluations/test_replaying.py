"""Stored decisions come out again byte for byte, or the difference is named."""

from collections.abc import Sequence
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from evaluations import documents
from evaluations.models import Assessment
from evaluations.replay import first_difference, replay_assessment
from evaluations.services import assessments, uploads
from frameworks.engine.decide import ENGINE_VERSION, decide
from frameworks.engine.versions import Versions
from ledger.canonical import canonical, parse
from tests.evaluations.conftest import World
from tests.evaluations.logs import log
from tests.makers import make_binding, make_snapshot, make_subject, send_file


def _replay(**options: str) -> str:
    out = StringIO()
    call_command("replay", stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def _tamper(statement: str, values: Sequence[str] = ()) -> None:
    """What somebody could do who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def _history(world: World) -> None:
    """Everything that can happen to evidence after it was first assessed."""
    world.send(log(right=2))
    child = make_subject(world.cast, "heron-tuned", parent=world.subject, derivation="fine-tune", at=world.now())
    world.send(log(right=20, run="second"))
    make_snapshot(world.cast, world.subject, "step 2", at=world.now(), compute_factor="1.5", is_release_candidate=True)
    make_binding(world.cast, "exploits", "exploits", task_version="2", at=world.now())
    upload = send_file(world.cast, log("exploits", run="third"), child, at=world.now())
    world.work()
    uploads.countersign(upload=upload, actor=world.cast.ben, at=world.now())
    world.work()


def test_every_assessment_of_a_history_replays(world: World) -> None:
    _history(world)
    count = Assessment.objects.count()
    assert count >= 7
    assert f"evaluations.assessments: {count} replayed" in _replay()
    assert f"Every stored answer came out again, byte for byte: {count} assessments and 0 gate answers." in _replay()


def test_replay_of_one_subject_asks_only_for_its_own(world: World) -> None:
    _history(world)
    own = Assessment.objects.filter(subject__slug="heron-tuned").count()
    assert f"evaluations.assessments: {own} replayed" in _replay(subject="heron-tuned")
    with pytest.raises(CommandError, match="no subject"):
        _replay(subject="nothing")


def _next_engine(framework: bytes, evidence: bytes) -> bytes:
    """An engine of a later day, which says more."""
    said = parse(decide(framework, evidence))
    assert isinstance(said, dict)
    return canonical(said | {"engine_version": "next", "remark": "Looked at twice."})


BOTH = Versions("engine", {ENGINE_VERSION: decide, "next": _next_engine}, current="next")


def test_each_assessment_is_replayed_by_the_engine_that_made_it(world: World) -> None:
    world.send(log(right=2))
    before = world.assessment
    after = assessments.assess(subject=world.subject, framework_version=world.framework, at=world.now(), engines=BOTH)
    assert after is not None and (before.engine_version, after.engine_version) == (ENGINE_VERSION, "next")
    assert [*replay_assessment(before, engines=BOTH), *replay_assessment(after, engines=BOTH)] == []
    swapped = Versions("engine", {ENGINE_VERSION: _next_engine, "next": decide}, current="next")
    assert all(list(replay_assessment(each, engines=swapped)) for each in (before, after))


def test_an_engine_this_portal_does_not_carry_is_a_difference_with_a_name(world: World) -> None:
    world.send(log(right=2))
    assessments.assess(subject=world.subject, framework_version=world.framework, at=world.now(), engines=BOTH)
    errors = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("replay", stdout=StringIO(), stderr=errors)
    assert refused.value.returncode == 1
    assert "engine_version: stored next, recomputed made by engine version next, which this portal does not carry" in errors.getvalue()


def test_evidence_of_a_form_nobody_collects_any_more_is_a_difference_with_a_name(world: World) -> None:
    world.send(log(right=2))
    told = documents.content(world.assessment.evidence_digest) | {"format": "asl-evidence/0"}
    name = documents.store("evidence", canonical(told), at=world.now())
    _tamper("UPDATE evaluations_assessment SET evidence_digest = %s", [name])
    places = {each.place: each.recomputed for each in replay_assessment(Assessment.objects.get(pk=world.assessment.pk))}
    assert places["evidence/format"] == "collected as asl-evidence/0, which this portal does not carry"


def test_a_changed_fact_is_found_and_named(world: World) -> None:
    world.send(log(right=2))
    _tamper("UPDATE evaluations_measurement SET value = '0.01'")
    errors = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("replay", stdout=StringIO(), stderr=errors)
    assert refused.value.returncode == 1
    assert "evidence/measurements/0/value: stored '0.05', recomputed '0.01'" in errors.getvalue()


def test_a_changed_document_is_found(world: World) -> None:
    world.send(log(right=2))
    _tamper("UPDATE evaluations_document SET content = 'x' WHERE digest = %s", [world.assessment.evidence_digest])
    errors = StringIO()
    with pytest.raises(CommandError):
        call_command("replay", stdout=StringIO(), stderr=errors)
    assert "does not have its own digest" in errors.getvalue()


def test_a_document_is_stored_once_and_loaded_by_its_digest(world: World) -> None:
    name = documents.store("evidence", b"{}", at=world.now())
    assert documents.store("evidence", b"{}", at=world.now()) == name and documents.load(name) == b"{}"
    with pytest.raises(documents.DocumentNotKnown):
        documents.load("sha256:" + "0" * 64)


def test_the_first_difference_is_named_by_its_place() -> None:
    assert first_difference({"a": [1, {"b": "x"}]}, {"a": [1, {"b": "y"}]}) == ("/a/1/b", "'x'", "'y'")
    assert first_difference({"a": [1]}, {"a": [1, 2]}) == ("/a/length", "1", "2")
    assert first_difference({"a": 1}, {"b": 1})[0] == "/a"
