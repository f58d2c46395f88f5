"""Cases as tables: the list as the page's filters show it, and one case with every vote ever cast in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from frameworks.engine.types import FrameworkDocument
from reviews import queries, signing
from reviews.filters import CaseFilter
from reviews.models import Case, Question, Vote
from reviews.policies import words_for
from reviews.tables.table import Column, FiltersNotValid, Kind, Table, sealed_now, spaced

FETCHED_AT_ONCE = 500


def cases_table(*, cases: QuerySet[Case], asked: Mapping[str, str], at: datetime) -> Table:
    """`cases` are those this person may know of; `asked` is what stands in the page's address. Raises FiltersNotValid."""
    seal = sealed_now(at)
    chosen = CaseFilter(asked, queryset=cases)
    if not chosen.is_valid():
        raise FiltersNotValid
    return Table("cases", "Cases", LIST_COLUMNS, chosen.qs.iterator(FETCHED_AT_ONCE), seal)


LIST_COLUMNS = (
    Column("Case", Kind.NUMBER, lambda case: case.number, 8),
    Column("Model", Kind.TEXT, lambda case: case.subject.slug),
    Column("Kind", Kind.TEXT, lambda case: case.get_kind_display()),
    Column("State", Kind.TEXT, lambda case: case.get_state_display(), 12),
    Column("Framework", Kind.TEXT, lambda case: f"{case.framework_name} {case.framework_version.version}", 28),
    Column("Opened", Kind.MOMENT, lambda case: case.opened_at, 26),
    Column("Opened by", Kind.TEXT, lambda case: str(case.opened_by) if case.opened_by else "the portal", 20),
    Column("Due", Kind.MOMENT, lambda case: case.due_at, 26),
    Column("Ended", Kind.MOMENT, lambda case: case.closed_at, 26),
    Column("Id", Kind.TEXT, lambda case: case.pk, 38),
)


@dataclass(frozen=True, slots=True)
class VoteLine:
    """One vote of a case; a question nobody voted on has a line of its own, without one."""

    question: Question
    title: str
    proposal: str
    outcome: str
    shown: queries.VoteShown | None


def case_table(*, case: Case, at: datetime) -> Table:
    """One case: each question and each vote on it, those replaced, struck or outdated too. The discussion is not part of it."""
    seal = sealed_now(at)
    about = [
        ("Case", f"{case.number}: {case.get_kind_display().lower()} of {case.subject.name}"),
        ("State", case.get_state_display().lower()),
        ("Framework", f"{case.framework_name} {case.framework_version.version}"),
        ("Framework digest", case.framework_version.digest),
        ("Roster digest", case.roster_digest),
        ("Policy digest", case.policy_digest),
    ]
    lines = list(_lines(queries.questions_of(case), queries.votes_of(case), case.framework_version.document))
    return Table("case", f"Case {case.number}", CASE_COLUMNS, lines, seal, about, of_one=str(case.number))


def _lines(
    questions: Sequence[Question], votes: Mapping[UUID, Sequence[queries.VoteShown]], document: FrameworkDocument
) -> Iterator[VoteLine]:
    for question in questions:
        title = signing.question_title(question, document)
        proposal = signing.verdict_in_words(question, question.proposal, document)
        outcome = signing.verdict_in_words(question, question.outcome, document) if question.outcome else ""
        lines: Sequence[queries.VoteShown | None] = votes.get(question.pk) or [None]
        for shown in lines:
            yield VoteLine(question, title, proposal, outcome, shown)


def _rationale(vote: Vote) -> str:
    return words_for(vote.rationale, hazard=vote.hazard, cleared=False)


CASE_COLUMNS = (
    Column("Question", Kind.TEXT, lambda line: line.title, 50),
    Column("About", Kind.TEXT, lambda line: line.question.get_kind_display()),
    Column("Threshold", Kind.TEXT, lambda line: line.question.threshold),
    Column("Axis", Kind.TEXT, lambda line: line.question.axis, 12),
    Column("Scope", Kind.TEXT, lambda line: spaced(line.question.scope), 12),
    Column("State", Kind.TEXT, lambda line: line.question.get_state_display(), 12),
    Column("Proposal", Kind.TEXT, lambda line: line.proposal, 40),
    Column("Outcome", Kind.TEXT, lambda line: line.outcome, 40),
    Column("Declared", Kind.MOMENT, lambda line: line.question.decided_at, 26),
    Column("Declared by", Kind.TEXT, lambda line: line.question.decided_by, 20),
    Column("Content digest", Kind.TEXT, lambda line: line.question.content_digest, 40),
    Column("Voter", Kind.TEXT, lambda line: line.shown and line.shown.vote.person, 20),
    Column("Vote", Kind.TEXT, lambda line: line.shown and line.shown.vote.get_choice_display()),
    Column("Counts as", Kind.TEXT, lambda line: line.shown and line.shown.state, 12),
    Column("Cast", Kind.MOMENT, lambda line: line.shown and line.shown.vote.at, 26),
    Column("Rationale", Kind.TEXT, lambda line: line.shown and _rationale(line.shown.vote), 60),
    Column("Voted on digest", Kind.TEXT, lambda line: line.shown and line.shown.vote.content_digest, 40),
    Column("Signed statement", Kind.TEXT, lambda line: line.shown and line.shown.vote.signature.statement_digest, 40),
)
