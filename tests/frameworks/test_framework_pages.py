"""The rules as pages: what they show, to whom, and in how many queries."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from frameworks.models import FrameworkVersion
from frameworks.services import load_framework
from people.models import Person
from tests.makers import NOON, Cast, client_of, make_people

CATALOG = Path(__file__).parents[2] / "frameworks" / "catalog" / "anthropic-rsp-2.2.yaml"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_people("ada", "eve")


@pytest.fixture
def version(cast: Cast) -> FrameworkVersion:
    return load_framework(source=CATALOG.read_bytes(), actor=None, at=NOON)


def _client(person: Person) -> Client:
    client = client_of(person)
    return client


DETAIL = ("anthropic-rsp", "2.2")


def test_the_list_shows_every_version_with_its_status(cast: Cast, version: FrameworkVersion) -> None:
    page = _client(cast.ada).get(reverse("frameworks:list")).content.decode()
    assert "Anthropic Responsible Scaling Policy" in page and "Draft" in page and "1 version · 0 in force" in page


def test_an_empty_list_says_how_one_is_loaded(cast: Cast) -> None:
    assert "No framework is loaded" in _client(cast.ada).get(reverse("frameworks:list")).content.decode()


def test_the_page_of_a_framework_shows_thresholds_rules_safeguards_and_policies(cast: Cast, version: FrameworkVersion) -> None:
    page = _client(cast.ada).get(reverse("frameworks:detail", args=DETAIL)).content.decode()
    for words in (
        "CBRN-3",
        "named, not defined",
        "All of these must rule out",
        "Hard software engineering tasks: below 0.5 rules out",
        "Fewer than 3 of these 6 lines are met",
        "The lab's operationalisation",
        "asl-3-security-2e",
        "safeguards were not on",
        "Weight borne by",
        "Two reviewers approve the ASL-3 security safeguards",
        "Effective compute has grown fourfold",
        "Internal high risk",
        version.digest,
        "Not adopted",
    ):
        assert words in page, words


def test_the_document_can_be_taken_away_as_it_was_loaded(cast: Cast, version: FrameworkVersion) -> None:
    answer = _client(cast.ada).get(reverse("frameworks:source", args=DETAIL))
    assert answer.content == CATALOG.read_bytes() and answer["Content-Type"].startswith("text/plain")


def test_a_revision_is_named_in_the_address_and_the_newest_is_meant_otherwise(cast: Cast, version: FrameworkVersion) -> None:
    load_framework(source=CATALOG.read_bytes().replace(b"revision: 1", b"revision: 2", 1), actor=None, at=NOON)
    ask = _client(cast.ada).get
    assert ask(reverse("frameworks:detail", args=DETAIL)).context["version"].revision == 2
    assert ask(reverse("frameworks:detail", args=DETAIL), {"revision": "1"}).context["version"] == version


@pytest.mark.parametrize(
    "address", ["/frameworks/anthropic-rsp/9.9/", "/frameworks/anthropic-rsp/2.2/?revision=7", "/frameworks/nobody/1/"]
)
def test_what_is_not_loaded_is_not_there(cast: Cast, version: FrameworkVersion, address: str) -> None:
    assert _client(cast.ada).get(address).status_code == 404


@pytest.mark.parametrize("name", ["frameworks:list", "frameworks:detail", "frameworks:source", "frameworks:changes"])
def test_frameworks_are_shown_to_members_and_to_nobody_else(cast: Cast, version: FrameworkVersion, name: str) -> None:
    address = reverse(name, args=() if name == "frameworks:list" else DETAIL)
    assert _client(cast.ada).get(address).status_code == 200
    assert _client(cast.eve).get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_the_pages_ask_the_database_the_same_few_questions_however_much_is_loaded(
    cast: Cast, version: FrameworkVersion, django_assert_num_queries
) -> None:
    client = _client(cast.ada)
    for revision in range(2, 5):
        load_framework(source=CATALOG.read_bytes().replace(b"revision: 1", b"revision: %d" % revision, 1), actor=None, at=NOON)
    client.get(reverse("frameworks:list"))
    with django_assert_num_queries(5):  # session, user with person, what they hold, the frame's ledger head, the versions
        client.get(reverse("frameworks:list"))
    with django_assert_num_queries(5):
        client.get(reverse("frameworks:detail", args=DETAIL))
    with django_assert_num_queries(8):  # and the others, and the bytes of the one compared with
        client.get(reverse("frameworks:changes", args=DETAIL), {"against": str(version.pk)})
