"""Signing in and out, and choosing a password through a link."""

import re
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.core.internal import ratelimit
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ledger.models import Entry
from ledger.refusals import NotAllowed
from people import services
from people.mail import link_address
from people.models import SignInLink, User
from people.services.credentials import (
    AccountClosed,
    LinkDoesNotOpen,
    NotAFirstAdministrator,
    OnlyInADemoLog,
    PasswordTooWeak,
    find_link,
)
from people.services.grants import AnotherPersonConfirms, NotForYourself, NotWaiting
from people.words import LinkPurpose
from reviews.notices.send import send_due
from tests.makers import NOON, PASSWORD, deliver_all, give_password, know_password, later, link_secret, make_people

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def sign_in(client, person, password=PASSWORD, **extra):
    return client.post(LOGIN, {"login": person.user.email, "password": password, **extra})


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_a_person_signs_in_with_address_and_password(client):
    cast = make_people("ben")
    give_password(cast.ben)
    answer = sign_in(client, cast.ben)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_signed_in(client)


def test_the_address_may_be_written_in_capitals(client):
    cast = make_people("ben")
    give_password(cast.ben)
    client.post(LOGIN, {"login": "BEN@lab.example", "password": PASSWORD})
    assert is_signed_in(client)


@pytest.mark.parametrize("who", ["ben", "nobody"])
def test_a_wrong_password_and_an_unknown_address_are_answered_alike(client, who):
    cast = make_people("ben")
    give_password(cast.ben)
    answer = client.post(LOGIN, {"login": f"{who}@lab.example", "password": "wrong"})
    assert answer.status_code == 200
    assert "password you specified are not correct" in answer.content.decode()
    assert not is_signed_in(client)


def test_after_five_wrong_passwords_even_the_right_one_waits(client):
    cast = make_people("ben")
    give_password(cast.ben)
    for _ in range(5):
        sign_in(client, cast.ben, "wrong")
    answer = sign_in(client, cast.ben)
    assert "Too many failed login attempts" in answer.content.decode()
    assert not is_signed_in(client)


