"""A hazardous text in every place that can hold one, and none of them in what goes past people who are not cleared: pages, titles, search, addresses, error
pages, notices, digests of mail, deliveries, feed, badge, tables, reports, the API and the record itself."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.conf import settings as portal_settings
from django.test import Client
from django.urls import reverse

from ledger.models import Entry, LedgerField
from people.queries import actor_of
from reviews.case_json import case_json, status_json
from reviews.feed import atom
from reviews.models import Delivery, Notice
from reviews.models.notice import Channel
from reviews.notices.compose import compose
from reviews.reports.case_file import case_file
from reviews.services import cases, outlets, papers
from reviews.status import subject_status
from tests.conftest import WorldOnce
from tests.evaluations.logs import log
from tests.makers import CONFIRMED, give_clearance, give_password, make_log
from tests.reviews.conftest import FRAMEWORK, WITH_PAPER, Board, make_board

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

# One word each, so that what slipped through says from where. The first part is what is searched for.
PLACES = ("sample", "transcript", "prompt", "evidence", "evidencenote", "comment", "papertext", "papername")
CANARIES = {place: f"quillfish{place}venom" for place in PLACES}
LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"')


@dataclass
class Planted:
    board: Board
    blobs: Any


def poisoned_log() -> bytes:
    """A log whose samples, transcripts and prompts are hazardous, beside a header that is not."""
    content = io.BytesIO(log("exploits", right=2, run="poisoned"))
    with zipfile.ZipFile(content, "a") as archive:
        sample = {
            "id": 1,
            "epoch": 1,
            "input": CANARIES["prompt"],
            "target": "A",
            "messages": [{"role": "assistant", "content": CANARIES["transcript"]}],
            "output": {
                "model": "demo",
                "choices": [{"message": {"role": "assistant", "content": CANARIES["sample"]}, "stop_reason": "stop"}],
            },
            "scores": {"exact": {"value": "I", "answer": CANARIES["sample"], "explanation": CANARIES["transcript"]}},
        }
        archive.writestr("samples/1_epoch_1.json", json.dumps(sample))
    return content.getvalue()


@pytest.fixture(scope="module")
def planted_once(world_once: WorldOnce) -> Iterator[Planted]:
    with world_once():
        framework = WITH_PAPER.replace(b"evidence_types: [document]", b"evidence_types: [document, red-team]")
        assert framework != FRAMEWORK
        board = make_board(source=framework)
        ivo = board.cast.ivo
        give_password(ivo, at=board.now())
        outlets.add_webhook(
            label="Pager",
            address="https://hooks.lab.example/in",
            topics=("cases", "decisions", "gate", "incidents", "signoffs", "frameworks"),
            actor=ivo,
            user=ivo.user,
            confirmation=CONFIRMED,
            at=board.now(),
        )
        give_clearance(board.cast, board.cast.chloe, at=board.now())
        board.measure("bio_protocols", right=20)
        upload = board.send(poisoned_log())
        board.work()
        upload.refresh_from_db()
        assert upload.state == "parsed"
        implementation = board.build("asl-3-security-1")
        board.attach(implementation, CANARIES["evidence"].encode(), evidence_type="red-team", note=CANARIES["evidencenote"], hazard=True)
        cases.comment(case=board.case, text=CANARIES["comment"], hazard=True, actor=board.cast.chloe, at=board.now())
        papers.supply(
            subject=board.subject,
            framework_version=board.version,
            snapshot=board.snapshot,
            threshold="bio-3",
            artefact="affirmative-case",
            title="Affirmative case",
            stream=io.BytesIO(CANARIES["papertext"].encode()),
            filename=f"{CANARIES['papername']}.pdf",
            hazard=True,
            actor=board.cast.farid,
            at=board.now(),
        )
        board.work()
        yield Planted(board, portal_settings.BLOB_DIR)


@pytest.fixture
def planted(planted_once: Planted, settings: Any) -> Planted:
    settings.BLOB_DIR = planted_once.blobs
    return planted_once


def leaks(text: str) -> list[str]:
    return [place for place, word in CANARIES.items() if word in text]


def client_of(board: Board, name: str) -> Client:
    client = Client()
    client.force_login(getattr(board.cast, name).user)
    return client


def walk(client: Client) -> Iterator[tuple[str, str]]:
    """Every page and file one is led to from the front door, with its address and its headers; a file as its name only where it asks for a clearance."""
    waiting, seen = ["/", "/portfolio/", "/cases/", "/uploads/", "/safeguards/", "/ledger/", "/people/"], set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer: Any = client.get(path, follow=True)
        body = answer.getvalue().decode(errors="replace")
        yield path, f"{path} {answer.headers} {body}"
        if answer["Content-Type"].startswith("text/html"):
            for found in LINK.findall(body):
                target = urldefrag(urljoin(path, found.replace("&amp;", "&"))).url
                if not urlsplit(target).netloc and not urlsplit(target).query:
                    waiting.append(target)


@pytest.mark.parametrize("name", ["ben", "hana", "dan", "grace", "ivo"])
def test_no_page_title_address_or_file_shows_any_of_it_to_who_is_not_cleared(planted: Planted, name: str) -> None:
    shown = dict(walk(client_of(planted.board, name)))
    assert len(shown) > 40
    found = {path: told for path, text in shown.items() if (told := leaks(text))}
    assert not found


def test_who_is_cleared_finds_what_was_planted_so_that_the_walk_proves_something(planted: Planted) -> None:
    seen = {place for _, text in walk(client_of(planted.board, "chloe")) for place in leaks(text)}
    assert {"comment", "evidencenote", "evidence"} <= seen


@pytest.mark.parametrize("name", ["ben", "chloe", "hana"])
def test_search_finds_none_of_it_for_anybody(planted: Planted, name: str) -> None:
    client = client_of(planted.board, name)
    for query in ("quillfish", "venom", *PLACES):
        page = client.get("/search/", {"q": query})
        assert page.status_code == 200 and not leaks(page.text)


def test_no_notice_mail_delivery_feed_or_badge_tells_any_of_it(planted: Planted) -> None:
    board = planted.board
    notices = list(Notice.objects.select_related("person", "subject", "case__subject"))
    assert len(notices) > 10 and {each.channel for each in notices} >= {Channel.INBOX}
    told = [str(compose(each)) for each in notices]
    told += list(Delivery.objects.values_list("body", flat=True))
    assert Delivery.objects.exists(), "no outlet was told anything, so this proves nothing"
    told += [atom(actor_of(board.cast.ben, board.now()), log=make_log(), at=board.now()).decode()]
    told += [client_of(board, "ben").get("/subjects/heron/badge/").text]
    assert not leaks("\n".join(told))


def test_no_report_table_or_call_of_the_api_tells_any_of_it(planted: Planted) -> None:
    board = planted.board
    at = board.now()
    for person in (board.cast.ben, board.cast.chloe):
        assert not leaks(json.dumps(case_file(board.case, requested_by=person, at=at), default=str)), person
    programs = [case_json(board.case, at), status_json(subject_status(board.subject, board.version, at))]
    assert not leaks(json.dumps(programs, default=str))
    client = client_of(board, "ben")
    addresses = [
        reverse("reviews:table-portfolio", args=["csv"]),
        reverse("reviews:table-subject", args=["heron", "csv"]),
        reverse("reviews:table-cases", args=["csv"]),
        reverse("reviews:table-case", args=[board.case.number, "csv"]),
        reverse("reviews:table-signoffs", args=["csv"]),
        reverse("reviews:table-ledger", args=["csv"]),
    ]
    for address in addresses:
        answer: Any = client.post(address)
        assert answer.status_code == 200 and not leaks(answer.getvalue().decode(errors="replace")), address


def test_the_record_holds_ids_and_digests_and_none_of_it(planted: Planted) -> None:
    texts = list(LedgerField.objects.exclude(text=None).values_list("text", flat=True)) + list(
        Entry.objects.values_list("thing", flat=True)
    )
    assert len(texts) > 200 and not leaks("\n".join(texts))


def test_error_pages_and_refusals_repeat_none_of_it(planted: Planted) -> None:
    board = planted.board
    client = client_of(board, "ben")
    answers = [
        client.get(f"/cases/{board.case.number}/nothing/"),
        client.get("/subjects/nobody/"),
        client.post(f"/cases/{board.case.number}/comment/", {}),
        client.post(f"/cases/{board.case.number}/close/", {}),
        client.get(f"/subjects/heron/papers/{board.subject.papers.get().pk}/"),
    ]
    assert {answer.status_code for answer in answers} <= {302, 403, 404, 405, 409, 422}
    assert not leaks("".join(answer.getvalue().decode(errors="replace") for answer in answers))
