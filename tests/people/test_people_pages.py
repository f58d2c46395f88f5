"""The pages of people: one's own, the members, and the forms that change what somebody holds."""

import pytest
from django.urls import reverse
from django.utils import timezone

from ledger.models import Entry
from people import services
from people.models import ApiToken, Person, RoleGrant, User
from people.queries import roles_of
from people.services import grant_role
from people.services.tokens import find_token
from people.words import Area, Role, Scope
from tests.makers import (
    NOON,
    PASSWORD,
    give_clearance,
    give_competence,
    give_password,
    give_role,
    know_password,
    later,
    make_people,
    make_person,
    make_signature,
    make_token,
)
from tests.people.test_signing import statement

pytestmark = pytest.mark.django_db


def as_(client, person: Person):
    client.force_login(person.user)
    return client


def test_my_page_says_what_i_hold_and_by_whose_word(client):
    cast = make_people("ben")
    give_clearance(cast, cast.ben)
    make_signature(cast.ben, statement())
    page = as_(client, cast.ben).get("/people/me/").content.decode()
    for said in ("Reviewer", "Biology", "Hazardous detail", "Ivo", "Jun", "Approve elevation", "Sign out"):
        assert said in page


def test_a_stranger_finds_their_own_page_and_nothing_else(client):
    cast = make_people("ben", "eve")
    as_(client, cast.eve)
    page = client.get("/people/me/")
    assert page.status_code == 200
    assert "You hold no role here yet" in page.content.decode()
    for path in ("/people/", f"/people/{cast.ben.pk}/", "/people/new/"):
        assert client.get(path).status_code == 404
    assert client.post("/people/me/tokens/", {"label": "x", "scopes": "gate:read", "days": 1}).status_code == 404
    assert client.post("/accounts/logout/").status_code == 302


def test_what_one_may_not_know_of_looks_like_what_is_not_there(client):
    cast = make_people("ben", "eve")
    as_(client, cast.eve)
    there, not_there = client.get(f"/people/{cast.ben.pk}/"), client.get("/people/nothing-like-it/")
    assert there.status_code == not_there.status_code == 404
    assert "Ben" not in there.content.decode()


def test_a_token_is_shown_once(client):
    cast = make_people("ada")
    give_password(cast.ada)
    as_(client, cast.ada)
    form = {"label": "CI", "scopes": ["gate:read"], "days": 30, "password": PASSWORD}
    assert client.post("/people/me/tokens/", form | {"password": "wrong"}).status_code == 422
    assert not ApiToken.objects.exists()
    page = client.post("/people/me/tokens/", form).content.decode()
    token = ApiToken.objects.get()
    assert page.count(token.prefix + "_") == 1
    assert token.prefix + "_" not in client.get("/people/me/tokens/").content.decode()


def test_a_token_form_with_something_wrong_makes_nothing(client):
    cast = make_people("ada")
    give_password(cast.ada)
    as_(client, cast.ada)
    for wrong in ({"scopes": ["everything"]}, {"days": 1000}, {"label": ""}):
        answer = client.post("/people/me/tokens/", {"label": "CI", "scopes": ["gate:read"], "days": 30, "password": PASSWORD} | wrong)
        assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_a_role_is_proposed_by_one_keeper_and_confirmed_by_another(client):
    cast = make_people("eve", "dan")
    as_(client, cast.ivo)
    page = client.post(f"/people/{cast.eve.pk}/grants/", {"what": "role:researcher", "until": "2099-12-31"}, follow=True)
    assert "waits for a second person" in page.content.decode()
    grant = RoleGrant.objects.get(person=cast.eve)
    assert grant.until_at.isoformat() == "2100-01-01T00:00:00+00:00"
    confirm = reverse("people:grant-act", args=["role", grant.pk, "confirm"])
    # The button is not there, and the server refuses it all the same.
    assert confirm not in client.get("/people/").content.decode()
    assert client.post(confirm).status_code == 403
    assert roles_of(cast.eve, timezone.now()) == frozenset()
    know_password(cast.dan)
    as_(client, cast.dan)
    assert confirm in client.get("/people/").content.decode()
    assert "Confirm this role" in client.get(confirm).content.decode()
    # Nothing happens before they have shown who they are.
    for wrong in ({}, {"password": "wrong"}):
        assert client.post(confirm, wrong).status_code == 422
    assert roles_of(cast.eve, timezone.now()) == frozenset()
    assert client.post(confirm, {"password": PASSWORD}).status_code == 302
    assert roles_of(cast.eve, timezone.now()) == {Role.RESEARCHER}


