"""The upload from a shell: always on behalf of a person, who need not be named where there is only one it can be."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from evaluations.models import Upload
from people.words import Role
from tests.makers import give_role, make_people, make_person, make_subject

pytestmark = pytest.mark.django_db


def test_the_only_researcher_need_not_be_named_and_of_two_one_must(tmp_path: Path) -> None:
    cast = make_people("ada", "ben")
    make_subject(cast)
    file = tmp_path / "run.eval"
    file.write_bytes(b"bytes of a run")
    call_command("import_evaluation", file, subject="heron", stdout=StringIO())
    assert Upload.objects.get().uploader == cast.ada
    give_role(cast, make_person("Kim", at=timezone.now()), Role.RESEARCHER, at=timezone.now())
    with pytest.raises(CommandError, match="2 people are researchers here; say who uploads with --as EMAIL"):
        call_command("import_evaluation", file, subject="heron", stdout=StringIO())
    call_command("import_evaluation", file, subject="heron", email="ada@lab.example", stdout=StringIO())


def test_nobody_uploads_where_nobody_is_a_researcher(tmp_path: Path) -> None:
    make_people("ben")
    with pytest.raises(CommandError, match="0 people are researchers here"):
        call_command("import_evaluation", tmp_path / "run.eval", subject="heron", stdout=StringIO())
