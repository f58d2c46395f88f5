"""Who is told what: the people an entry concerns, once each, and never the one who acted."""

import pytest

from ledger.models import Entry
from ledger.services import head
from people.models import Person
from reviews.models import Notice
from reviews.models.notice import Channel, WorkState
from reviews.notices.compose import KINDS, compose
from reviews.notices.hear import hear
from reviews.notices.recipients import KINDS_HEARD, recipients
from reviews.services import cases, decisions, scopes
from tests.makers import give_competence
from tests.reviews.conftest import Board, add_reviewer


def told(person: Person, kind: str, channel: str = Channel.INBOX) -> int:
    return Notice.objects.filter(person=person, kind=kind, channel=channel).count()


def last(kind: str) -> Entry:
    return Entry.objects.filter(kind=kind).prefetch_related("fields").latest("seq")


def test_a_case_that_opens_tells_reviewers_chair_and_safeguard_owners_each_in_their_own_words(board: Board) -> None:
    board.rise()
    cast = board.cast
    assert [told(each, "vote_wanted") for each in (cast.ben, cast.chloe)] == [1, 1]
    assert (told(cast.dan, "case_opened"), told(cast.dan, "vote_wanted")) == (1, 0)
    assert told(cast.farid, "evidence_wanted") == 1
    assert not Notice.objects.filter(person__in=[cast.ada, cast.eve]).exists()


def test_each_notice_has_an_inbox_row_that_is_delivered_and_a_mail_row_that_waits(board: Board) -> None:
    board.rise()
    inbox, mail = (
        Notice.objects.get(person=board.cast.ben, kind="vote_wanted", channel=channel) for channel in (Channel.INBOX, Channel.MAIL)
    )
    assert (inbox.state, mail.state) == (WorkState.DONE, WorkState.WAITING)
    assert mail.not_before == mail.made_at == last("reviews:case:opened").recorded_at


@pytest.mark.parametrize("kind", ["reviews:case:opened", "reviews:evidence:attached", "reviews:vote:cast"])
def test_hearing_an_entry_twice_is_hearing_it_once(board: Board, kind: str) -> None:
    board.build("asl-3-security-1")
    board.rise()
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, board.question(threshold="bio-3"))
    board.work()
    before = set(Notice.objects.values_list("pk", flat=True))
    assert before
    for _ in range(2):
        hear(last(kind))
    assert set(Notice.objects.values_list("pk", flat=True)) == before


def test_nobody_is_told_what_they_did_themselves(board: Board) -> None:
    board.open_case("precaution", thresholds=["bio-3"], actor=board.cast.ben)
    board.work()
    cast = board.cast
    assert (told(cast.ben, "vote_wanted"), told(cast.chloe, "vote_wanted")) == (0, 1)
    board.settle(board.question(threshold="bio-3"))
    board.work()
    assert (told(cast.dan, "decided"), told(cast.ben, "decided")) == (0, 1)
    acted = dict(Entry.objects.values_list("seq", "actor"))
    assert not [notice for notice in Notice.objects.all() if acted[notice.entry_seq] == notice.person_id]


def test_the_chair_is_told_once_the_quorum_is_there_and_not_before(board: Board) -> None:
    board.rise()
    question = board.question(threshold="bio-3")
    board.vote(board.cast.ben, question)
    board.work()
    assert told(board.cast.dan, "ready_to_declare") == 0
    board.vote(board.cast.chloe, question)
    board.work()
    assert told(board.cast.dan, "ready_to_declare") == 1
    assert Notice.objects.get(kind="ready_to_declare", channel=Channel.MAIL).question == question


@pytest.mark.parametrize("heard", ["each", "together"])
def test_a_vote_beside_the_quorum_tells_the_chair_nothing_new(board: Board, heard: str) -> None:
    mira = add_reviewer(board, "Mira")
    board.rise()
    question = board.question(threshold="bio-3")
    for person in (board.cast.ben, board.cast.chloe, mira):
        board.vote(person, question)
        if heard == "each":
            board.work()
    board.work()
    assert told(board.cast.dan, "ready_to_declare") == 1


