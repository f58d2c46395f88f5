"""What waits on one person outside a case: files to answer for, powers to confirm, models somebody means to release."""

from django.urls import reverse

from evaluations.models import Snapshot
from people.models import Person
from people.services.credentials import propose_link
from people.services.grants import confirm_grant, grant_role, propose_end
from people.words import Role
from reviews.models import Notice
from reviews.models.notice import Channel
from reviews.turns import Waiting
from reviews.views.inbox import address_of
from reviews.waiting import waiting_on
from tests.reviews.conftest import Board
from tests.reviews.test_refused_evidence import refused, set_aside


def waits(board: Board, person: Person, kind: str) -> list[Waiting]:
    return [each for each in waiting_on(person, board.now()) if each.kind == kind]


def told(person: Person) -> int:
    return Notice.objects.filter(person=person, kind="set_aside_wanted", channel=Channel.INBOX, withdrawn_at=None).count()


def test_a_refused_file_waits_on_those_who_may_answer_for_it_and_they_are_told_until_one_does(board: Board) -> None:
    upload = refused(board)
    cast = board.cast
    for person in (cast.ben, cast.chloe, cast.dan):
        (found,) = waits(board, person, "set_aside_upload")
        assert address_of(found) == reverse("evaluations:upload", args=[upload.pk]) and told(person) == 1
    for person in (cast.ada, cast.farid):
        assert not waits(board, person, "set_aside_upload") and not told(person)
    set_aside(board, upload, cast.ben)
    board.work()
    assert not waits(board, cast.chloe, "set_aside_upload")
    assert (told(cast.ben), told(cast.chloe)) == (0, 0)


def test_a_power_that_was_proposed_waits_on_another_keeper_and_neither_on_the_proposer_nor_on_whom_it_is_for(board: Board) -> None:
    cast = board.cast
    grant = grant_role(person=cast.eve, role=Role.REVIEWER, actor=cast.dan, at=board.now())
    (found,) = waits(board, cast.grace, "confirm_grant")
    assert found.title == "Eve: Reviewer" and address_of(found) == reverse("people:person", args=[cast.eve.pk])
    assert not waits(board, cast.dan, "confirm_grant") and not waits(board, cast.ben, "confirm_grant")
    confirm_grant(grant=grant, actor=cast.grace, at=board.now())
    assert not waits(board, cast.grace, "confirm_grant")
    propose_end(grant=grant, actor=cast.dan, at=board.now())
    assert [each.why for each in waits(board, cast.grace, "confirm_grant")] == ["The end of a role was proposed."]


def test_a_new_way_into_an_account_waits_on_a_second_keeper(board: Board) -> None:
    cast = board.cast
    propose_link(user=cast.ben.user, actor=cast.dan, at=board.now())
    (found,) = waits(board, cast.grace, "confirm_link")
    assert address_of(found) == reverse("people:person", args=[cast.ben.pk])
    assert not waits(board, cast.dan, "confirm_link") and not waits(board, cast.ben, "confirm_link")


def test_a_model_that_is_meant_for_release_waits_on_its_researchers_and_then_on_the_chair(board: Board) -> None:
    cast = board.cast
    (found,) = waits(board, cast.ada, "evidence")
    assert address_of(found) == reverse("reviews:subject-detail", args=[board.subject.slug])
    assert not waits(board, cast.dan, "open_case") and not waits(board, cast.ben, "evidence")
    board.clean()
    assert [each.title for each in waits(board, cast.dan, "open_case")] == [board.subject.name]
    assert not waits(board, cast.ada, "evidence")
    board.open_case("clearance")
    assert not waits(board, cast.dan, "open_case")


def test_a_model_nobody_means_to_release_waits_on_nobody_in_particular(board: Board) -> None:
    Snapshot.objects.update(candidate_seq=None)
    assert not waits(board, board.cast.ada, "evidence")
