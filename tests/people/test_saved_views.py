"""A person's own names for filtered lists: kept, renamed, deleted, and nobody else's business."""

from datetime import datetime

import pytest

from people.models import Person, SavedView
from people.saved_views import MOST, NameTaken, TooManyViews, rename_view, save_view
from tests.makers import NOON, client_of, make_people

pytestmark = pytest.mark.django_db


def keep(actor: Person, name: str = "Waiting", query: str = "state=received", at: datetime = NOON) -> SavedView:
    return save_view(name=name, place="/uploads/", query=query, actor=actor, at=at)


def test_a_filter_is_kept_under_a_name_without_its_page_and_leads_back_to_it() -> None:
    ben = make_people("ben").ben
    answer = client_of(ben).post("/people/me/views/save/", {"name": "Waiting", "place": "/uploads/", "query": "state=received&page=3"})
    assert answer.status_code == 302 and answer["Location"] == "/uploads/?state=received"
    assert ben.saved_views.get().address == "/uploads/?state=received"
    assert 'href="/uploads/?state=received"' in client_of(ben).get("/people/me/views/").text


@pytest.mark.parametrize("place", ["https://elsewhere.example/", "//elsewhere.example/", "/accounts/logout/", ""])
def test_a_view_leads_to_a_list_of_the_portal_and_nowhere_else(place: str) -> None:
    ben = make_people("ben").ben
    assert client_of(ben).post("/people/me/views/save/", {"name": "Away", "place": place, "query": ""}).status_code == 422
    assert not ben.saved_views.exists()


def test_a_view_is_renamed_and_deleted_by_its_owner_and_unknown_to_others() -> None:
    cast = make_people("ben", "dan")
    view = keep(cast.ben)
    ben, dan = client_of(cast.ben), client_of(cast.dan)
    assert ">Waiting<" not in dan.get("/people/me/views/").text
    assert dan.post(f"/people/me/views/{view.pk}/rename/", {"name": "Mine"}).status_code == 404
    assert dan.post(f"/people/me/views/{view.pk}/delete/").status_code == 404
    assert ben.post(f"/people/me/views/{view.pk}/rename/", {"name": "To read"}).status_code == 302
    assert cast.ben.saved_views.get().name == "To read"
    assert ben.post(f"/people/me/views/{view.pk}/delete/").status_code == 302
    assert not cast.ben.saved_views.exists()


def test_two_views_of_one_list_differ_by_name() -> None:
    cast = make_people("ben", "dan")
    keep(cast.ben)
    keep(cast.dan)
    with pytest.raises(NameTaken):
        keep(cast.ben, query="state=parsed")
    with pytest.raises(NameTaken):
        rename_view(view=keep(cast.ben, name="Read"), name="Waiting")
    assert sorted(cast.ben.saved_views.values_list("name", flat=True)) == ["Read", "Waiting"]


def test_nobody_keeps_views_without_end() -> None:
    ben = make_people("ben").ben
    for number in range(MOST):
        keep(ben, name=f"View {number}")
    with pytest.raises(TooManyViews):
        keep(ben, name="One more")


def test_the_menu_of_a_list_gets_that_lists_views_and_the_form_that_keeps_its_filter() -> None:
    ben = make_people("ben").ben
    keep(ben)
    client, asked = client_of(ben), {"HX-Request": "true"}
    part = client.get("/people/me/views/", {"place": "/uploads/", "query": "state=parsed"}, headers=asked).text
    assert "<html" not in part and ">Waiting<" in part and 'value="state=parsed"' in part
    assert ">Waiting<" not in client.get("/people/me/views/", {"place": "/cases/"}, headers=asked).text
    assert 'hx-get="/people/me/views/?place=/uploads/&amp;query=state%3Dparsed"' in client.get("/uploads/?state=parsed").text


def test_a_filter_too_long_to_be_kept_is_refused_in_words() -> None:
    ben = make_people("ben").ben
    told = {"name": "Herons", "place": "/uploads/", "query": "q=" + "鷺" * 80}
    answer = client_of(ben).post("/people/me/views/save/", told)
    assert answer.status_code == 422 and "too long to be kept" in answer.text
    assert client_of(ben).post("/people/me/views/save/", told | {"query": "q=" + "鷺" * 50}).status_code == 302
    assert ben.saved_views.count() == 1
