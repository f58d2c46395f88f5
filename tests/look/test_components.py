"""A state is a word, a mark and a tone together; what is not known never looks fine; what people wrote stays text."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.template import engines
from django.test import Client, RequestFactory
from django.utils.safestring import mark_safe

from asl_portal.look.marks import MARKS, mark
from asl_portal.look.states import STATES, state
from asl_portal.templatetags import look
from tests.look.sample import AT, REASONS, Example


def drawn(source: str, **context: object) -> str:
    return engines["django"].from_string("{% load look %}" + source).render(context, RequestFactory().get("/?sort=-name&gate=shut&page=4"))


@pytest.mark.parametrize(("family", "code"), [(family, code) for family, codes in STATES.items() for code in codes])
def test_every_state_has_a_word_a_known_mark_and_a_tone(family: str, code: str) -> None:
    found = state(family, code)
    assert found.word
    assert found.mark in MARKS
    assert found.tone in {"calm", "caution", "danger", "absent", "plain", "quiet"}


def test_the_four_findings_differ_in_word_mark_and_tone() -> None:
    found = [state("finding", code) for code in ("ruled_out", "cannot_rule_out", "ruled_in", "not_assessed")]
    assert len({each.word for each in found}) == len({each.mark for each in found}) == len({each.tone for each in found}) == 4


@pytest.mark.parametrize(("family", "code"), [("finding", "passed"), ("gate", ""), ("no-such-family", "open")])
def test_a_state_nobody_registered_looks_like_absent_evidence(family: str, code: str) -> None:
    assert state(family, code).tone == "absent"
    assert "tone-absent" in drawn("{% state family code %}", family=family, code=code)


def test_a_code_that_was_marked_safe_is_never_drawn_in_place_of_one_that_was_not() -> None:
    for code in (mark_safe("<b>x</b>"), "<b>x</b>"):
        html = drawn("{% state 'finding' code %}", code=code)
    assert "<b>" not in html and "&lt;b&gt;" in html


VOTE = '{% include "components/vote.html" with who=who code="approve" at=at outdated_at=outdated_at %}'


def test_an_outdated_vote_is_struck_and_dated_not_removed() -> None:
    html = drawn(VOTE, who=SimpleNamespace(name="Ben"), at=AT, outdated_at=AT + timedelta(days=2))
    assert "struck" in html and "Approve" in html and "Ben" in html
    assert "outdated <time" in html and "24 May 2026" in html


def test_a_vote_that_stands_is_not_struck() -> None:
    html = drawn(VOTE, who=SimpleNamespace(name="Ben"), at=AT, outdated_at=None)
    assert "struck" not in html and "outdated" not in html and "Approve" in html


def test_a_mark_nobody_drew_is_a_question() -> None:
    assert MARKS["question"] in mark("no-such-mark")


def test_tiers_show_both_axes_and_what_is_in_force_when_that_is_lower() -> None:
    items = [
        {"axis": "Deployment", "letter": "D", "label": "ASL-3", "in_force": "ASL-2"},
        {"axis": "Security", "letter": "S", "label": "ASL-3", "in_force": "ASL-3"},
    ]
    html = drawn("{% tiers items compact=True provisional=True %}", items=items)
    assert ">D3<" in html and ">S3<" in html
    assert "in force D2</span>" in html
    assert "provisional" in html
    assert "provisional" not in drawn("{% tiers items %}", items=items)


def test_a_tier_that_is_only_named_says_so() -> None:
    assert "named but not defined yet" in drawn(
        "{% tiers items %}", items=[{"axis": "Security", "letter": "S", "label": "ASL-4", "defined": False}]
    )


@pytest.mark.parametrize(
    ("margin", "scale", "direction", "said"),
    [
        ("0.05", "add", "higher", "+ 0.05"),
        ("0.05", "add", "lower", "− 0.05"),
        ("1.2", "ratio", "higher", "× 1.2"),
        ("1.2", "ratio", "lower", "÷ 1.2"),
        ("0", "add", "higher", ""),
        ("1", "ratio", "higher", ""),
    ],
)
def test_a_margin_is_said_as_what_it_does(margin: str, scale: str, direction: str, said: str) -> None:
    assert look.margin_words({"margin": margin, "margin_scale": scale, "direction": direction}) == said


def test_a_reason_tree_opens_what_is_not_ruled_out_and_closes_the_rest() -> None:
    html = drawn('{% include "components/reason_tree.html" with node=node %}', node=REASONS)
    assert html.count("<details open>") == 1 and html.count("<details>") == 1
    assert "3.412 is not below 2.8" in html and "2.1, interval 1.31 to 3.413, each end one-sided 95 %, n = 40" in html
    assert 'title="2.1, 1.31 to 3.41207"' in html
    assert "2 of 3 lines met would raise this; 0 met, 1 unknown" in html


def test_what_people_wrote_stays_text() -> None:
    hostile = '"><script>alert(1)</script>'
    html = drawn(
        "{% person who role=word %}{% digest word whole=True %}{% state 'finding' word note=word %}",
        who=SimpleNamespace(name=hostile),
        word=hostile,
    )
    assert "<script" not in html.lower()


def test_breadcrumbs_lead_back_in_order_and_what_people_wrote_stays_text() -> None:
    html = drawn(
        """{% crumbs %}{% crumb "Portfolio" 'reviews:portfolio' %}{% crumb word 'reviews:subject-detail' "heron" %}{% endcrumbs %}""",
        word="<b>Heron</b>",
    )
    assert html == (
        '<nav class="crumbs" aria-label="Breadcrumbs"><ol><li><a href="/portfolio/">Portfolio</a></li>'
        '<li><a href="/subjects/heron/">&lt;b&gt;Heron&lt;/b&gt;</a></li></ol></nav>'
    )


def test_a_sort_link_turns_round_keeps_filters_and_drops_the_page() -> None:
    assert 'aria-sort="descending"' in drawn('{% sort_header "name" "Subject" %}')
    assert "?sort=name&amp;gate=shut" in drawn('{% sort_header "name" "Subject" %}')
    other = drawn('{% sort_header "size" "Size" number=True %}')
    assert "?sort=size&amp;gate=shut" in other and "aria-sort" not in other


def test_a_form_links_each_error_to_its_field_and_each_field_to_its_error() -> None:
    html = str(Example({"slug": "not a slug", "name": "<b>"}))
    assert 'href="#id_slug"' in html and 'id="id_slug_error"' in html and 'aria-describedby="id_slug_error"' in html
    assert 'aria-invalid="true"' in html
    assert "4 things need mending" not in html and "3 things need mending" in html
    assert "<b>" not in html


def test_an_unbound_form_accuses_nobody() -> None:
    html = str(Example())
    assert "error" not in html
    assert "(optional)" in html


class TestTheme:
    def test_the_choice_is_kept_and_leads_back(self, client: Client) -> None:
        answer = client.post("/theme/", {"theme": "dark", "next": "/cases/?page=2"})
        assert answer.url == "/cases/?page=2"
        assert answer.cookies["asl_theme"].value == "dark"

    def test_another_site_is_not_led_to(self, client: Client) -> None:
        assert client.post("/theme/", {"theme": "dark", "next": "https://elsewhere.example/"}).url == "/"

    def test_an_unknown_theme_follows_the_system(self, client: Client) -> None:
        client.cookies["asl_theme"] = "dark"
        assert client.post("/theme/", {"theme": "<script>"}).cookies["asl_theme"].value == ""

    def test_a_link_cannot_change_it(self, client: Client) -> None:
        assert client.get("/theme/?theme=dark").status_code == 405
