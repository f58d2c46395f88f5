"""Votes in the database, counted by the pure rules."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from reviews.conflicts import excluded
from reviews.models import Case, Question, Vote
from reviews.rules import OPPOSITE
from reviews.tally import Ballot, Member, Tally, quorum_from_json, tally


def members(case: Case) -> list[Member]:
    """The pinned roster."""
    return [Member(each["person"], frozenset(each["roles"]), frozenset(each["competences"])) for each in case.roster]


def live_votes(questions: Iterable[Question], then: datetime | None = None) -> dict[UUID, list[Vote]]:
    """The votes that stand, or stood `then`, by question, each with its person and signature."""
    grouped: dict[UUID, list[Vote]] = defaultdict(list)
    stand = Q(replaced_at=None, struck_at=None)
    if then is not None:
        stand = Q(Q(replaced_at=None) | Q(replaced_at__gt=then), Q(struck_at=None) | Q(struck_at__gt=then), at__lte=then)
    rows = Vote.objects.filter(stand, question__in=[question.pk for question in questions])
    for vote in rows.select_related("person", "signature"):
        grouped[vote.question_id].append(vote)
    return grouped


def tallies(case: Case, questions: Sequence[Question]) -> dict[UUID, Tally]:
    """How the questions of one case stand."""
    return tallies_of({case.pk: case}, questions)


def tallies_of(cases: Mapping[UUID, Case], questions: Sequence[Question], then: datetime | None = None) -> dict[UUID, Tally]:
    """How every question of these cases stands, or stood `then`, in a number of queries that does not grow with them."""
    votes, barred = live_votes(questions, then), excluded(cases.values(), questions, then)
    rosters = {case_id: members(case) for case_id, case in cases.items()}
    return {question.pk: count(question, votes[question.pk], rosters[question.case_id], barred[question.pk]) for question in questions}


def tally_of(case: Case, question: Question) -> Tally:
    return tallies(case, [question])[question.pk]


def count(question: Question, votes: Iterable[Vote], roster: Sequence[Member], barred: Mapping[str, str]) -> Tally:
    return tally(
        proposal=question.proposal,
        opposite=OPPOSITE[question.proposal],
        ballots=[Ballot(str(vote.person_id), vote.choice, vote.proposal, is_current(vote, question)) for vote in votes],
        roster=roster,
        approve_quorum=quorum_from_json(question.quorum["approve"]),
        reject_quorum=quorum_from_json(question.quorum["reject"]),
        excluded=barred,
    )


def is_current(vote: Vote, question: Question) -> bool:
    """Whether the vote answers what the question asks now, and was given since it was asked last."""
    return vote.content_digest == question.content_digest and vote.proposal == question.proposal and vote.at >= question.opened_at
