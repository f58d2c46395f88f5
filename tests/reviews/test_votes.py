"""Votes: signed, bound to what was shown, replaced and never edited; who may not cast one."""

from dataclasses import replace

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from ledger.models import Entry
from ledger.refusals import NotAllowed, NotNow
from people.confirming import Confirmation, CredentialNotConfirmed
from people.models import Signature
from people.signing import statement_of, verify_signature
from reviews import conflicts
from reviews.counting import is_current, tally_of
from reviews.models import Question, Vote
from reviews.queries import votes_of
from reviews.services.signoffs import NoEvidence, register_implementation
from reviews.services.votes import AlreadyRecused, ContentChanged, NothingToApprove, RationaleMissing, recuse
from tests.makers import give_role, make_signature
from tests.reviews.conftest import Board, add_reviewer


@pytest.fixture
def question(board: Board) -> Question:
    board.rise()
    return board.question(threshold="bio-3")


def test_a_vote_is_signed_over_exactly_what_was_shown_and_enters_one_entry(board: Board, question: Question) -> None:
    before = Entry.objects.count()
    vote = board.vote(board.cast.ben, question, rationale="The bound is past the line.")
    entry = Entry.objects.order_by("-seq").prefetch_related("fields").first()
    assert entry is not None and Entry.objects.count() == before + 1
    assert (entry.kind, entry.actor, entry.values["choice"]) == ("reviews:vote:cast", board.cast.ben.pk, "approve")
    statement = statement_of(vote.signature)
    assert statement.digests["content"] == question.content_digest == vote.content_digest
    assert statement.policy == question.case.policy_digest and statement.meaning == "approve" and verify_signature(vote.signature)
    assert "require ASL-3 on deployment and security" in statement.text
    assert "The bound is past the line." not in str(entry.values)


def test_no_signature_is_left_behind_where_a_vote_is_refused(board: Board, question: Question) -> None:
    before = Signature.objects.count()
    with pytest.raises(CredentialNotConfirmed):
        board.vote(board.cast.ben, question, confirmation=Confirmation("guessed wrongly"))
    with pytest.raises(RationaleMissing):
        board.vote(board.cast.ben, question, rationale="  ")
    with pytest.raises(ContentChanged):
        board.vote(board.cast.ben, question, seen_digest="sha256:" + "0" * 64)
    assert (Vote.objects.count(), Signature.objects.count()) == (0, before)


@pytest.mark.parametrize("who", ["ada", "dan", "eve", "farid", "hana"])
def test_uploader_chair_stranger_owner_and_auditor_cast_no_vote(board: Board, question: Question, who: str) -> None:
    with pytest.raises(NotAllowed):
        board.vote(getattr(board.cast, who), question)
    assert board.vote(board.cast.ben, question)


def test_a_later_vote_replaces_and_the_earlier_stays_readable(board: Board, question: Question) -> None:
    first = board.vote(board.cast.ben, question)
    second = board.vote(board.cast.ben, question, "reject", rationale="On reflection, no.")
    assert [(shown.vote, shown.state) for shown in votes_of(question.case)[question.pk]] == [(first, "replaced"), (second, "current")]
    assert tally_of(question.case, question, board.now()).reject.supporters == (str(board.cast.ben.pk),)


def test_the_database_holds_one_live_vote_a_person_and_question(board: Board, question: Question) -> None:
    vote, other = board.vote(board.cast.ben, question), board.vote(board.cast.chloe, question)
    copy = {name: getattr(vote, name) for name in ("question", "person", "choice", "proposal", "rationale", "content_digest", "at")}
    with pytest.raises(IntegrityError, match="one_live_vote_per_person_and_question"), transaction.atomic():
        Vote.objects.create(
            **copy, signature=make_signature(board.cast.ben, replace(statement_of(other.signature), nonce="once"), at=board.now())
        )


@pytest.mark.parametrize("change", [{"choice": "reject"}, {"rationale": "Otherwise."}, {"content_digest": "sha256:other"}])
def test_the_database_changes_and_removes_no_vote(board: Board, question: Question, change: dict[str, str]) -> None:
    vote = board.vote(board.cast.ben, question)
    for act in (lambda: Vote.objects.filter(pk=vote.pk).update(**change), lambda: Vote.objects.filter(pk=vote.pk).delete()):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            act()
    Vote.objects.filter(pk=vote.pk).update(struck_at=board.now())
    with pytest.raises(DatabaseError, match="filled in once"), transaction.atomic():
        Vote.objects.filter(pk=vote.pk).update(struck_at=None)


