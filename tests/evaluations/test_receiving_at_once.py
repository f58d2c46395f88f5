"""Several transactions receive at the same moment. These tests commit, so they stand apart from the module that keeps one world."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from evaluations.models import Upload
from evaluations.services import uploads
from ledger.models import Entry
from tests.evaluations.conftest import make_world
from tests.evaluations.logs import log


@pytest.mark.django_db(transaction=True)
def test_the_same_bytes_sent_twice_at_once_are_one_upload(settings: Any, tmp_path: Path) -> None:
    settings.BLOB_DIR = tmp_path
    world = make_world()
    at = world.now()

    def send(_: int) -> tuple[Any, bool]:
        try:
            upload, created = uploads.receive(
                stream=BytesIO(log()), filename="", subject=world.subject, snapshot=world.snapshot, actor=world.cast.ada, at=at
            )
            return upload.pk, created
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert len({pk for pk, _ in answers}) == 1 and [created for _, created in answers].count(True) == 1
    assert Upload.objects.count() == 1 and Entry.objects.filter(kind="evaluations:upload:received").count() == 1
