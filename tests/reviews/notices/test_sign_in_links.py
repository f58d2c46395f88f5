"""A sign-in link goes out by a row of its own: a mail server that is away keeps nobody waiting and loses no link, and nobody who reads the database comes in by it."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from ledger.models import Entry
from people import services
from people.models import SignInLink
from people.services.credentials import find_link
from reviews.models import Notice
from reviews.models.notice import WorkState
from reviews.notices.send import send_due
from reviews.work import MOST_ATTEMPTS, wait_after
from tests.makers import NOON, PASSWORD, Cast, client_of, deliver_all, know_password, later, link_secret, make_people
from tests.processes import Sink

SOON = timedelta(seconds=1)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_people("ben", mode="production")


def confirmed_link(cast: Cast, *, minutes: int = 0) -> SignInLink:
    at = later(minutes=minutes)
    link = services.propose_link(user=cast.ben.user, actor=cast.ivo, at=at)
    link = services.confirm_link(link=link, actor=cast.jun, at=at)
    deliver_all(at)
    return link


def everything_stored() -> str:
    """All that somebody reads who has the database and not the portal's secret."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'")
        tables = [name for (name,) in cursor.fetchall()]
        told = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            told += [text for (text,) in cursor.fetchall()]
    return "\n".join(told)


def test_a_link_goes_out_once_to_the_accounts_own_address_and_nothing_of_it_stays(cast: Cast, smtp_sink: Sink) -> None:
    link = confirmed_link(cast)
    secret = link_secret(link)
    assert smtp_sink.messages == [] and secret not in everything_stored()
    deliver_all(NOON)  # twice is once
    assert (send_due(at=NOON), send_due(at=NOON + SOON)) == (1, 0)
    [message] = smtp_sink.messages
    assert message["To"] == "ben@lab.example" and f"/accounts/link/{secret}/" in message.get_content()
    assert find_link(secret, NOON) == link
    link.refresh_from_db()
    stored = everything_stored()
    assert link.sealed == "" and secret not in stored and message.get_content().strip() not in stored


def test_a_mail_server_that_refuses_only_delays_the_link_and_gets_it_once(cast: Cast, smtp_sink: Sink) -> None:
    link = confirmed_link(cast)
    secret, smtp_sink.refusing = link_secret(link), True
    assert send_due(at=NOON) == 0
    row = Notice.objects.get()
    assert (row.state, row.attempts, row.not_before) == (WorkState.WAITING, 1, NOON + wait_after(1))
    assert secret not in everything_stored() and link_secret(SignInLink.objects.get()) == secret
    smtp_sink.refusing = False
    assert send_due(at=row.not_before) == 1
    [message] = smtp_sink.messages
    assert secret in message.get_content() and SignInLink.objects.get().sealed == ""


def test_after_the_last_try_an_operator_can_have_it_tried_again(cast: Cast, smtp_sink: Sink) -> None:
    confirmed_link(cast)
    smtp_sink.refusing, at = True, NOON
    for _ in range(MOST_ATTEMPTS):
        send_due(at=at)
        at = Notice.objects.get().not_before
    assert Notice.objects.get().state == WorkState.DEAD and SignInLink.objects.get().sealed
    client = client_of(cast.ivo)
    assert "Sign in link, to Ben" in client.get(reverse("reviews:work")).content.decode()


def test_a_link_that_opens_nothing_any_more_is_not_sent_and_leaves_nothing(cast: Cast, smtp_sink: Sink) -> None:
    link = confirmed_link(cast)
    services.withdraw_link(link=link, actor=cast.ivo, at=NOON)
    assert SignInLink.objects.get().sealed == ""
    confirmed_link(cast, minutes=1)
    assert send_due(at=later(days=3)) == 0
    assert smtp_sink.messages == [] and not SignInLink.objects.exclude(sealed="").exists()
    assert set(Notice.objects.values_list("state", "last_error")) == {
        (WorkState.DONE, "Not sent: the link is out already, or opens nothing any more.")
    }


def test_a_link_sealed_under_a_secret_that_is_gone_says_so(cast: Cast, smtp_sink: Sink, settings: object) -> None:
    confirmed_link(cast)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, []  # type: ignore[attr-defined]
    assert send_due(at=NOON) == 0
    row = Notice.objects.get()
    assert (row.state, smtp_sink.messages) == (WorkState.DEAD, []) and "Propose another one" in row.last_error


def test_the_database_keeps_no_sealed_secret_of_a_link_that_is_over(cast: Cast) -> None:
    link = confirmed_link(cast)
    for over in ({"used_at": NOON}, {"withdrawn_at": NOON}, {"digest": None}):
        with pytest.raises(IntegrityError, match="only_an_open_link_waits_to_be_mailed"), transaction.atomic():
            SignInLink.objects.filter(pk=link.pk).update(**over)


def test_whoever_confirms_waits_for_no_mail_server_and_what_is_rolled_back_mails_nothing(cast: Cast, smtp_sink: Sink) -> None:
    link = services.propose_link(user=cast.ben.user, actor=cast.ivo, at=timezone.now())
    know_password(cast.jun)
    client = client_of(cast.jun)
    smtp_sink.refusing = True  # a server that would have been noticed
    said = client.post(reverse("people:link-act", args=[link.pk, "confirm"]), {"password": PASSWORD}, follow=True)
    assert "It goes to the account" in said.content.decode() and smtp_sink.messages == []
    before = Entry.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        second = services.propose_link(user=cast.ben.user, actor=cast.ivo, at=timezone.now())
        services.confirm_link(link=second, actor=cast.jun, at=timezone.now())
        raise RuntimeError
    assert Entry.objects.count() == before and SignInLink.objects.count() == 1
    deliver_all(timezone.now())
    assert Notice.objects.count() == 1 and re.fullmatch(r"[0-9a-f-]{36}", Notice.objects.get().data["link"])
