"""Stored decisions come out again byte for byte, or the difference is named."""

from collections.abc import Sequence
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from evaluations import documents
from evaluations.models import Assessment
from evaluations.replay import first_difference
from evaluations.services import uploads
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


def test_replay_of_one_subject_asks_only_for_its_own(world: World) -> None:
    _history(world)
    own = Assessment.objects.filter(subject__slug="heron-tuned").count()
    assert f"evaluations.assessments: {own} replayed" in _replay(subject="heron-tuned")
    with pytest.raises(CommandError, match="no subject"):
        _replay(subject="nothing")


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