def test_confirming_twice_is_not_now(client):
    cast = make_people("eve")
    grant = grant_role(person=cast.eve, role=Role.RESEARCHER, actor=cast.ivo, at=NOON)
    know_password(cast.jun)
    as_(client, cast.jun)
    confirm = reverse("people:grant-act", args=["role", grant.pk, "confirm"])
    assert client.post(confirm, {"password": PASSWORD}).status_code == 302
    again = client.post(confirm, {"password": PASSWORD})
    assert again.status_code == 409
    assert "does not wait to be confirmed any more" in again.content.decode()


def test_a_refusal_for_htmx_is_a_part_and_not_a_page(client):
    cast = make_people("eve")
    grant = grant_role(person=cast.eve, role=Role.RESEARCHER, actor=cast.ivo, at=NOON)
    know_password(cast.jun)
    as_(client, cast.jun)
    confirm = reverse("people:grant-act", args=["role", grant.pk, "confirm"])
    client.post(confirm, {"password": PASSWORD})
    part = client.post(confirm, {"password": PASSWORD}, headers={"HX-Request": "true"})
    assert part.status_code == 409
    assert "<html" not in part.content.decode()


def test_a_proposal_that_cannot_be_is_said_on_the_form(client):
    cast = make_people("ben")
    as_(client, cast.ivo)
    address = f"/people/{cast.ben.pk}/grants/"
    for what, said in (
        ("role:reviewer", "holds that already"),
        ("role:administrator", "decides nothing"),
        ("role:emperor", "valid choice"),
    ):
        answer = client.post(address, {"what": what})
        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert client.post(address, {"what": "competence:cyber"}).status_code == 302


def test_the_list_of_waiting_proposals_is_for_keepers(client):
    cast = make_people("eve", "ada")
    grant_role(person=cast.eve, role=Role.RESEARCHER, actor=cast.ivo, at=NOON)
    assert "Waiting for a second person" in as_(client, cast.jun).get("/people/").content.decode()
    assert "Waiting for a second person" not in as_(client, cast.ada).get("/people/").content.decode()


def test_a_person_is_registered_with_an_account_that_cannot_sign_in_yet(client):
    cast = make_people("ada")
    as_(client, cast.ivo)
    form = {"name": "Mia", "affiliation": "The lab", "email": "Mia@Lab.example"}
    answer = client.post("/people/new/", form)
    user = User.objects.get(email="mia@lab.example")
    assert answer["Location"] == f"/people/{user.person_id}/"
    assert not user.has_usable_password()
    again = client.post("/people/new/", form)
    assert again.status_code == 422
    assert "already signs in with this address" in again.content.decode()
    assert as_(client, cast.ada).post("/people/new/", form).status_code == 403


def test_an_address_of_an_account_is_shown_to_keepers_only(client):
    cast = make_people("ben", "ada")
    address = f"/people/{cast.ben.pk}/"
    assert "ben@lab.example" in as_(client, cast.ivo).get(address).content.decode()
    assert "ben@lab.example" not in as_(client, cast.ada).get(address).content.decode()


def test_closing_an_account_ends_its_session(client):
    cast = make_people("ben")
    give_password(cast.ben)
    other = as_(type(client)(), cast.ben)
    assert other.get("/people/me/").status_code == 200
    know_password(cast.ivo)
    close = f"/people/{cast.ben.pk}/close/"
    assert "gives none of that back" in as_(client, cast.ivo).get(close).content.decode()
    assert client.post(close).status_code == 422 and other.get("/people/me/").status_code == 200
    assert client.post(close, {"password": PASSWORD}).status_code == 302
    assert other.get("/people/me/").status_code == 302
    assert client.post(close, {"password": PASSWORD}).status_code == 409


