"""The feed behind an address of one's own, and the badge: never more than the pages, never for a shared cache."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ledger.canonical import digest
from ledger.models import Log
from people.models import Person, RoleGrant
from people.services.grants import confirm_end, propose_end
from reviews.badge import words_of
from reviews.models import BadgeAddress, Case
from reviews.services import cases, scopes
from reviews.status import subject_status
from tests.makers import PASSWORD, client_of, give_role, make_person, make_token
from tests.reviews.conftest import Board

ATOM = "{http://www.w3.org/2005/Atom}"
CANARY = "CANARY-TRANSCRIPT"


def read(secret: str, **headers: str) -> Any:
    return Client().get(reverse("reviews:feed", args=[secret]), headers=headers)


def entries(answer: Any) -> list[Any]:
    return ET.fromstring(answer.content).findall(f"{ATOM}entry")


# the feed


def test_a_feed_tells_cases_decisions_and_gates_newest_first_with_lasting_ids(board: Board) -> None:
    case = board.rise()
    board.settle(board.question(threshold="bio-3"))
    board.work()
    answer = read(make_token(board.cast.ben, "feed:read"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    told = entries(answer)
    titles = [entry.findtext(f"{ATOM}title") for entry in told]
    assert f"Case {case.number} was opened: elevation of {case.subject.name}." in titles
    assert any(title.startswith("The board decided on") for title in titles)
    log = Log.objects.get()
    ids = [entry.findtext(f"{ATOM}id") for entry in told]
    assert all(re.fullmatch(rf"tag:localhost,2026-05-22:ledger/{log.pk}/\d+", each) for each in ids) and len(set(ids)) == len(ids)
    times = [entry.findtext(f"{ATOM}updated") for entry in told]
    assert times == sorted(times, reverse=True)
    assert ET.fromstring(answer.content).findtext(f"{ATOM}updated") == times[0]


def test_a_feed_that_has_not_changed_is_not_sent_again(board: Board) -> None:
    board.rise()
    secret = make_token(board.cast.ben, "feed:read")
    first = read(secret)
    assert first["Cache-Control"] == "private, no-cache"
    again = read(secret, if_none_match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    cases.ask_release(case=board.case, snapshot=board.snapshot, scope="external", actor=board.cast.dan, at=timezone.now())
    assert read(secret, if_none_match=first["ETag"]).status_code == 200


def test_only_a_token_that_reads_the_feed_and_nothing_else_opens_it(board: Board) -> None:
    stranger = make_person("Mallory", at=board.now())
    for secret in ("asl_nobody", make_token(board.cast.ben, "cases:read"), make_token(board.cast.ben, "feed:read", "cases:read")):
        assert read(secret).status_code == 404
    give_role(board.cast, stranger, "outside_evaluator", at=timezone.now())
    assert read(make_token(stranger, "feed:read")).status_code == 404
    assert read(make_token(board.cast.ben, "feed:read")).status_code == 200


def test_a_feed_address_is_made_on_ones_own_page_shown_once_and_revoked_like_any_token(board: Board) -> None:
    client = client_of(board.cast.ben)
    refused = client.post(reverse("reviews:feed-new"), {"password": "not mine"})
    assert refused.status_code == 422 and "That is not your password" in refused.content.decode()
    page = client.post(reverse("reviews:feed-new"), {"password": PASSWORD}).content.decode()
    [address] = re.findall(r"<code class=\"mono\">(.+?)</code>", page)
    assert address.startswith(f"{settings.PUBLIC_URL}/feed/"), "the address people know, not the one this request came by"
    path = address.removeprefix(settings.PUBLIC_URL)
    assert Client().get(path).status_code == 200
    settings_page = client.get(reverse("reviews:notice-settings")).content.decode()
    assert address not in settings_page and "1 address of yours is live" in settings_page
    token = board.cast.ben.api_tokens.get()
    client.post(reverse("people:token-revoke", args=[token.pk]))
    assert Client().get(path).status_code == 404


def test_nothing_hazardous_nobodys_words_and_nobodys_name_stand_in_a_feed(board: Board) -> None:
    case = board.rise()
    cases.comment(case=case, text=CANARY, hazard=True, actor=board.cast.ben, at=board.now())
    question = board.question(threshold="bio-3")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question, rationale=CANARY)
    board.decide(question, note=CANARY)
    text = read(make_token(board.cast.ben, "feed:read")).content.decode()
    assert "The board decided" in text
    assert not any(word in text for word in (CANARY, "Ben", "Chloe", "Dan"))


# the badge


def badge(person: Person, slug: str = "heron", **headers: str) -> Any:
    return client_of(person).get(reverse("reviews:badge", args=[slug]), headers=headers)


def test_a_badge_says_what_the_page_says_and_no_more(board: Board) -> None:
    before = badge(board.cast.ben)
    assert before["Content-Type"] == "image/svg+xml"
    assert "at least D2 S2, incomplete · external shut" in before.content.decode()
    board.rise()
    after = badge(board.cast.ben).content.decode()
    root = ET.fromstring(after)
    assert root.attrib["role"] == "img" and root.attrib["aria-label"] == root.findtext("{http://www.w3.org/2000/svg}title")
    assert "provisional · external shut" in after and "style" not in after
    assert not any(word in after for word in ("bio", "Bio", "0.5", "Case"))


def test_an_open_gate_is_told_as_open_and_a_halted_one_as_halted(board: Board) -> None:
    def says() -> str:
        return words_of(subject_status(board.subject, board.version, board.now()))

    board.let_out()
    assert says() == "D2 S2 · external open"
    told = {"subject": board.subject, "framework_version": board.version, "scope": "external"}
    scopes.halt(**told, reason="Now.", actor=board.cast.ben, at=board.now())
    assert says() == "D2 S2 · external halted"


def test_a_badge_is_kept_by_no_shared_cache_and_asked_for_again(board: Board) -> None:
    first = badge(board.cast.ben)
    assert first["Cache-Control"] == "private, no-cache"
    assert badge(board.cast.ben, if_none_match=first["ETag"]).status_code == 304
    board.rise()
    assert badge(board.cast.ben, if_none_match=first["ETag"]).status_code == 200


@pytest.mark.parametrize("slug", ["heron", "nobody"])
def test_who_may_not_open_the_page_gets_no_badge(board: Board, slug: str) -> None:
    assert badge(board.cast.eve, slug).status_code == 404
    assert Client().get(reverse("reviews:badge", args=[slug])).status_code == 302
    assert not Case.objects.exists()


# the badge on a page elsewhere


def outside_badge(board: Board, slug: str = "heron") -> tuple[str, str]:
    """The path of a new address of Ben's, and the page that showed it."""
    page = client_of(board.cast.ben).post(reverse("reviews:badge-new", args=[slug]), {"password": PASSWORD}, headers={"host": "localhost"})
    [address] = re.findall(r"<code class=\"mono\">(.+?)</code>", page.text)
    assert address.startswith(f"{settings.PUBLIC_URL}/badge/")
    return address.removeprefix(settings.PUBLIC_URL), page.text


