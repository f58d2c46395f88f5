"""The frame of every page: what one may go to, which log this is, how htmx behaves; at a fixed cost."""

import json
import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from asl_portal.context import Portal
from ledger.refusals import NotNow
from people.queries import actor_of
from reviews.models import Notice
from tests import makers

pytestmark = pytest.mark.django_db


def frame(person: Any, path: str = "/cases/") -> Portal:
    request = RequestFactory().get(path)
    request.user, request.actor = person.user, actor_of(person, makers.NOON)  # type: ignore[attr-defined]
    return Portal(request)


def test_a_reviewer_goes_everywhere_and_sees_where_they_are() -> None:
    nav = frame(makers.make_people("ben").ben).nav
    assert [item.title for item in nav] == ["Waiting on me", "Portfolio", "Cases", "Uploads", "Safeguards", "Frameworks", "Gate", "Ledger"]
    assert [item.title for item in nav if item.current] == ["Cases"]


def test_an_outside_evaluator_is_shown_only_what_is_theirs() -> None:
    assert [item.title for item in frame(makers.make_people("lena").lena).nav] == ["Waiting on me", "Your dossier", "Uploads", "Frameworks"]


def test_a_stranger_is_shown_nothing_but_their_own_account() -> None:
    shown = frame(makers.make_people("eve").eve)
    assert shown.nav == []
    assert [item.title for item in shown.account_links] == ["Your account"]


def test_a_demo_log_says_so_on_every_page_and_a_production_log_never(client: Client) -> None:
    makers.make_log("demo")
    assert "demo log" in client.get("/accounts/login/").text


def test_a_production_log_claims_to_be_no_demo(client: Client) -> None:
    makers.make_log("production")
    assert "demo log" not in client.get("/accounts/login/").text


def test_a_page_says_how_far_the_ledger_reaches_only_to_those_signed_in(client: Client) -> None:
    cast = makers.make_people("ben")
    assert "sha256:" not in client.get("/accounts/login/").text
    client.force_login(cast.ben.user)
    assert "Ledger: " in client.get("/people/me/").text


def test_a_frame_asks_the_database_once_and_a_fragment_not_at_all(django_assert_num_queries: Any) -> None:
    request = RequestFactory().get("/")
    request.user = makers.make_people("ben").ben.user
    request.actor = actor_of(request.user.person, makers.NOON)  # type: ignore[attr-defined]
    with django_assert_num_queries(0):
        shown = Portal(request)
    with django_assert_num_queries(1):
        assert (shown.demo, shown.head is not None, len(shown.nav), shown.theme) == (True, True, 8, "")


def test_htmx_swaps_refusals_and_keeps_no_page_in_the_browser(client: Client) -> None:
    page = client.get("/accounts/login/").text
    config = json.loads(re.search(r"name=\"htmx-config\" content='([^']+)'", page)[1])  # type: ignore[index]
    assert config["allowEval"] is False and config["includeIndicatorStyles"] is False and config["historyCacheSize"] == 0
    handled = {each["code"]: each["swap"] for each in config["responseHandling"]}
    assert handled["409|422"] is True and handled["[45].."] is False


def test_a_refusal_says_what_is_so_and_what_to_do(rf: RequestFactory) -> None:
    refusal = NotNow("The case is closed.", what_to_do="Open a new one.")
    page = render_to_string("409.html", {"refusal": refusal}, request=rf.get("/cases/1/"))
    assert "The case is closed." in page and "Open a new one." in page


def test_the_page_of_last_resort_needs_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert "Nothing you sent was half done" in render_to_string("500.html")


def test_the_way_to_the_inbox_counts_what_was_not_read() -> None:
    cast = makers.make_people("ben", "chloe")
    for seq, person, read_at in ((1, cast.ben, None), (2, cast.ben, makers.NOON), (3, cast.chloe, None)):
        Notice.objects.create(
            person=person, channel="inbox", kind="vote_wanted", entry_seq=seq, not_before=makers.NOON, made_at=makers.NOON, read_at=read_at
        )
    assert [item.count for item in frame(cast.ben).nav][:2] == [1, 0]
    assert frame(cast.ivo).unread == 0