def test_the_vote_that_takes_an_objection_back_tells_the_chair_and_one_given_anew_does_not(board: Board) -> None:
    mira = add_reviewer(board, "Mira")
    board.clean()
    board.open_case()
    question = board.question(threshold="bio-3")
    board.vote(mira, question, "reject")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    board.work()
    assert told(board.cast.dan, "ready_to_declare") == 0
    board.vote(mira, question, "abstain")
    board.work()
    assert told(board.cast.dan, "ready_to_declare") == 1
    board.vote(board.cast.ben, question, rationale="I say so still.")
    board.work()
    assert told(board.cast.dan, "ready_to_declare") == 1


def test_who_voted_is_told_that_the_vote_is_outdated_and_who_did_not_that_the_case_changed(board: Board) -> None:
    board.rise()
    board.vote(board.cast.ben, board.question(threshold="bio-3"))
    board.work()
    board.measure("bio_protocols", right=30)
    cast = board.cast
    assert (told(cast.ben, "vote_outdated"), told(cast.ben, "case_revised")) == (1, 0)
    assert (told(cast.chloe, "vote_outdated"), told(cast.chloe, "case_revised")) == (0, 1)


def test_another_proposal_outdates_the_votes_on_the_first_and_says_so(board: Board) -> None:
    board.rise()
    question = board.question(threshold="bio-3")
    board.vote(board.cast.ben, question)
    decisions.propose(question=question, verdict="crossed", note="It is past the line.", actor=board.cast.dan, at=board.now())
    board.work()
    assert (told(board.cast.ben, "vote_outdated"), told(board.cast.chloe, "vote_outdated")) == (1, 0)
    assert told(board.cast.chloe, "vote_wanted") == 2
    assert told(board.cast.dan, "vote_wanted") == 0


def test_a_signature_is_wanted_of_the_reviewers_who_hold_the_competence(board: Board) -> None:
    board.build("asl-3-security-1")
    board.work()
    assert (told(board.cast.chloe, "signoff_wanted"), told(board.cast.ben, "signoff_wanted")) == (1, 0)
    give_competence(board.cast, board.cast.ben, "security", at=board.now())
    board.build("asl-3-security-2")
    board.work()
    assert (told(board.cast.chloe, "signoff_wanted"), told(board.cast.ben, "signoff_wanted")) == (2, 1)


def test_a_halt_is_told_to_everyone_who_judges_but_the_one_who_halted(board: Board) -> None:
    scopes.halt(
        subject=board.subject, framework_version=board.version, scope="external", reason="A leak.", actor=board.cast.ben, at=board.now()
    )
    board.work()
    cast = board.cast
    assert [told(each, "scope_halted") for each in (cast.ben, cast.chloe, cast.dan, cast.grace)] == [0, 1, 1, 1]


def test_an_entry_that_concerns_nobody_in_particular_tells_nobody(board: Board) -> None:
    board.rise()
    cases.comment(case=board.case, text="Said among us.", hazard=False, actor=board.cast.ben, at=board.now())
    assert recipients(last("reviews:case:commented")) == []


def test_every_notice_of_a_whole_story_finds_its_words_and_none_repeats_what_people_wrote(board: Board) -> None:
    board.rise()
    cases.comment(case=board.case, text="Told in confidence.", hazard=True, actor=board.cast.ben, at=board.now())
    board.vote(board.cast.ben, board.question(threshold="bio-3"), rationale="Weighed in silence.")
    board.measure("bio_protocols", right=30)
    board.safeguard()
    board.settle_thresholds()
    board.work()
    rows = list(Notice.objects.select_related("person", "subject", "case__subject"))
    assert {row.kind for row in rows} <= KINDS
    texts = [compose(row).as_text("https://portal.example") for row in rows]
    assert texts
    for prose in ("Told in confidence.", "Weighed in silence.", "I read the evidence.", "I read the report.", "So the board decided."):
        assert not [text for text in texts if prose in text]
    assert not [row for row in rows if set(map(type, row.data.values())) - {str}]


def test_every_kind_that_is_heard_is_a_kind_the_ledger_takes(board: Board) -> None:
    board.rise()
    seen = set(Entry.objects.values_list("kind", flat=True))
    assert set(KINDS_HEARD) & seen
    assert head().size == Entry.objects.count()