def test_a_proposed_link_stands_on_the_page_of_its_person(client):
    cast = make_people("ben", "ada")
    page, said = f"/people/{cast.ben.pk}/", "A sign-in link was proposed by"
    assert said not in as_(client, cast.ivo).get(page).content.decode()
    client.post(f"/people/{cast.ben.pk}/link/")
    assert said in client.get(page).content.decode() and "somebody else confirms it" in client.get(page).content.decode()
    assert said not in as_(client, cast.ada).get(page).content.decode()


def test_a_closed_account_is_reopened_to_a_new_link_and_to_nothing_that_opened_it_before(client):
    cast = make_people("ben", "ada")
    give_password(cast.ben)
    session, text = as_(type(client)(), cast.ben), make_token(cast.ben, Scope.SUBJECTS_READ)
    _, link = services.persona_link(user=cast.ben.user, at=timezone.now())
    services.close_user(user=cast.ben.user, actor=cast.ivo, at=timezone.now())
    know_password(cast.ivo)
    page, reopen = f"/people/{cast.ben.pk}/", f"/people/{cast.ben.pk}/reopen/"
    assert as_(client, cast.ada).post(reopen, {"password": PASSWORD}).status_code == 403
    assert "Reopen this account" in as_(client, cast.ivo).get(page).content.decode()
    shown = client.get(reopen).content.decode()
    assert "Reviewer" in shown and "comes in by a new sign-in link" in shown
    assert client.post(reopen).status_code == 422 and not User.objects.get(pk=cast.ben.user.pk).is_active
    assert client.post(reopen, {"password": PASSWORD}).status_code == 302
    last = Entry.objects.order_by("seq").last()
    assert (last.kind, last.actor, last.values["person"], last.values["revoked"]) == (
        "people:user:reopened",
        cast.ivo.pk,
        str(cast.ben.pk),
        1,
    )

    ben = User.objects.get(pk=cast.ben.user.pk)
    assert ben.is_active and not ben.has_usable_password()
    assert session.get("/people/me/").status_code == 302
    assert find_token(text, timezone.now()) is None
    assert type(client)().get(f"/accounts/link/{link}/").status_code == 404
    assert client.post(reopen, {"password": PASSWORD}).status_code == 409
    assert "Propose a sign-in link" in client.get(page).content.decode()


def test_what_a_signed_in_person_reads_is_kept_by_no_cache(client):
    cast = make_people("ben")
    page = as_(client, cast.ben).get("/people/me/")
    assert page["Cache-Control"] == "private, no-store"
    assert "camera=()" in page["Permissions-Policy"]
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    assert page["X-Frame-Options"] == "DENY"


def test_a_program_gets_a_problem_document_for_an_address_that_is_not_there(client):
    answer = client.get("/api/v1/nothing-like-it")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {"type": "about:blank", "title": "Not Found.", "status": 404, "code": "not_found"}


# Query counts do not grow with the data. Four of each are the session, the account, and what the person holds, the head of the log.


def crowd(cast, size: int) -> None:
    for number in range(size):
        person = make_person(f"Reviewer{number}", at=later(seconds=number))
        give_role(cast, person, Role.REVIEWER, at=later(seconds=number))
        grant_role(person=person, role=Role.AUDITOR, actor=cast.ivo, at=later(seconds=number))


@pytest.mark.parametrize("size", [0, 4])
def test_the_members_page_asks_as_often_however_many_they_are(client, size, django_assert_num_queries):
    cast = make_people("ben")
    crowd(cast, size)
    as_(client, cast.jun)
    with django_assert_num_queries(12):
        client.get("/people/")


@pytest.mark.parametrize("size", [0, 4])
def test_one_persons_page_asks_as_often_however_much_they_hold(client, size, django_assert_num_queries):
    cast = make_people("ben")
    for area in [area for area in Area if area != Area.BIOLOGY][:size]:
        give_competence(cast, cast.ben, area)
    as_(client, cast.jun)
    # One of them for a link that waits.
    with django_assert_num_queries(10):
        client.get(f"/people/{cast.ben.pk}/")


@pytest.mark.parametrize("size", [1, 4])
def test_my_page_asks_as_often_however_much_i_signed(client, size, django_assert_num_queries):
    cast = make_people("ben")
    for _ in range(size):
        make_signature(cast.ben, statement())
    as_(client, cast.ben)
    with django_assert_num_queries(9):
        client.get("/people/me/")
