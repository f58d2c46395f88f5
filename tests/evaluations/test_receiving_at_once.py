"""Several transactions receive at the same moment. These tests commit, so they stand apart from the module that keeps one world."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from evaluations.models import Upload
from evaluations.services import uploads
from ledger.models import Entry, Head
from tests.evaluations.conftest import World, make_world
from tests.evaluations.logs import log
from tests.makers import make_subject
from tests.processes import eventually

AT_ONCE = 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [False, True], ids=["new bytes", "bytes that lie there already"])
def test_the_same_bytes_sent_twice_at_once_are_one_upload(settings: Any, tmp_path: Path, known: bool) -> None:
    settings.BLOB_DIR = tmp_path
    world = make_world()
    if known:
        another = make_subject(world.cast, slug="another", at=world.now())
        uploads.receive(stream=BytesIO(log()), filename="", subject=another, snapshot=None, actor=world.cast.ada, at=world.now())
    before = Upload.objects.count()
    answers = sent_at_once(world)
    assert len({pk for pk, _ in answers}) == 1 and [created for _, created in answers].count(True) == 1
    assert Upload.objects.count() == before + 1 == Entry.objects.filter(kind="evaluations:upload:received").count()


def sent_at_once(world: World) -> list[tuple[Any, bool]]:
    """Everybody is in the middle of it when anybody finishes: the ledger's head is held until all wait."""
    at = world.now()

    def send(_: int) -> tuple[Any, bool]:
        try:
            upload, created = uploads.receive(
                stream=BytesIO(log()), filename="", subject=world.subject, snapshot=world.snapshot, actor=world.cast.ada, at=at
            )
            return upload.pk, created
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        with transaction.atomic():
            Head.objects.select_for_update().get()
            answers = pool.map(send, range(AT_ONCE))
            eventually(lambda: waiting() == AT_ONCE)
        return list(answers)


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        [(count,)] = cursor.fetchall()
    return int(count)
