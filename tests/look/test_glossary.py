"""One glossary: every word the portal has of its own is explained in it, and said where the question arises."""

import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import Client

from asl_portal.look.glossary import BY_SLUG, TERMS
from tests.makers import make_people

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# The words the portal was designed in. A page that uses one must be able to say what it is.
WORDS = (
    *(
        "framework",
        "framework-version",
        "domain",
        "axis",
        "tier",
        "safeguard",
        "threshold",
        "indicator",
        "subject",
        "upload",
        "run",
        "measurement",
    ),
    *("finding", "assessment", "determination", "case", "safeguard-implementation", "sign-off", "vote", "gate", "ledger"),
    *("binding", "snapshot", "lineage", "artefact", "scope", "quorum", "applicability", "provisional", "required", "in-force"),
    *("threshold-kind", "case-kind", "gate-state", "stale", "point-only", "coverage", "dissent", "recusal", "judgement", "declaration"),
    *("asl", "cbrn", "may-only-raise", "clearance"),
)


def _used() -> set[str]:
    pages = [page.read_text() for page in TEMPLATES.rglob("*.html")]
    listed = {slug for page in pages for words in re.findall(r"{% words (.*?) %}", page) for slug in re.findall(r'"([^"]+)"', words)}
    return listed | {slug for page in pages for slug in re.findall(r'{% term "([^"]+)"', page)}


@pytest.mark.parametrize("slug", WORDS)
def test_every_word_of_the_design_is_explained_and_used_where_it_arises(slug: str) -> None:
    assert slug in BY_SLUG
    assert slug in _used(), f'No page says {{% term "{slug}" %}}.'


def test_no_page_asks_for_a_word_that_is_not_explained() -> None:
    assert _used() <= set(BY_SLUG)


def test_a_word_points_only_at_other_words_and_is_explained_in_a_few() -> None:
    assert len(BY_SLUG) == len(TERMS)
    for term in TERMS:
        assert set(term.see) <= set(BY_SLUG) - {term.slug}
        assert 20 < len(term.meaning) < 180 and term.meaning.endswith(".")


def test_two_uses_of_a_word_on_one_page_open_each_its_own_meaning() -> None:
    page = Template('{% load look %}{% term "tier" %}{% term "tier" "Tiers" %}').render(Context())
    assert re.findall(r'popovertarget="([^"]+)"', page) == re.findall(r'<span popover id="([^"]+)"', page) == ["term-tier-1", "term-tier-2"]
    assert ">Tier</button>" in page and ">Tiers</button>" in page and BY_SLUG["tier"].meaning in page


def test_a_line_of_words_opens_each_of_them_where_it_stands() -> None:
    page = Template('{% load look %}{% words "stale" "coverage" %}').render(Context())
    assert "Words used here: " in page
    for slug in ("stale", "coverage"):
        assert f'popovertarget="term-{slug}-' in page and BY_SLUG[slug].meaning in page


@pytest.mark.django_db
def test_the_glossary_lists_every_word_for_everybody_with_a_role(client: Client) -> None:
    client.force_login(make_people("lena").lena.user)
    page = client.get("/glossary/").text
    for term in TERMS:
        assert f'<div id="{term.slug}"><dt>{term.word}</dt>' in page
