"""The migrations say what the models say, and bring along what stood in the tables of an earlier version."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from asl_portal import health
from evaluations.models import Assessment, AssessmentDue, Subject
from ledger.models import Verification
from people.models import SignInLink
from reviews.models import Outlet
from tests.makers import NOON

# As the first releases had it: before engine 2, before late results, imports, clocks and observed scopes.
EARLIER = [
    ("reviews", "0012_what_the_evidence_says_may_move"),
    ("evaluations", "0006_coverage_is_per_threshold"),
    ("people", "0005_signatures_by_passkey"),
]
EARLIER += [("ledger", "0002_append_only"), ("frameworks", "0002_documents_do_not_change")]
DIGEST = "sha256:" + "0" * 64


@pytest.mark.django_db
def test_no_model_has_moved_without_its_migration(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("makemigrations", check=True, dry_run=True)
    assert "No changes detected" in capsys.readouterr().out


@pytest.fixture
def empty_database(transactional_db: None) -> Iterator[None]:
    """This process works there meanwhile."""
    home = connection.settings_dict["NAME"]
    there = f"{home}_earlier"
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(there)))
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(there)))
    connection.close()
    connection.settings_dict["NAME"] = there
    yield
    connection.close()
    connection.settings_dict["NAME"] = home
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(there)))


def earlier() -> Apps:
    """Migrates as far as the earlier version did; its models."""
    executor = MigrationExecutor(connection)
    executor.migrate(EARLIER)
    return executor.loader.project_state(EARLIER).apps


def fill(apps: Apps) -> None:
    """What somebody who ran that version had: an account with a link, a model with an answer of the first engine, a clean night, an outlet."""

    def make(model: str, /, **told: Any) -> Any:
        return apps.get_model(model).objects.create(**told)

    ada = make("people.Person", name="Ada", registered_at=NOON)
    account = make("people.User", email="ada@lab.example", joined_at=NOON, person=ada)
    make("people.SignInLink", purpose="persona", digest=DIGEST, made_at=NOON, expires_at=NOON, user=account)
    document = {"effective_date": NOON.date(), "source_bytes": b"a", "canonical_bytes": b"a", "digest": DIGEST, "loaded_at": NOON}
    framework = make("frameworks.FrameworkVersion", name="board", version="1", revision=1, title="Board", **document)
    heron = make("evaluations.Subject", slug="heron", name="Heron", registered_by=ada, created_at=NOON)
    digests = dict.fromkeys(("framework_digest", "evidence_digest", "assessment_digest", "inputs_digest"), DIGEST)
    told = digests | {"as_of": NOON, "known_at": NOON, "made_at": NOON, "ledger_size": 5, "seq": 5, "engine_version": "1"}
    make(
        "evaluations.Assessment", subject=heron, framework_version=framework, framework_name="board", summary={"bio-3": "ruled_out"}, **told
    )
    make("evaluations.AssessmentDue", subject=heron, framework_name="board", reason="bytes", state="done", done_mark=1, marked_at=NOON)
    counted = dict.fromkeys(("size", "entries", "fields", "purged", "nodes", "checkpoints"), 0)
    make("ledger.Verification", at=NOON, root=bytes(32), sound=True, **counted)
    sealed = {"address_sealed": "sealed", "secret_sealed": "sealed"}
    make("reviews.Outlet", kind="webhook", label="Pager", place="hooks.example", topics=["cases"], made_by=ada, made_at=NOON, **sealed)


def test_a_filled_database_of_an_earlier_version_comes_along_row_by_row(empty_database: None) -> None:
    fill(earlier())
    call_command("migrate", verbosity=0)
    call_command("migrate", check_unapplied=True, verbosity=0)
    assert health.migrated()
    heron = Subject.objects.select_related("registered_by__user").get()
    assert (heron.slug, heron.registered_by.name, heron.registered_by.user.email) == ("heron", "Ada", "ada@lab.example")
    # What the first engine found stays as it was found, and is asked of the next.
    assert Assessment.objects.values_list("engine_version", "summary", "seq").get() == ("1", {"bio-3": "ruled_out"}, 5)
    due = AssessmentDue.objects.get()
    assert (due.state, due.reason) == ("waiting", "engine") and due.mark > due.done_mark == 1
    # What the rows did not say before says that it is not known, or nothing.
    assert SignInLink.objects.values_list("digest", "sealed").get() == (DIGEST, "")
    assert Verification.objects.values_list("sound", "rows").get() == (True, 0)
    assert Outlet.objects.values_list("label", "topics").get() == ("Pager", ["cases"])
