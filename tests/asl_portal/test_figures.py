"""The figures an operator's alarms stand on: true, the same from every web process, and cheap."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from asl_portal.figures import exposition
from evaluations.services import blobs, readings
from ledger.models import Cursor
from reviews.models.notice import Work
from tests.makers import NOON, adopt_framework, deliver_all, later, make_people, make_snapshot, make_subject, send_file, work_off

pytestmark = pytest.mark.django_db


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
