"""The seeded world as its personas see it, at one fixed moment: which pages there are, and a browser that shows them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from asl_portal.demo.cast import PARTS
from people.models import User
from tests.makers import give_password

# A picture of a page shows "3 days ago": for it to be the same picture tomorrow the portal's clock stands still, here and nowhere else.
NOW = datetime(2026, 5, 22, 9, 0, tzinfo=UTC)
LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"')


@dataclass(frozen=True)
class Place:
    """One page: its name, its address, and a persona who is led there."""

    name: str
    path: str
    persona: str


def signed_in(persona: str) -> Client:
    """A client that is signed in as this persona, who has chosen a password."""
    client, user = Client(), User.objects.select_related("person").get(email=PARTS[persona].email)
    if not user.has_usable_password():
        give_password(user.person, at=NOW)
        user.refresh_from_db()
    client.force_login(user)
    return client


def places(*personas: str) -> list[Place]:
    """One page for every address the portal links to, found by following links from the front door as each persona in turn."""
    found: dict[str, Place] = {}
    for persona in personas:
        for place in _walk(persona):
            found.setdefault(place.name, place)
    return list(found.values())


def _walk(persona: str) -> Iterator[Place]:
    client, waiting, seen = signed_in(persona), ["/inbox/", "/people/"], set()
    while waiting:
        path = waiting.pop(0)
        try:
            name = resolve(urlsplit(path).path).view_name
        except Resolver404:
            continue
        if name in seen:
            continue
        seen.add(name)
        answer: Any = client.get(path)
        if answer.streaming:
            answer.getvalue()  # read to its end, so that the file behind it is closed
            continue
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        yield Place(name, path, persona)
        for target in LINK.findall(answer.content.decode()):
            address = urldefrag(urljoin(path, target.replace("&amp;", "&"))).url
            if not urlsplit(address).netloc:
                waiting.append(address)
