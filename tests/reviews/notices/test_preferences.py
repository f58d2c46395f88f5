"""How each person is told: the inbox keeps what is theirs to do, mail comes as they chose, digests once at their hour, and settled turns leave."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from ledger.models import Entry
from people.models import Person
from reviews.models import Notice
from reviews.models.notice import Channel, WorkState
from reviews.models.preference import ByMail
from reviews.notices.compose import KINDS
from reviews.notices.hear import hear
from reviews.notices.preferences import KIND_WORDS, OPTIONAL, next_digest
from reviews.notices.send import send_digests, send_due
from reviews.services import votes
from reviews.services.telling import ChoiceNotKnown, StaysInTheInbox, choose_notices
from tests.makers import client_of
from tests.processes import Sink
from tests.reviews.conftest import Board


def choose(board: Board, person: Person, zone: str = "UTC", hour: int = 8, weekday: int = 0, **choices: tuple[bool, str]) -> None:
    choose_notices(choices=choices, zone=zone, hour=hour, weekday=weekday, actor=person, at=board.now())


def rows(person: Person, kind: str) -> list[tuple[str, str]]:
    return list(Notice.objects.filter(person=person, kind=kind).order_by("channel").values_list("channel", "state"))


def test_every_kind_that_can_be_told_can_be_chosen_and_every_choice_has_words() -> None:
    assert set(KIND_WORDS) == KINDS
    assert set(KIND_WORDS) >= OPTIONAL


def test_without_a_choice_everything_comes_to_the_inbox_and_by_mail_at_once(board: Board) -> None:
    board.rise()
    assert rows(board.cast.ben, "vote_wanted") == [(Channel.INBOX, WorkState.DONE), (Channel.MAIL, WorkState.WAITING)]


def test_what_is_yours_to_do_stays_in_the_inbox_whatever_was_chosen(board: Board) -> None:
    with pytest.raises(StaysInTheInbox):
        choose(board, board.cast.ben, vote_wanted=(False, ByMail.NEVER))
    choose(board, board.cast.ben, vote_wanted=(True, ByMail.NEVER))
    board.rise()
    assert rows(board.cast.ben, "vote_wanted") == [(Channel.INBOX, WorkState.DONE)]
    assert len(rows(board.cast.chloe, "vote_wanted")) == 2, "what one person chose is nobody else's"


def test_what_only_informs_may_leave_both(board: Board) -> None:
    choose(board, board.cast.dan, case_opened=(False, ByMail.NEVER))
    board.rise()
    assert rows(board.cast.dan, "case_opened") == []


def test_a_choice_is_entered_in_the_ledger_and_one_that_is_none_is_refused(board: Board) -> None:
    choose(board, board.cast.ben, gate_changed=(False, ByMail.WEEKLY))
    entry = Entry.objects.prefetch_related("fields").get(kind="reviews:notices:chosen")
    assert (entry.actor, entry.values) == (board.cast.ben.pk, {"choices": {"gate_changed": [False, "weekly"]}})
    for wrong in ({"gossip": (True, ByMail.DAILY)}, {"decided": (True, "by pigeon")}):
        with pytest.raises(ChoiceNotKnown):
            choose(board, board.cast.ben, **wrong)
    with pytest.raises(ChoiceNotKnown):
        choose(board, board.cast.ben, zone="Middle/Earth")


# digests


@pytest.mark.parametrize(
    ("at", "zone", "hour", "weekday", "expected"),
    [
        ("2026-05-22T07:59:00", "UTC", 8, None, "2026-05-22T08:00:00"),
        ("2026-05-22T08:00:00", "UTC", 8, None, "2026-05-23T08:00:00"),
        ("2026-05-22T12:00:00", "UTC", 8, 0, "2026-05-25T08:00:00"),
        ("2026-05-25T08:00:00", "UTC", 8, 0, "2026-06-01T08:00:00"),
        ("2026-05-22T12:00:00", "America/Los_Angeles", 8, None, "2026-05-22T15:00:00"),
        ("2026-05-22T12:00:00", "Asia/Tokyo", 8, None, "2026-05-22T23:00:00"),
        # The clocks go forward in Berlin on 29 March: eight o'clock stays eight o'clock.
        ("2026-03-28T12:00:00", "Europe/Berlin", 8, None, "2026-03-29T06:00:00"),
        ("2026-03-27T12:00:00", "Europe/Berlin", 8, None, "2026-03-28T07:00:00"),
        # Two o'clock does not exist that night; the digest comes all the same.
        ("2026-03-28T12:00:00", "Europe/Berlin", 2, None, "2026-03-29T01:00:00"),
    ],
)
def test_a_digest_comes_at_the_hour_of_the_persons_own_clock(at: str, zone: str, hour: int, weekday: int | None, expected: str) -> None:
    told = next_digest(datetime.fromisoformat(at).replace(tzinfo=UTC), zone=zone, hour=hour, weekday=weekday)
    assert told == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_digest_collects_what_is_not_urgent_and_comes_once(board: Board, smtp_sink: Sink) -> None:
    choose(board, board.cast.dan, case_opened=(True, ByMail.DAILY), case_revised=(True, ByMail.DAILY))
    board.rise()
    board.measure("bio_protocols", right=22)
    digests = Notice.objects.filter(person=board.cast.dan, channel=Channel.DIGEST)
    kinds = sorted(digests.values_list("kind", flat=True))
    assert len(kinds) >= 2 and set(kinds) == {"case_opened", "case_revised"}
    hour = digests.first().not_before
    assert send_digests(at=hour - timedelta(seconds=1)) == 0
    assert send_digests(at=hour) == 1
    assert send_digests(at=hour) == 0
    [mail] = smtp_sink.to("dan@lab.example")
    text = mail.get_content()
    assert mail["Subject"] == f"{len(kinds)} notices from the ASL portal"
    assert text.count(f"/cases/{board.case.number}/") == len(kinds) and "/inbox/settings/" in text
    assert {(each.state, each.message_id) for each in digests.all()} == {(WorkState.DONE, mail["Message-ID"])}


def test_a_server_that_refuses_only_delays_the_digest(board: Board, smtp_sink: Sink) -> None:
    choose(board, board.cast.dan, case_opened=(True, ByMail.DAILY))
    board.rise()
    notice = Notice.objects.get(person=board.cast.dan, channel=Channel.DIGEST)
    smtp_sink.refusing = True
    assert send_digests(at=notice.not_before) == 0
    smtp_sink.refusing = False
    notice.refresh_from_db()
    assert send_digests(at=notice.not_before) == 1
    assert len(smtp_sink.to("dan@lab.example")) == 1


def test_a_digest_that_may_have_gone_out_goes_out_again_under_its_id_and_takes_nothing_new_along(board: Board, smtp_sink: Sink) -> None:
    """Whoever has seen the id takes the second for the first, and would never read what stands only in the second."""
    choose(board, board.cast.dan, case_opened=(True, ByMail.DAILY), case_revised=(True, ByMail.DAILY))
    board.rise()
    first = set(Notice.objects.filter(person=board.cast.dan, channel=Channel.DIGEST))
    hour = next(iter(first)).not_before
    smtp_sink.refusing = True
    assert send_digests(at=hour) == 0
    smtp_sink.refusing = False
    named = set(Notice.objects.filter(pk__in=[each.pk for each in first]).values_list("message_id", flat=True))
    board.measure("bio_protocols", right=22)
    second = set(Notice.objects.filter(person=board.cast.dan, channel=Channel.DIGEST)) - first
    assert send_digests(at=hour + timedelta(minutes=1)) == 2 and second
    sent = {str(mail["Message-ID"]): mail.get_content().count(f"/cases/{board.case.number}/") for mail in smtp_sink.to("dan@lab.example")}
    assert {sent.pop(each) for each in named} == {len(first)} and list(sent.values()) == [len(second)]


def test_a_person_without_an_account_gets_no_digest_and_no_second_try(board: Board, smtp_sink: Sink) -> None:
    choose(board, board.cast.dan, case_opened=(True, ByMail.DAILY))
    board.rise()
    board.cast.dan.user.is_active = False
    board.cast.dan.user.save(update_fields=["is_active"])
    notice = Notice.objects.get(person=board.cast.dan, channel=Channel.DIGEST)
    assert send_digests(at=notice.not_before) == 0
    notice.refresh_from_db()
    assert (notice.state, smtp_sink.messages) == (WorkState.DEAD, [])


# turns that are over


def withdrawn(person: Person, kind: str) -> set[bool]:
    found = Notice.objects.filter(person=person, kind=kind, channel=Channel.INBOX)
    return {each.withdrawn_at is not None for each in found}


def test_a_vote_takes_back_the_notice_that_asked_for_it(board: Board) -> None:
    board.rise()
    question = board.question(threshold="bio-3")
    decide = {"verdict": "crossed", "note": "It is.", "actor": board.cast.dan, "at": board.now()}
    from reviews.services.decisions import propose  # noqa: PLC0415 - one verb of one test

    propose(question=question, **decide)
    board.work()
    mine = Notice.objects.filter(kind="vote_wanted", question=question, channel=Channel.INBOX)
    assert {each.person_id for each in mine} == {board.cast.ben.pk, board.cast.chloe.pk}
    board.vote(board.cast.ben, question)
    board.work()
    assert {each.person_id for each in mine.filter(withdrawn_at=None)} == {board.cast.chloe.pk}
    waiting = Notice.objects.filter(kind="vote_wanted", question=question, channel=Channel.MAIL)
    assert {each.person_id for each in waiting.filter(state=WorkState.WAITING)} == {board.cast.chloe.pk}


def test_one_sign_off_takes_back_the_notices_to_everybody_who_could_have_signed(board: Board, smtp_sink: Sink) -> None:
    implementation = board.build("asl-3-security-1")
    board.work()
    assert withdrawn(board.cast.chloe, "signoff_wanted") == {False}
    board.sign_off(board.cast.chloe, implementation)
    board.work()
    assert withdrawn(board.cast.chloe, "signoff_wanted") == {True}
    send_due(at=board.now())
    assert not [mail for mail in smtp_sink.messages if "Sign-off wanted" in mail["Subject"]]
    client = client_of(board.cast.chloe)
    assert "Sign-off wanted" not in client.get(reverse("reviews:inbox")).content.decode()


def test_a_new_version_asks_anew_and_takes_the_old_question_back(board: Board) -> None:
    implementation = board.build("asl-3-security-1")
    board.work()
    board.attach(implementation, b"More.")
    board.work()
    found = Notice.objects.filter(person=board.cast.chloe, kind="signoff_wanted", channel=Channel.INBOX).order_by("entry_seq")
    assert [each.withdrawn_at is not None for each in found] == [True, False]


def test_standing_aside_takes_back_ones_own_turns_and_nobody_elses(board: Board) -> None:
    case = board.rise()
    votes.recuse(case=case, reason="I built it.", actor=board.cast.ben, at=board.now())
    board.work()
    assert withdrawn(board.cast.ben, "vote_wanted") == {True}
    assert withdrawn(board.cast.chloe, "vote_wanted") == {False}


def test_taking_back_twice_is_once_and_a_later_notice_stays(board: Board) -> None:
    implementation = board.build("asl-3-security-1")
    board.sign_off(board.cast.chloe, implementation)
    board.work()
    entry = Entry.objects.filter(kind="reviews:signoff:given").prefetch_related("fields").get()
    before = list(Notice.objects.order_by("pk").values_list("pk", "withdrawn_at", "state"))
    hear(entry)
    assert list(Notice.objects.order_by("pk").values_list("pk", "withdrawn_at", "state")) == before
    board.attach(implementation, b"More.")
    board.work()
    hear(entry)
    assert withdrawn(board.cast.chloe, "signoff_wanted") == {True, False}


# the page


def test_the_page_keeps_what_was_chosen_and_shows_it_again(board: Board) -> None:
    client = client_of(board.cast.ben)
    address = reverse("reviews:notice-settings")
    form = {f"mail_{kind}": "at_once" for kind in KIND_WORDS} | {f"inbox_{kind}": "on" for kind in OPTIONAL}
    form |= {"zone": "Europe/Berlin", "hour": "7", "weekday": "4", "mail_decided": "weekly"}
    del form["inbox_gate_changed"]
    assert client.post(address, form).status_code == 302
    shown = client.get(address).context["form"]
    assert (shown["zone"].value(), shown["hour"].value(), shown["weekday"].value()) == ("Europe/Berlin", 7, 4)
    assert (shown["mail_decided"].value(), shown["inbox_gate_changed"].value(), shown["inbox_decided"].value()) == ("weekly", False, True)
    assert client.post(address, form | {"zone": "Middle/Earth"}).status_code == 422