def test_a_badge_address_shows_the_badge_to_pages_of_others_without_a_session(board: Board) -> None:
    path, page = outside_badge(board)
    shown: Any = Client().get(path)
    assert shown.content == badge(board.cast.ben).content
    assert (shown["Content-Type"], shown["Cross-Origin-Resource-Policy"]) == ("image/svg+xml", "cross-origin")
    assert shown["Cache-Control"] == "private, no-cache"
    assert badge(board.cast.ben)["Cross-Origin-Resource-Policy"] == "same-origin"
    assert f"[![Tier and gate of heron]({settings.PUBLIC_URL}{path})]({settings.PUBLIC_URL}/subjects/heron/)" in page
    assert (
        reverse("reviews:badge-new", args=["heron"])
        in client_of(board.cast.ben).get(reverse("reviews:subject-detail", args=["heron"])).text
    )


def test_a_badge_address_is_confirmed_kept_as_a_digest_and_revoked_like_any_token(board: Board) -> None:
    refused = client_of(board.cast.ben).post(reverse("reviews:badge-new", args=["heron"]), {"password": "not mine"})
    assert refused.status_code == 422 and not BadgeAddress.objects.exists()
    path, _ = outside_badge(board)
    kept = BadgeAddress.objects.get()
    secret = path.removeprefix("/badge/").removesuffix(".svg")
    assert kept.token.digest == digest(secret.encode()) and kept.token.scopes == ["badge:read"]
    client_of(board.cast.ben).post(reverse("people:token-revoke", args=[kept.token.pk]))
    assert Client().get(path).status_code == 404


def test_only_a_badge_token_with_a_model_opens_a_badge_and_it_opens_nothing_else(board: Board) -> None:
    for secret in ("asl_nobody", make_token(board.cast.ben, "feed:read"), make_token(board.cast.ben, "badge:read")):
        assert Client().get(reverse("reviews:badge-outside", args=[secret])).status_code == 404
    path, _ = outside_badge(board)
    secret = path.removeprefix("/badge/").removesuffix(".svg")
    assert read(secret).status_code == 404
    assert Client().get("/api/v1/subjects", headers={"authorization": f"Bearer {secret}"}).status_code in {401, 403}


def test_a_badge_goes_dark_with_its_owners_last_role(board: Board) -> None:
    path, _ = outside_badge(board)
    for grant in RoleGrant.objects.filter(person=board.cast.ben):
        propose_end(grant=grant, actor=board.cast.ivo, at=timezone.now())
        confirm_end(grant=grant, actor=board.cast.jun, at=timezone.now())
    assert Client().get(path).status_code == 404
