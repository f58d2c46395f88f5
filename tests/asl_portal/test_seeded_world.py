"""Every persona follows every link of the seeded world and sends every form: no error page, no refusal, no dead end, and words for what does not do."""

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.conf import settings as portal_settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from asl_portal import first_steps, way_in
from asl_portal.demo import world
from asl_portal.demo.cast import PARTS
from asl_portal.demo.work import catch_up
from evaluations.models import Subject
from evaluations.services import uploads
from frameworks.models import FrameworkVersion
from people.models import User
from reviews.models import Case
from reviews.status import subject_status
from tests.conftest import WorldOnce
from tests.forms import FILLINGS, Form, forms_of
from tests.makers import give_password

# A form that a page offers is taken, or there are words for what is wrong with it. It is never one for nobody, nor for what is not there.
TAKEN, IN_WORDS = {200, 302}, {409, 422}
LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"')


@pytest.fixture(scope="module")
def seeded(world_once: WorldOnce) -> Iterator[Path]:
    """The folder its files lie in."""
    with world_once():
        world.build_world(timezone.now())
        yield portal_settings.BLOB_DIR


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", tuple(PARTS))
def test_no_link_a_persona_is_shown_leads_nowhere_and_each_form_is_answered_in_words(
    seeded: Path, db: None, settings: Any, name: str
) -> None:
    settings.BLOB_DIR = seeded
    client, user = Client(raise_request_exception=False), User.objects.select_related("person").get(email=PARTS[name].email)
    give_password(user.person, at=timezone.now())
    client.force_login(User.objects.get(pk=user.pk))
    waiting, seen, wrong = [("the front door", "/")], {"/"}, []
    forms: dict[object, Form] = {}
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
        for form in forms_of(answer.text, here):
            forms.setdefault((resolve(urlsplit(form.action).path).view_name, *(each.name for each in form.fields)), form)
        for target in _links(here, answer.content.decode()):
            if target not in seen:
                seen.add(target)
                waiting.append((path, target))
    wrong += [said for form in forms.values() for filling in FILLINGS if (said := _unanswered(client, form, filling))]
    assert not wrong, "\n".join(wrong)
    assert len(seen) > 20 and len(forms) > 3


def _unanswered(client: Client, form: Form, filling: str) -> str:
    """What is wrong with the answer to a form sent so; what it changed is undone."""
    cache.clear()  # how often somebody tried
    with transaction.atomic():
        answer: Any = client.post(form.action, form.sent(filling))
        transaction.set_rollback(True)
    said = b"".join(answer.streaming_content) if answer.streaming else answer.content
    in_words = b"<h1" in said and b"<title" in said
    if answer.status_code in TAKEN or (answer.status_code in IN_WORDS and in_words):
        return ""
    return f"{form.action}, {filling}: {answer.status_code}{'' if in_words else ' without words'}"


def test_the_first_steps_follow_what_has_happened(seeded: Path, db: None, settings: Any) -> None:
    settings.BLOB_DIR = seeded
    now, model = timezone.now(), Subject.objects.get(slug="osprey-1")
    ada = Client()
    ada.force_login(User.objects.get(email=PARTS["ada"].email))
    before = ada.get("/start/")
    assert [step.done for step in before.context["steps"][:4]] == [False, False, False, False]
    assert before.context["following"].title == "Take the sample log" and "ada@northbridge.example" not in before.text
    assert "Ten steps, ten minutes. 0 of 6 done that leave a trace in the record" in before.text
    assert "Not now, and each reason says who can settle it." in before.text
    assert f"{way_in.manage()} export_ledger record.zip" in unescape(before.text)
    sample = ada.get("/start/sample/")
    assert "attachment" in sample["Content-Disposition"] and sample.content == ada.get("/start/sample/").content
    uploads.receive(
        stream=BytesIO(sample.content),
        filename="osprey-1-cbrn3.eval",
        subject=model,
        snapshot=model.snapshots.get(),
        actor=User.objects.get(email=PARTS["ada"].email).person,
        at=now,
    )
    catch_up(now)
    after = ada.get("/start/")
    assert [step.done for step in after.context["steps"][:4]] == [True, True, None, None] and "2 of 6 done" in after.text
    assert after.text.count("Yours to do") == 3  # see what it changed, read the case, ask the gate; the report is not made yet
    case = Case.objects.get(subject=model, state="open")
    assert after.context["following"].title == "Sign off a safeguard" and f'href="/cases/{case.number}/#q-' in after.text
    assert ada.get(f"/cases/{case.number}/").status_code == 200


def test_the_first_steps_say_of_the_gate_what_it_answers(seeded: Path, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same step, about weights that are let out."""
    ada = Client()
    ada.force_login(User.objects.get(email=PARTS["ada"].email))
    monkeypatch.setattr(first_steps, "MODEL", "heron-2")
    assert "May these weights go outside? Yes, and the answer says until when." in unescape(ada.get("/start/").text)


def test_the_watch_list_of_the_released_model_was_judged(seeded: Path, db: None) -> None:
    now = timezone.now()
    status = subject_status(Subject.objects.get(slug="heron-2"), FrameworkVersion.objects.get(name="anthropic-rsp"), now)
    assert {domain.slug: domain.outcome for domain in status.domains}["cyber"] == "ruled_out"
    external = status.scope("external")
    assert external is not None and external.state == "open"


def _links(here: str, page: str) -> Iterator[str]:
    """Addresses of the portal a page links to. A list filtered or sorted another way is the same list."""
    for found in LINK.findall(page):
        address = urldefrag(urljoin(here, found.replace("&amp;", "&"))).url
        if not urlsplit(address).netloc and not urlsplit(address).query:
            yield address
