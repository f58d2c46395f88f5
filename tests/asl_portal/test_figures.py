"""The figures an operator's alarms stand on: true, the same from every web process, and cheap."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from asl_portal import health
from asl_portal.figures import exposition
from evaluations.models import Assessment
from evaluations.services import blobs, readings
from ledger.models import Cursor, Head
from ledger.notary import Notary
from reviews.models.notice import Work
from tests.makers import (
    NOON,
    adopt_framework,
    deliver_all,
    later,
    make_people,
    make_person,
    make_snapshot,
    make_subject,
    send_file,
    work_off,
)
from tests.reviews.conftest import make_board

pytestmark = pytest.mark.django_db
OPERATING = (Path(__file__).resolve().parents[2] / "docs/operating.md").read_text()


def _figures(at: Any = NOON) -> dict[str, float]:
    families = text_string_to_metric_families(exposition(at).decode())
    return {" ".join([one.name, *one.labels.values()]): one.value for family in families for one in family.samples}


def test_what_waits_is_counted_by_kind_with_the_age_of_the_oldest() -> None:
    cast = make_people("ada", "ben")
    heron = make_subject(cast)
    send_file(cast, b"one", heron)
    send_file(cast, b"two", heron, at=later(minutes=2))
    found = _figures(later(minutes=10))
    assert (found["asl_work_waiting upload"], found["asl_work_oldest_seconds upload"], found["asl_work_dead upload"]) == (2, 600, 0)
    assert (found["asl_work_waiting notice"], found["asl_work_oldest_seconds notice"]) == (0, 0)
    work_off(later(minutes=10))
    assert _figures(later(minutes=10))["asl_work_waiting upload"] == 0


def test_what_was_given_up_is_counted_until_somebody_mends_it() -> None:
    cast = make_people("ada", "ben")
    upload = send_file(cast, b"a log nobody can find again", make_subject(cast))
    blobs.path_of(upload.blob_id).unlink()
    for hour in range(12):
        readings.parse(upload_id=upload.pk, at=later(hours=hour))
    found = _figures(later(hours=12))
    assert (found["asl_work_dead upload"], found["asl_work_waiting upload"]) == (1, 0)


def test_the_ledger_says_how_long_it_is_how_much_of_it_is_unsigned_and_who_lags_behind() -> None:
    before = _figures()
    assert (before["asl_ledger_entries"], before["asl_ledger_sound"]) == (0, 0)
    make_people("ada")
    found = _figures()
    assert found["asl_ledger_entries"] == found["asl_checkpoint_unsigned_entries"] > 0
    assert found["asl_ledger_sound"] == 1
    assert "asl_checkpoint_age_seconds" not in found  # nothing was signed: an age would be a lie
    deliver_all()
    assert {value for name, value in _figures().items() if name.startswith("asl_consumer_lag_entries")} == {0}
    Cursor.objects.create(consumer="tests.broken", position=3, attempts=7)
    found = _figures()
    assert (found["asl_consumer_lag_entries tests.broken"], found["asl_consumer_failures tests.broken"]) == (
        found["asl_ledger_entries"] - 3,
        7,
    )


def test_the_oldest_assessment_in_force_has_its_age() -> None:
    cast = make_people()
    adopt_framework(cast)
    make_snapshot(cast, make_subject(cast))
    work_off()
    found = _figures(NOON + timedelta(days=2))
    assert (found["asl_assessments_current"], found["asl_assessment_oldest_seconds"]) == (1, 2 * 86400)


def test_a_broker_that_is_gone_is_said_to_be_down_and_its_figures_are_left_out(settings: Any) -> None:
    assert _figures()["asl_up broker"] == 1
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    found = _figures()
    assert (found["asl_up broker"], found["asl_up database"]) == (0, 1)
    assert "asl_broker_messages" not in found


def test_what_is_signed_says_how_long_ago_and_what_came_since_is_counted(tmp_path: Path) -> None:
    make_people("ada")
    Notary(tmp_path / "key").sign(at=later(minutes=1))
    found = _figures(later(minutes=11))
    assert (found["asl_checkpoint_unsigned_entries"], found["asl_checkpoint_age_seconds"]) == (0, 600)
    make_person("Olga", at=later(minutes=12))
    assert _figures(later(minutes=12))["asl_checkpoint_unsigned_entries"] == 2


def test_a_ledger_that_does_not_fit_is_told() -> None:
    make_people("ada")
    Head.objects.update(root=bytes(32))
    assert _figures()["asl_ledger_sound"] == 0


def test_a_worker_is_up_while_its_mark_is_fresh() -> None:
    assert _figures()["asl_up worker"] == 0
    health.mark_worker_alive()
    assert _figures()["asl_up worker"] == 1


def test_an_assessment_that_time_has_overtaken_is_overdue() -> None:
    make_board().clean()
    ends = Assessment.objects.get(superseded_by=None).valid_until
    assert ends is not None
    assert _figures(ends - timedelta(seconds=1))["asl_assessments_overdue"] == 0
    assert _figures(ends)["asl_assessments_overdue"] == 1


def test_every_figure_is_documented_and_every_documented_one_is_told(tmp_path: Path) -> None:
    make_people("ada")
    Notary(tmp_path / "key").sign(at=NOON)
    deliver_all()
    told = {family.name for family in text_string_to_metric_families(exposition(NOON).decode()) if family.name.startswith("asl_")}
    assert set(re.findall(r"\basl_(?!portal\b)\w+", OPERATING)) == told


def test_the_figures_cost_the_same_however_much_there_is() -> None:
    cast = make_people("ada", "ben")
    heron = make_subject(cast)
    send_file(cast, b"one", heron)
    counted = []
    for number in range(2):
        with CaptureQueriesContext(connection) as statements:
            exposition(NOON)
        counted.append(len(statements))
        for more in range(5):
            send_file(cast, f"{number} {more}".encode(), make_subject(cast, f"s{number}-{more}"))
    assert counted == [9 + len(Work.__subclasses__())] * 2