def test_after_ten_wrong_passwords_over_many_accounts_even_the_right_one_waits_at_that_address_and_at_no_other(client):
    cast = make_people("ben")
    give_password(cast.ben)
    for guess in range(10):
        client.post(LOGIN, {"login": f"somebody-{guess}@lab.example", "password": "the one everybody has"})
    answer = sign_in(client, cast.ben)
    assert "Too many failed login attempts" in answer.content.decode() and not is_signed_in(client)
    client.post(LOGIN, {"login": cast.ben.user.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    assert is_signed_in(client)


def test_who_guesses_slowly_enough_for_every_minute_meets_the_hours_limit_at_that_address_and_at_no_other(client, monkeypatch):
    cast = make_people("ben")
    give_password(cast.ben)
    clock = SimpleNamespace(now=1_800_000_000.0)
    monkeypatch.setattr(ratelimit, "time", SimpleNamespace(time=lambda: clock.now, monotonic=time.monotonic, sleep=time.sleep))
    for guess in range(100):
        clock.now += 10
        client.post(LOGIN, {"login": f"somebody-{guess}@lab.example", "password": "the one everybody has"})
    clock.now += 120
    answer = sign_in(client, cast.ben)
    assert "Too many failed login attempts" in answer.content.decode() and not is_signed_in(client)
    other = Client()
    other.post(LOGIN, {"login": cast.ben.user.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    assert is_signed_in(other)
    clock.now += 3600
    sign_in(client, cast.ben)
    assert is_signed_in(client)


def test_an_account_without_a_password_does_not_sign_in(client):
    cast = make_people("ben")
    for password in ("", "!", PASSWORD):
        sign_in(client, cast.ben, password)
        assert not is_signed_in(client)


def test_a_closed_account_neither_signs_in_nor_stays_signed_in(client):
    cast = make_people("ben")
    give_password(cast.ben)
    sign_in(client, cast.ben)
    assert client.get("/people/me/").status_code == 200
    services.close_user(user=cast.ben.user, actor=cast.ivo, at=timezone.now())
    assert client.get("/people/me/").status_code == 302
    client.logout()
    sign_in(client, cast.ben)
    assert not is_signed_in(client)


def test_signing_in_leads_on_only_within_the_portal(client):
    cast = make_people("ben")
    give_password(cast.ben)
    for elsewhere in ("https://evil.example/", "//evil.example/", "https:evil.example", "javascript:alert(1)", "/\\evil.example"):
        answer = sign_in(client, cast.ben, next=elsewhere)
        assert answer.status_code == 302
        assert answer["Location"] == "/", elsewhere
        client.logout()
    assert sign_in(client, cast.ben, next="/people/me/")["Location"] == "/people/me/"


def test_signing_out_takes_a_post_and_leads_nowhere_else(client):
    cast = make_people("ben")
    client.force_login(cast.ben.user)
    client.get("/accounts/logout/")
    assert is_signed_in(client)
    answer = client.post("/accounts/logout/", {"next": "https://evil.example/"})
    assert answer["Location"] == "/"
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "email/",
        "password/reset/",
        "password/set/",
        "reauthenticate/",
        "confirm-email/",
        "login/code/confirm/",
        "",
    ],
)
def test_there_is_no_sign_up_and_no_reset_by_mail(client, path):
    cast = make_people("ben")
    assert client.get(f"/accounts/{path}").status_code == 404
    client.force_login(cast.ben.user)
    assert client.get(f"/accounts/{path}").status_code == 404


def test_another_host_in_the_header_is_refused(client):
    make_people("ben")
    assert client.get(LOGIN, headers={"host": "localhost"}).status_code == 200
    assert client.get(LOGIN, headers={"host": "evil.example"}).status_code == 400


def test_changing_the_password_keeps_this_session_and_ends_the_others(client, django_user_model):
    cast = make_people("ben")
    give_password(cast.ben)
    sign_in(client, cast.ben)
    other = type(client)()
    sign_in(other, cast.ben)
    new = "an even longer and quieter river"
    form = {"password": PASSWORD, "new_password": new, "again": new}
    for wrong in ({"password": "wrong"}, {"again": "another"}, {"new_password": "river", "again": "river"}):
        assert client.post("/accounts/password/change/", form | wrong).status_code == 422
        assert django_user_model.objects.get(pk=cast.ben.user.pk).check_password(PASSWORD)
    answer = client.post("/accounts/password/change/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/people/me/")
    user = django_user_model.objects.get(pk=cast.ben.user.pk)
    assert user.check_password(new)
    assert user.credential_changed_at > user.credential_reset_at == NOON
    assert Entry.objects.order_by("seq").last().kind == "people:credential:changed"
    assert client.get("/people/me/").status_code == 200
    assert other.get("/people/me/").status_code == 302


def test_an_account_without_a_password_is_told_that_it_has_none_to_change(client):
    cast = make_people("ben")
    client.force_login(cast.ben.user)
    for answer in (client.get("/accounts/password/change/", follow=True), client.post("/accounts/password/change/", follow=True)):
        assert answer.redirect_chain[-1] == ("/people/me/", 302)
        assert "no password to change" in answer.content.decode()


def test_one_sees_where_one_is_signed_in_and_signs_out_of_one_or_of_all_others(client):
    cast = make_people("ben", "chloe")
    for person in (cast.ben, cast.chloe):
        give_password(person)
    sign_in(client, cast.ben)
    others = [type(client)() for _ in range(3)]
    for other in others:
        sign_in(other, cast.ben)
    stranger = type(client)()
    sign_in(stranger, cast.chloe)
    page = client.get("/people/me/sessions/").content.decode()
    assert page.count("Sign out there") == 3
    assert page.count("this one") == 1
    first = UserSession.objects.get(session_key=others[0].session.session_key)
    theirs = UserSession.objects.get(session_key=stranger.session.session_key)
    assert client.post("/people/me/sessions/", {"session": theirs.pk}).status_code == 404
    assert client.post("/people/me/sessions/", {"session": first.pk}).status_code == 302
    assert [other.get("/people/me/").status_code for other in others] == [302, 200, 200]
    assert Entry.objects.order_by("seq").last().kind == "people:session:ended"
    client.post("/people/me/sessions/")
    assert [other.get("/people/me/").status_code for other in others] == [302, 302, 302]
    assert client.get("/people/me/").status_code == stranger.get("/people/me/").status_code == 200


# Links


def test_a_link_opens_a_form_and_looking_spends_nothing(client):
    cast = make_people("ben")
    link, secret = services.persona_link(user=cast.ben.user, at=timezone.now())
    for _ in range(2):
        page = client.get(f"/accounts/link/{secret}/", follow=True)
        assert page.redirect_chain == [("/accounts/link/", 302)]
        assert page.status_code == 200
        assert not is_signed_in(client)
    link.refresh_from_db()
    assert link.used_at is None


def test_a_password_chosen_through_a_link_signs_in_once(client):
    cast = make_people("ben")
    _, secret = services.persona_link(user=cast.ben.user, at=timezone.now())
    client.get(f"/accounts/link/{secret}/")
    answer = client.post("/accounts/link/", {"password": PASSWORD, "again": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/people/me/factors/")
    assert is_signed_in(client)
    assert Entry.objects.order_by("seq").last().kind == "people:credential:set"
    client.logout()
    client.cookies["asl_link"] = secret
    for answer in (client.get(f"/accounts/link/{secret}/"), client.get("/accounts/link/"), client.post("/accounts/link/")):
        assert answer.status_code == 404
    sign_in(client, cast.ben)
    assert is_signed_in(client)


@pytest.mark.parametrize("form", [{"password": "short", "again": "short"}, {"password": PASSWORD, "again": PASSWORD + "!"}, {}])
def test_a_weak_or_mistyped_password_leaves_the_link_as_it_was(client, form):
    cast = make_people("ben")
    link, secret = services.persona_link(user=cast.ben.user, at=timezone.now())
    client.get(f"/accounts/link/{secret}/")
    answer = client.post("/accounts/link/", form)
    assert answer.status_code == 422
    assert find_link(secret, timezone.now()) == link
    assert not is_signed_in(client)


def test_a_link_nobody_made_is_not_known(client):
    make_people("ben")
    assert client.get("/accounts/link/guess/").status_code == 404
    assert client.get("/accounts/link/").status_code == 404


def test_a_link_runs_out_and_a_newer_one_takes_its_place():
    cast = make_people("ben")
    link, secret = services.persona_link(user=cast.ben.user, at=NOON)
    assert find_link(secret, later(days=6)) == link
    with pytest.raises(LinkDoesNotOpen):
        find_link(secret, later(days=7))
    services.persona_link(user=cast.ben.user, at=NOON)
    with pytest.raises(LinkDoesNotOpen):
        find_link(secret, NOON)


def test_only_the_digest_of_a_link_is_kept():
    cast = make_people("ben")
    link, secret = services.persona_link(user=cast.ben.user, at=NOON)
    assert link.digest.startswith("sha256:")
    assert secret not in str(SignInLink.objects.filter(pk=link.pk).values())
    entry = Entry.objects.order_by("seq").last()
    assert entry.kind == "people:link:created"
    assert not [text for text in entry.fields.values_list("text", flat=True) if secret in text]


def test_a_persona_link_exists_only_in_a_demo_log():
    cast = make_people("ben", mode="production")
    with pytest.raises(OnlyInADemoLog):
        services.persona_link(user=cast.ben.user, at=NOON)


def test_the_shell_lets_in_a_first_administrator_and_nobody_else():
    cast = make_people("ben", mode="production")
    _, secret = services.first_administrator_link(user=cast.ivo.user, at=NOON)
    services.use_link(secret=secret, password=PASSWORD, at=NOON)
    for person in (cast.ben, cast.ivo):
        with pytest.raises(NotAFirstAdministrator):
            services.first_administrator_link(user=person.user, at=NOON)


def test_in_production_a_link_takes_two_people_and_goes_to_the_accounts_own_address(client):
    cast = make_people("ben", mode="production")
    client.force_login(cast.ivo.user)
    assert client.post(reverse("people:link-propose", args=[cast.ben.pk])).status_code == 302
    link = SignInLink.objects.get()
    confirm = reverse("people:link-act", args=[link.pk, "confirm"])
    assert client.post(confirm).status_code == 403
    assert mail.outbox == []
    know_password(cast.jun)
    client.force_login(cast.jun.user)
    assert client.post(confirm).status_code == 422 and mail.outbox == []
    told = client.post(confirm, {"password": PASSWORD}, follow=True, headers={"host": "127.0.0.1"})
    assert mail.outbox == []  # whoever confirms waits for no mail server
    deliver_all(timezone.now())
    assert send_due(at=timezone.now()) == 1
    [sent] = mail.outbox
    assert sent.to == ["ben@lab.example"]
    address = re.search(r"http\S+", sent.body).group()
    secret = address.rstrip("/").rpartition("/")[2]
    # Not the host the confirming browser named, and nothing the confirming person could keep.
    assert address == link_address(secret)
    assert address.startswith("http://localhost:8000/accounts/link/")
    assert secret not in told.content.decode()
    client.logout()
    client.get(f"/accounts/link/{secret}/")
    assert client.post("/accounts/link/", {"password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert is_signed_in(client)


def test_whoever_proposed_a_link_cannot_confirm_it_nor_can_its_owner():
    cast = make_people("dan")
    link = services.propose_link(user=cast.dan.user, actor=cast.ivo, at=NOON)
    with pytest.raises(AnotherPersonConfirms):
        services.confirm_link(link=link, actor=cast.ivo, at=NOON)
    with pytest.raises(NotForYourself):
        services.confirm_link(link=link, actor=cast.dan, at=NOON)
    with pytest.raises(NotForYourself):
        services.propose_link(user=cast.dan.user, actor=cast.dan, at=NOON)
    services.confirm_link(link=link, actor=cast.jun, at=NOON)
    with pytest.raises(NotWaiting):
        services.confirm_link(link=link, actor=cast.jun, at=NOON)


def test_the_database_opens_no_reset_that_nobody_confirmed():
    cast = make_people("ben")
    link = services.propose_link(user=cast.ben.user, actor=cast.ivo, at=NOON)
    rows = SignInLink.objects.filter(pk=link.pk)
    with pytest.raises(IntegrityError, match="a_reset_opens_only_once_confirmed"), transaction.atomic():
        rows.update(digest="sha256:" + "0" * 64, expires_at=later(days=1))
    with pytest.raises(IntegrityError, match="a_link_is_confirmed_by_another"), transaction.atomic():
        rows.update(confirmed_by=cast.ivo, confirmed_at=NOON)


def test_a_withdrawn_link_opens_nothing():
    cast = make_people("ben", "ada")
    link = services.propose_link(user=cast.ben.user, actor=cast.ivo, at=NOON)
    with pytest.raises(NotAllowed):
        services.withdraw_link(link=link, actor=cast.ada, at=NOON)
    link = services.confirm_link(link=link, actor=cast.jun, at=NOON)
    secret = link_secret(link)
    services.withdraw_link(link=link, actor=cast.ivo, at=NOON)
    with pytest.raises(LinkDoesNotOpen):
        services.use_link(secret=secret, password=PASSWORD, at=NOON)


def test_a_closed_account_gets_no_link_and_uses_none():
    cast = make_people("ben")
    _, secret = services.persona_link(user=cast.ben.user, at=NOON)
    services.close_user(user=cast.ben.user, actor=cast.ivo, at=NOON)
    with pytest.raises(AccountClosed):
        services.persona_link(user=cast.ben.user, at=NOON)
    with pytest.raises(LinkDoesNotOpen):
        services.use_link(secret=secret, password=PASSWORD, at=NOON)


def test_a_second_password_through_a_link_is_a_reset():
    cast = make_people("ben")
    give_password(cast.ben, at=NOON)
    give_password(cast.ben, at=later(days=1))
    assert Entry.objects.order_by("seq").last().kind == "people:credential:reset"
    assert User.objects.get(pk=cast.ben.user.pk).credential_reset_at == later(days=1)


def test_a_password_like_the_address_is_too_weak():
    cast = make_people("ben")
    _, secret = services.persona_link(user=cast.ben.user, at=NOON)
    with pytest.raises(PasswordTooWeak):
        services.use_link(secret=secret, password="ben@lab.example", at=NOON)


def test_the_command_prints_another_link_in_a_demo_log(client, capsys):
    make_people("ben")
    call_command("sign_in_link", "ben@lab.example")
    address = capsys.readouterr().out.strip()
    assert client.get(address.removeprefix("http://localhost:8000"), follow=True).status_code == 200
    assert SignInLink.objects.get().purpose == LinkPurpose.PERSONA
    with pytest.raises(CommandError, match="No account"):
        call_command("sign_in_link", "nobody@lab.example")


def test_in_a_production_log_the_command_lets_nobody_but_a_first_administrator_in(capsys):
    make_people("ben", mode="production")
    call_command("sign_in_link", "ivo@lab.example")
    assert "/accounts/link/" in capsys.readouterr().out
    with pytest.raises(CommandError, match="production log"):
        call_command("sign_in_link", "ben@lab.example")


def test_signing_in_with_a_password_gives_the_session_another_key(client):
    """Who planted a session in a browser beforehand holds nothing once its owner has signed in."""
    cast = make_people("ben")
    give_password(cast.ben)
    planted = client.session
    planted["theme"] = "dark"
    planted.save()
    client.cookies["asl_session"] = planted.session_key
    sign_in(client, cast.ben)
    assert is_signed_in(client) and client.session.session_key != planted.session_key
    thief = Client()
    thief.cookies["asl_session"] = planted.session_key
    assert thief.get("/inbox/")["Location"].startswith(LOGIN)


def test_a_session_ends_twelve_hours_after_signing_in_however_busy_it_is(client):
    cast = make_people("ben")
    give_password(cast.ben)
    sign_in(client, cast.ben)
    row = Session.objects.get(session_key=client.session.session_key)
    assert timedelta(hours=11, minutes=59) < row.expire_date - timezone.now() <= timedelta(hours=12)
    assert client.get("/people/me/").status_code == 200
    assert Session.objects.get(pk=row.pk).expire_date == row.expire_date
    Session.objects.filter(pk=row.pk).update(expire_date=timezone.now())
    assert client.get("/people/me/")["Location"].startswith(LOGIN)
