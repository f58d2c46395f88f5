"""Votes in the database, counted by the pure rules."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, Value

from people.models import Competence, RoleGrant
from people.models.grant import Grant
from reviews.conflicts import excluded
from reviews.models import Case, Motion, Question, Vote
from reviews.rules import OPPOSITE
from reviews.tally import NEVER_VOTE, Ballot, Member, Tally, quorum_from_json, tally


def members(asked: Case | Motion) -> list[Member]:
    """The pinned roster."""
    return [Member(each["person"], frozenset(each["roles"]), frozenset(each["competences"])) for each in asked.roster]


def seated(asked: Case | Motion, at: datetime) -> list[Member]:
    """The pinned roster, each with what they hold still. A role that never votes counts as soon as somebody holds it. One query."""
    people = [each["person"] for each in asked.roster]
    grants: tuple[tuple[type[Grant], str], ...] = ((RoleGrant, "role"), (Competence, "area"))
    rows = [
        model.objects.in_force(at).filter(person__in=people).order_by().values_list("person_id", Value(field), F(field))
        for model, field in grants
    ]
    held: dict[tuple[str, str], set[str]] = defaultdict(set)
    for person, field, value in rows[0].union(*rows[1:]):
        held[str(person), field].add(value)
    return [
        Member(
            each.person,
            each.roles & held[each.person, "role"] | held[each.person, "role"] & NEVER_VOTE,
            each.competences & held[each.person, "area"],
        )
        for each in members(asked)
    ]


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


def declarable(case: Case, question: Question, at: datetime) -> Tally:
    """The tally that is declared: by what those who voted hold still at that moment, whatever the roster pinned."""
    votes, barred = live_votes([question])[question.pk], excluded([case], [question])[question.pk]
    return count(question, votes, members(case), barred, seated(case, at))


def count(
    question: Question,
    votes: Iterable[Vote],
    roster: Sequence[Member],
    barred: Mapping[str, str],
    seated: Sequence[Member] | None = None,
) -> Tally:
    return tally(
        seated=seated,
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
