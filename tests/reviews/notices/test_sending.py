"""Bringing mails out, to a real mail server on this machine: later when it must be, once in any case."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import close_old_connections, connection

from reviews.models import Notice
from reviews.models.notice import Channel, WorkState
from reviews.notices.send import send_due
from reviews.work import LEASE, MOST_ATTEMPTS, claim, settle, wait_after
from tests.makers import NOON, Cast, make_people
from tests.processes import Sink

SOON = timedelta(seconds=1)


def make_notice(cast: Cast, *, seq: int = 1, at: datetime = NOON) -> Notice:
    """A mail that waits for Ben."""
    return Notice.objects.create(
        person=cast.ben,
        channel=Channel.MAIL,
        kind="signoff_wanted",
        entry_seq=seq,
        data={"implementation": "0190c1ba-0000-7000-8000-000000000000", "safeguard": "asl-3-security-1", "version": "2"},
        not_before=at,
        made_at=at,
    )


@pytest.fixture
def cast(db: None) -> Cast:
    return make_people("ben")


def test_a_mail_goes_out_once_with_words_an_address_and_the_id_it_always_has(cast: Cast, smtp_sink: Sink) -> None:
    notice = make_notice(cast)
    assert (send_due(at=NOON), send_due(at=NOON + SOON)) == (1, 0)
    notice.refresh_from_db()
    [message] = smtp_sink.messages
    assert (notice.state, notice.done_at, notice.attempts) == (WorkState.DONE, NOON, 1)
    assert message["To"] == "ben@lab.example"
    assert message["Subject"] == "Sign-off wanted: safeguard asl-3-security-1, version 2"
    assert f"/safeguards/{notice.data['implementation']}/" in message.get_content()
    assert message["Message-ID"] == notice.message_id and str(notice.pk) in notice.message_id
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_server_that_refuses_only_delays_and_then_gets_the_mail_once(cast: Cast, smtp_sink: Sink) -> None:
    notice = make_notice(cast)
    smtp_sink.refusing = True
    assert send_due(at=NOON) == 0
    notice.refresh_from_db()
    assert (notice.state, notice.attempts, notice.not_before) == (WorkState.WAITING, 1, NOON + wait_after(1))
    assert notice.last_error == "The mail server did not take it (SMTPDataError)."
    smtp_sink.refusing = False
    assert send_due(at=NOON + wait_after(1) - SOON) == 0
    assert send_due(at=NOON + wait_after(1)) == 1
    notice.refresh_from_db()
    assert (len(smtp_sink.messages), notice.attempts, notice.last_error) == (1, 2, "")


def test_a_server_that_is_away_only_delays(cast: Cast, smtp_sink: Sink, settings: object) -> None:
    notice = make_notice(cast)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1  # type: ignore[attr-defined]
    assert send_due(at=NOON) == 0
    settings.EMAIL_PORT = port  # type: ignore[attr-defined]
    assert send_due(at=NOON + wait_after(1)) == 1
    notice.refresh_from_db()
    assert (len(smtp_sink.messages), notice.state) == (1, WorkState.DONE)


def test_each_try_waits_longer_than_the_one_before_up_to_an_hour() -> None:
    waits = [wait_after(attempt) for attempt in range(1, MOST_ATTEMPTS + 1)]
    assert waits == sorted(waits) and waits[0] == timedelta(seconds=15) and wait_after(20) == timedelta(hours=1)


def test_after_the_last_try_the_row_is_dead_and_says_why(cast: Cast, smtp_sink: Sink) -> None:
    notice = make_notice(cast)
    smtp_sink.refusing = True
    at = NOON
    for _ in range(MOST_ATTEMPTS):
        assert send_due(at=at) == 0
        notice.refresh_from_db()
        at = notice.not_before
    assert (notice.state, notice.attempts) == (WorkState.DEAD, MOST_ATTEMPTS)
    assert "did not take it" in notice.last_error
    smtp_sink.refusing = False
    assert send_due(at=at + timedelta(days=1)) == 0
    assert smtp_sink.messages == []


def test_a_person_whose_account_is_closed_gets_no_mail_and_no_second_try(cast: Cast, smtp_sink: Sink) -> None:
    notice = make_notice(cast)
    cast.ben.user.is_active = False
    cast.ben.user.save(update_fields=["is_active"])
    assert send_due(at=NOON) == 0
    notice.refresh_from_db()
    assert (notice.state, smtp_sink.messages) == (WorkState.DEAD, [])


def test_a_row_is_nobody_elses_while_it_is_leased_and_found_again_when_its_worker_died(cast: Cast, smtp_sink: Sink) -> None:
    notice = make_notice(cast)
    [held] = claim(Notice.objects.all(), at=NOON, limit=10)
    assert held.pk == notice.pk
    assert send_due(at=NOON + LEASE - SOON) == 0
    assert send_due(at=NOON + LEASE) == 1
    assert len(smtp_sink.messages) == 1


def test_a_row_that_loses_its_worker_at_every_try_is_given_up(cast: Cast, smtp_sink: Sink) -> None:
    make_notice(cast)
    for lost in range(MOST_ATTEMPTS):
        assert len(claim(Notice.objects.all(), at=NOON + lost * LEASE, limit=10)) == 1
    assert send_due(at=NOON + MOST_ATTEMPTS * LEASE) == 0
    notice = Notice.objects.get()
    assert (notice.state, notice.last_error) == (WorkState.DEAD, "Its worker was lost at every try.")


def test_a_worker_that_comes_back_from_the_dead_changes_nothing(cast: Cast, smtp_sink: Sink) -> None:
    make_notice(cast)
    [held] = claim(Notice.objects.all(), at=NOON, limit=10)
    assert send_due(at=NOON + LEASE) == 1
    assert settle(held, state=WorkState.DEAD, last_error="Too late.") is False
    assert Notice.objects.get().state == WorkState.DONE


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_never_send_the_same_row(smtp_sink: Sink) -> None:
    cast = make_people("ben")
    for seq in range(40):
        make_notice(cast, seq=seq)
    start, sent = threading.Barrier(2), []

    def work() -> None:
        close_old_connections()
        start.wait()
        sent.append(send_due(at=NOON, limit=25) + send_due(at=NOON, limit=25))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    identities = [message["Message-ID"] for message in smtp_sink.messages]
    assert (sum(sent), len(identities), len(set(identities))) == (40, 40, 40)
