"""The only doors to cases and safeguards. What a person may not know of does not exist for them: NotKnown, on every page and in the API."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from evaluations import access as evaluations_access
from evaluations.models import Deployment, Subject
from ledger.refusals import NotKnown, the_one
from people.policies import require
from people.queries import Actor
from reviews.models import (
    Board,
    BoardSeat,
    Case,
    ClockTurn,
    ImportedRecord,
    Motion,
    Paper,
    Question,
    SafeguardImplementation,
    SignOff,
)
from reviews.policies import may_see_board


class CaseNotKnown(NotKnown):
    code = "case_not_known"
    sentence = "There is no case by that id."


class QuestionNotKnown(NotKnown):
    code = "question_not_known"
    sentence = "This case asks no such question."


class ImplementationNotKnown(NotKnown):
    code = "implementation_not_known"
    sentence = "There is no safeguard implementation by that id."


class SignOffNotKnown(NotKnown):
    code = "signoff_not_known"
    sentence = "There is no sign-off by that id."


class PaperNotKnown(NotKnown):
    code = "paper_not_known"
    sentence = "There is no such paper."


class MotionNotKnown(NotKnown):
    code = "motion_not_known"
    sentence = "There is no such motion."


class ImportedRecordNotKnown(NotKnown):
    code = "imported_record_not_known"
    sentence = "There is no such imported record."


class ClockTurnNotKnown(NotKnown):
    code = "clock_turn_not_known"
    sentence = "No clock came round by that id."


class DeploymentNotKnown(NotKnown):
    code = "deployment_not_known"
    sentence = "There is no deployment by that id."


class BoardNotKnown(NotKnown):
    code = "board_not_known"
    sentence = "There is no board by that name."


class SeatNotKnown(NotKnown):
    code = "seat_not_known"
    sentence = "This board has no such seat."


def cases(actor: Actor, at: datetime) -> QuerySet[Case]:
    """The cases this person may know of: those of the subjects they may know of; none for outsiders."""
    if not may_see_board(actor):
        return Case.objects.none()
    subjects = evaluations_access.subjects(actor, at)
    return Case.objects.filter(subject__in=subjects).select_related(
        "subject", "framework_version", "snapshot", "assessment", "opened_by", "board"
    )


def case(actor: Actor, case_id: UUID, at: datetime) -> Case:
    """Raises CaseNotKnown."""
    return the_one(cases(actor, at).filter(pk=case_id), CaseNotKnown)


def case_numbered(actor: Actor, number: int, at: datetime) -> Case:
    """The case as people say it aloud. Raises CaseNotKnown."""
    return the_one(cases(actor, at).filter(number=number), CaseNotKnown)


def question(case: Case, question_id: UUID) -> Question:
    """Raises QuestionNotKnown."""
    return the_one(
        case.questions.select_related("snapshot", "covered_by", "proposed_by", "decided_by").filter(pk=question_id), QuestionNotKnown
    )


def implementations(actor: Actor) -> QuerySet[SafeguardImplementation]:
    if not may_see_board(actor):
        return SafeguardImplementation.objects.none()
    return SafeguardImplementation.objects.select_related("owner", "subject")


def implementation(actor: Actor, implementation_id: UUID) -> SafeguardImplementation:
    """Raises ImplementationNotKnown."""
    return the_one(implementations(actor).filter(pk=implementation_id), ImplementationNotKnown)


def signoff(actor: Actor, signoff_id: UUID) -> SignOff:
    """Raises SignOffNotKnown."""
    if not may_see_board(actor):
        raise SignOffNotKnown
    return the_one(SignOff.objects.select_related("implementation", "person", "signature").filter(pk=signoff_id), SignOffNotKnown)


def subjects(actor: Actor, at: datetime) -> QuerySet[Subject]:
    """The models whose standing this person may know of; none for outsiders, who see a dossier only."""
    return evaluations_access.subjects(actor, at) if may_see_board(actor) else Subject.objects.none()


def subject(actor: Actor, slug: str, at: datetime) -> Subject:
    """Raises SubjectNotKnown."""
    return the_one(subjects(actor, at).filter(slug=slug), evaluations_access.SubjectNotKnown)


def paper(actor: Actor, paper_id: UUID, at: datetime) -> Paper:
    """Raises PaperNotKnown."""
    return the_one(
        Paper.objects.filter(pk=paper_id, subject__in=subjects(actor, at)).select_related("subject", "supplied_by"), PaperNotKnown
    )


def motion(actor: Actor, motion_id: UUID, at: datetime) -> Motion:
    """Raises MotionNotKnown."""
    known = Motion.objects.filter(pk=motion_id, subject__in=subjects(actor, at))
    return the_one(known.select_related("subject", "snapshot", "framework_version", "proposed_by"), MotionNotKnown)


def imported_record(actor: Actor, record_id: UUID, at: datetime) -> ImportedRecord:
    """Raises ImportedRecordNotKnown."""
    known = ImportedRecord.objects.filter(pk=record_id, subject__in=subjects(actor, at))
    return the_one(known.select_related("subject", "framework_version", "attested_by"), ImportedRecordNotKnown)


def clock_turn(actor: Actor, turn_id: UUID) -> ClockTurn:
    """Raises ClockTurnNotKnown."""
    require(may_see_board(actor))
    return the_one(ClockTurn.objects.filter(pk=turn_id), ClockTurnNotKnown)


def deployments(actor: Actor, at: datetime) -> QuerySet[Deployment]:
    known = Deployment.objects.filter(snapshot__subject__in=subjects(actor, at))
    return known.select_related("snapshot__subject", "reported_by", "incident")


def deployment(actor: Actor, deployment_id: UUID, at: datetime) -> Deployment:
    """Raises DeploymentNotKnown."""
    return the_one(deployments(actor, at).filter(pk=deployment_id), DeploymentNotKnown)


def boards(actor: Actor) -> QuerySet[Board]:
    """Raises NotKnown for those to whom no board exists."""
    require(may_see_board(actor))
    return Board.objects.order_by("name", "id")


def board(actor: Actor, slug: str) -> Board:
    """Raises BoardNotKnown."""
    return the_one(boards(actor).filter(slug=slug), BoardNotKnown)


def seat(board: Board, seat_id: UUID) -> BoardSeat:
    """Raises SeatNotKnown."""
    return the_one(board.seats.select_related("person").filter(pk=seat_id), SeatNotKnown)
