"""Every persona follows every link of the seeded world: no error page, no refusal, no dead end."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.conf import settings as portal_settings
from django.test import Client
from django.utils import timezone

from asl_portal.demo import world
from asl_portal.demo.cast import PARTS
from people.models import User
from tests.conftest import WorldOnce
from tests.makers import give_password

LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"')


@pytest.fixture(scope="module")
def seeded(world_once: WorldOnce) -> Iterator[Path]:
    """The folder its files lie in."""
    with world_once():
        world.build_world(timezone.now())
        yield portal_settings.BLOB_DIR


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ("ada", "ben", "dan", "farid", "grace", "hana", "ivo"))
def test_no_link_a_persona_is_shown_leads_nowhere(seeded: Path, db: None, settings: Any, name: str) -> None:
    settings.BLOB_DIR = seeded
    client, user = Client(), User.objects.select_related("person").get(email=PARTS[name].email)
    give_password(user.person, at=timezone.now())
    client.force_login(User.objects.get(pk=user.pk))
    waiting, seen, wrong = [("the front door", "/")], {"/"}, []
    while waiting:
        origin, path = waiting.pop()
        answer: Any = client.get(path, follow=True)
        if answer.status_code != 200:
            wrong.append(f"{origin} leads to {path}: {answer.status_code}")
        if answer.streaming:
            answer.getvalue()  # read to its end, so that the file behind it is closed
            continue
        if not answer["Content-Type"].startswith("text/html"):
            continue
        here = answer.redirect_chain[-1][0] if answer.redirect_chain else path
        for target in _links(here, answer.content.decode()):
            if target not in seen:
                seen.add(target)
                waiting.append((path, target))
    assert not wrong, "\n".join(wrong)
    assert len(seen) > 20


def _links(here: str, page: str) -> Iterator[str]:
    """Addresses of the portal a page links to. A list filtered or sorted another way is the same list."""
    for found in LINK.findall(page):
        address = urldefrag(urljoin(here, found.replace("&amp;", "&"))).url
        if not urlsplit(address).netloc and not urlsplit(address).query:
            yield address
