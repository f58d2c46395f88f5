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


def seated(asked: Iterable[Case | Motion], at: datetime) -> dict[UUID, list[Member]]:
    """The pinned rosters, each member with what they hold still. A role that never votes counts as soon as somebody holds it. One query."""
    rosters = {each.pk: members(each) for each in asked}
    people = {UUID(member.person) for roster in rosters.values() for member in roster}
    grants: tuple[tuple[type[Grant], str], ...] = ((RoleGrant, "role"), (Competence, "area"))
    rows = [
        model.objects.in_force(at).filter(person__in=people).order_by().values_list("person_id", Value(field), F(field))
        for model, field in grants
    ]
    held: dict[tuple[str, str], set[str]] = defaultdict(set)
    for person, field, value in rows[0].union(*rows[1:]):
        held[str(person), field].add(value)
    return {pk: [_still(member, held) for member in roster] for pk, roster in rosters.items()}


def _still(member: Member, held: Mapping[tuple[str, str], set[str]]) -> Member:
    roles, areas = held.get((member.person, "role"), set()), held.get((member.person, "area"), set())
    return Member(member.person, member.roles & roles | roles & NEVER_VOTE, member.competences & areas)


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


def tallies(case: Case, questions: Sequence[Question], at: datetime) -> dict[UUID, Tally]:
    """How the questions of one case stand."""
    return tallies_of({case.pk: case}, questions, at)


def tallies_of(cases: Mapping[UUID, Case], questions: Sequence[Question], at: datetime, *, back: bool = False) -> dict[UUID, Tally]:
    """How every question of these cases stands, or with `back` stood then, in a number of queries that does not grow with them."""
    then = at if back else None
    votes, barred = live_votes(questions, then), excluded(cases.values(), questions, then)
    still = seated(cases.values(), at) if questions else {}
    return {
        question.pk: count(question, votes[question.pk], members(cases[question.case_id]), barred[question.pk], still[question.case_id])
        for question in questions
    }


def tally_of(case: Case, question: Question, at: datetime) -> Tally:
    return tallies(case, [question], at)[question.pk]


def made_quorum(vote: Vote, at: datetime) -> bool:
    """Whether it took this vote to meet one side's quorum, among the votes that stood `at` the time it was cast."""
    question, case = vote.question, vote.question.case
    stood, barred = live_votes([question], at)[question.pk], excluded([case], [question])[question.pk]
    replaced = question.votes.filter(person=vote.person_id, replaced_at=vote.at, struck_at=None)
    before = [*(each for each in stood if each.pk != vote.pk), *replaced]
    still = seated([case], at)[case.pk]
    met_before, met = (count(question, votes, members(case), barred, still).is_met for votes in (before, stood))
    return met and not met_before


def count(question: Question, votes: Iterable[Vote], roster: Sequence[Member], barred: Mapping[str, str], still: Sequence[Member]) -> Tally:
    """`roster` as it was pinned; `still`: the same with what its members hold at the moment that is counted for. A question that was decided is counted as it
    was decided."""
    return tally(
        seated=still if question.is_open else None,
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
