"""The pictures of the guides: each is taken of a page that is there, for the persona it is taken as, and stands in a document; never of real records."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from asl_portal.demo import world
from asl_portal.demo.cast import PARTS
from asl_portal.management.commands.make_screenshots import PICTURES
from people.models import User
from tests.conftest import WorldOnce
from tests.makers import give_password

ROOT = Path(settings.BASE_DIR)


@pytest.fixture(scope="module")
def seeded(world_once: WorldOnce) -> Iterator[None]:
    with world_once():
        world.build_world(timezone.now())
        yield


@pytest.mark.timeout(300)
def test_every_picture_is_of_a_page_its_persona_sees(seeded: None, db: None) -> None:
    for persona in {picture.persona for picture in PICTURES}:
        user = User.objects.select_related("person").get(email=PARTS[persona].email)
        give_password(user.person, at=timezone.now())
        client = Client()
        client.force_login(User.objects.get(pk=user.pk))
        for picture in PICTURES:
            if picture.persona == persona:
                answer = client.get(picture.path)
                assert answer.status_code == 200 and "<h1" in answer.text, picture


def test_every_picture_stands_in_a_document_and_every_one_that_stands_there_is_taken() -> None:
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    shown = {name for page in documents for name in re.findall(r"images/([a-z-]+)\.png", page.read_text())}
    taken = [picture.name for picture in PICTURES]
    assert set(taken) == shown and len(taken) == len(set(taken))
    assert all((ROOT / "docs" / "images" / f"{name}.png").exists() for name in taken)
