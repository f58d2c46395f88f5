"""The temporary folder is full while a file is sent: a limit on this process's files stands for a full disk, and the system refuses the same write."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from evaluations.models import Upload
from people.words import Scope
from tests.makers import Cast, make_people, make_subject, make_token

pytestmark = pytest.mark.django_db

LARGE = b"x" * 3_000_000


@contextmanager
def a_full_disk() -> Iterator[None]:
    """No file of this process grows beyond what fits no large upload."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def cast(settings: Any, tmp_path: Path) -> Cast:
    (tmp_path / "spool").mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "spool"
    cast = make_people("ada")
    make_subject(cast)
    return cast


def told(content: bytes) -> dict[str, Any]:
    return {"subject": "heron", "file": SimpleUploadedFile("run.json", content)}


def nothing_is_kept(tmp_path: Path) -> bool:
    return not Upload.objects.exists() and not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_form_that_does_not_fit_is_refused_in_words_and_nothing_of_it_is_kept(cast: Cast, tmp_path: Path) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ada.user)
    with a_full_disk():
        answer = client.post("/uploads/new/", told(LARGE))
    assert answer.status_code == 409
    assert "no room for this file, so nothing of it was kept" in answer.content.decode()
    assert nothing_is_kept(tmp_path)
    # Where there is room the same form comes as far as the check of the page's own token, which it lacks.
    assert client.post("/uploads/new/", told(LARGE)).status_code == 403


def test_a_call_of_the_api_is_refused_with_a_code_and_taken_once_there_is_room(cast: Cast, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {make_token(cast.ada, Scope.EVALUATIONS_WRITE)}"}
    with a_full_disk():
        answer = Client().post("/api/v1/evaluations", told(LARGE), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_room")
    assert nothing_is_kept(tmp_path)
    assert Client().post("/api/v1/evaluations", told(LARGE), headers=headers).status_code == 202


def test_whoever_brings_no_token_spools_nothing(cast: Cast) -> None:
    with a_full_disk():
        assert Client().post("/api/v1/evaluations", told(LARGE)).status_code == 401