def test_an_unrelated_upload_outdates_no_vote_and_a_related_one_outdates_only_its_own(board: Board, question: Question) -> None:
    other = board.question(threshold="bio-4")
    mine, unrelated = board.vote(board.cast.ben, question), board.vote(board.cast.ben, other)
    revisions = question.case.revisions.count()
    board.measure("cooking")
    question.refresh_from_db()
    assert is_current(mine, question) and question.case.revisions.count() == revisions
    board.measure("bio_protocols", right=25)
    question.refresh_from_db()
    other.refresh_from_db()
    assert not is_current(mine, question) and is_current(unrelated, other)
    assert tally_of(question.case, question, board.now()).outdated == (str(board.cast.ben.pk),)


def test_what_changed_between_page_and_signature_is_refused(board: Board, question: Question) -> None:
    seen = question.content_digest
    board.measure("bio_protocols", right=25)
    with pytest.raises(ContentChanged):
        board.vote(board.cast.ben, question, seen_digest=seen)
    assert board.vote(board.cast.ben, question)


def test_who_stands_aside_loses_vote_and_credit_and_the_vote_stays_readable(board: Board, question: Question) -> None:
    board.vote(board.cast.ben, question)
    board.vote(board.cast.chloe, question)
    assert tally_of(question.case, question, board.now()).state == "approvable"
    recuse(case=question.case, reason="I advised on the trial.", actor=board.cast.ben, at=board.now())
    counted = tally_of(question.case, question, board.now())
    assert counted.state == "open" and counted.excluded[str(board.cast.ben.pk)] == conflicts.RECUSED
    assert [shown.state for shown in votes_of(question.case)[question.pk]] == ["struck", "current"]
    with pytest.raises(NotAllowed):
        board.vote(board.cast.ben, question)
    with pytest.raises(AlreadyRecused):
        recuse(case=question.case, reason="Once more.", actor=board.cast.ben, at=board.now())


def test_roster_and_policy_are_those_of_the_opening(board: Board, question: Question) -> None:
    late = add_reviewer(board, "Mia")
    with pytest.raises(NotAllowed):
        board.vote(late, question)
    assert str(late.pk) not in tally_of(question.case, question, board.now()).can_vote


@pytest.mark.past_the_verbs
def test_a_conflict_that_comes_to_light_late_strikes_the_vote(board: Board, question: Question) -> None:
    board.vote(board.cast.ben, question)
    board.subject.snapshots.update(registered_by=board.cast.chloe, confirmed_by=board.cast.ben)
    counted = tally_of(question.case, question, board.now())
    assert counted.excluded[str(board.cast.chloe.pk)] == conflicts.OWN_SNAPSHOT
    assert counted.approve.supporters == (str(board.cast.ben.pk),)


def test_safeguards_are_not_approved_before_it_is_stated_what_covers_them(board: Board) -> None:
    board.clean()
    case = board.open_case()
    question = board.question("safeguards", axis="security")
    with pytest.raises(NothingToApprove):
        board.vote(board.cast.chloe, question)
    board.safeguard()
    board.state(case)
    assert board.vote(board.cast.chloe, question)


def test_who_owns_a_safeguard_or_stated_the_applicability_does_not_judge_it(board: Board) -> None:
    """Chloé owns one safeguard here; she judges thresholds, and no safeguards."""
    give_role(board.cast, board.cast.chloe, "safeguard_owner", at=board.now())
    board.clean()
    for each in board.version.document.safeguards:
        owner = board.cast.chloe if each.slug == "asl-2-deployment-1" else None
        implementation = board.build(each.slug, owner=owner)
        board.sign_off(board.cast.chloe if owner is None else board.cast.ben, implementation)
    case = board.open_case()
    board.state(case)
    with pytest.raises(NotAllowed) as refused:
        board.vote(board.cast.chloe, board.question("safeguards", axis="deployment"))
    assert refused.value.sentence == conflicts.OWN_SAFEGUARD
    assert board.vote(board.cast.chloe, board.question(threshold="bio-3"))


def test_no_vote_on_what_is_decided(board: Board, question: Question) -> None:
    board.settle(question)
    with pytest.raises(NotNow):
        board.vote(board.cast.ben, question)


def test_nothing_is_signed_off_without_evidence(board: Board) -> None:
    bare = register_implementation(
        framework_version=board.version,
        safeguard="asl-2-deployment-1",
        title="",
        description="",
        owner=board.cast.farid,
        actor=board.cast.farid,
        at=board.now(),
    )
    with pytest.raises(NoEvidence):
        board.sign_off(board.cast.chloe, bare)
