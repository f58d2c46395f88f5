"""The questions of a case as its page shows them to one person: how each stands, what it still needs, and what this person may do about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from frameworks.engine.types import FrameworkDocument
from frameworks.finding_tree import marked
from frameworks.finding_words import finding_sentence
from frameworks.policies import may_sign_about
from people.queries import Actor
from reviews import counting, policies, signing
from reviews.contents import uncovered
from reviews.facts import Facts
from reviews.finding_charts import FindingChart, FindingCharts
from reviews.models import Case, CaseRevision, Determination, Question, Vote
from reviews.models.question import QuestionKind, QuestionState
from reviews.tally import Member, Requirement, Side, Tally


@dataclass(frozen=True)
class Line:
    """One row of the requirement panel."""

    code: str
    words: str
    progress: str
    who: str
    turn: bool = False
    address: str = ""


@dataclass(frozen=True)
class VoteLine:
    vote: Vote
    role: str
    outdated: bool
    struck: bool
    # When what was asked changed beneath it, or it was struck; None while it counts.
    outdated_at: datetime | None = None

    @property
    def word(self) -> str:
        """The choice, with what became of the vote where it was taken back."""
        became = "struck" if self.struck else "replaced" if self.vote.replaced_at else ""
        return f"{self.vote.get_choice_display()} ({became})" if became else self.vote.get_choice_display()


@dataclass(frozen=True)
class QuestionPart:
    """One question with what it asks, how it stands, and what the person looking may do about it."""

    question: Question
    title: str
    proposal: str
    tally: Tally | None
    lines: Sequence[Line]
    votes: Sequence[VoteLine]
    outcome: str
    # The finding the question turns on: the one that was answered, once it is decided.
    finding: Mapping[str, Any] | None
    finding_sentence: str
    # Every finding of the assessment it turns on, for drawing, and the drawing of its own.
    charts: FindingCharts
    chart: FindingChart | None
    tree: Mapping[str, Any] | None
    # What the evidence says now, where that is another finding than the one that was answered.
    finding_now: Mapping[str, Any] | None
    now_sentence: str
    # The assessment the answer was given on; empty while it is open, and where none had been made.
    answered_on: str
    may_vote: policies.Answer
    may_declare: policies.Answer
    # Whether this person's account has what a signature about these tiers takes.
    may_sign: policies.Answer
    may_propose: policies.Answer
    ready: Side | None
    voted: bool

    @property
    def is_open(self) -> bool:
        return self.question.is_open

    @property
    def standing(self) -> list[VoteLine]:
        """What each says at last: replaced by nothing, though it may be outdated or struck."""
        return [line for line in self.votes if line.vote.replaced_at is None]

    @property
    def replaced(self) -> list[VoteLine]:
        """What somebody signed and signed otherwise later: the objection they had stays readable."""
        return [line for line in self.votes if line.vote.replaced_at is not None]


@dataclass(frozen=True)
class Answered:
    """A determination, and every finding of the assessment it was given on: the one it answered may lean on others."""

    determination: Determination
    others: Mapping[str, Mapping[str, Any]]

    @property
    def finding(self) -> Mapping[str, Any] | None:
        """The finding as it was pinned."""
        return self.determination.finding or None

    @property
    def among(self) -> Mapping[str, Mapping[str, Any]]:
        finding = self.determination.finding
        return {**self.others, finding["slug"]: finding} if finding else self.others

    @property
    def assessment(self) -> str:
        made = self.determination.assessment
        return made.assessment_digest if made is not None else ""


@dataclass(frozen=True)
class Look:
    """One person looking at one case."""

    case: Case
    actor: Actor
    document: FrameworkDocument
    facts: Facts
    names: Mapping[str, str]
    roster: Sequence[Member]
    # The same people, with what they hold at this moment.
    still: Sequence[Member]
    charts: FindingCharts
    recused: frozenset[UUID] = frozenset()
    revisions: Sequence[CaseRevision] = ()
    # question → what was determined on it last
    determined: Mapping[UUID, Answered] = field(default_factory=dict)

    def part(self, question: Question, barred: Mapping[str, str]) -> QuestionPart:
        every = sorted(question.votes.all(), key=lambda vote: vote.at)
        live = [vote for vote in every if vote.is_live]
        tally = counting.count(question, live, self.roster, barred, self.still)
        ready = next((side for side in (tally.approve, tally.reject) if side.met), None) if question.is_open else None
        may_vote = policies.may_vote(self.actor, self.case, question, barred)
        may_declare = policies.may_decide(self.actor, self.case, question, frozenset(str(vote.person_id) for vote in live), barred)
        now = self.facts.findings.get(question.threshold) if question.threshold else None
        answer = None if question.is_open else self.determined.get(question.pk)
        # A precaution may have been decided before anything was assessed: then the answer was given on no finding.
        finding = now if answer is None else answer.finding
        moved = now if answer is not None and now is not None and now["finding_digest"] != answer.determination.finding_digest else None
        charts = self.charts if answer is None else replace(self.charts, findings=answer.among)
        voted = any(vote.person_id == self.actor.person.pk and counting.is_current(vote, question) for vote in live)
        return QuestionPart(
            question=question,
            title=signing.question_title(question, self.document),
            proposal=signing.verdict_in_words(question, question.proposal, self.document),
            tally=tally,
            lines=self._lines(question, tally, ready, may_vote=bool(may_vote) and not voted, may_declare=bool(may_declare)),
            votes=[self._vote_line(vote, question) for vote in every],
            outcome=signing.verdict_in_words(question, question.outcome, self.document) if question.outcome else "",
            finding=finding,
            finding_sentence=finding_sentence(finding, self.document) if finding else "",
            charts=charts,
            chart=charts.of(question.threshold) if finding else None,
            tree=marked(finding, self.document) if finding else None,
            finding_now=moved,
            now_sentence=finding_sentence(moved, self.document) if moved else "",
            answered_on=answer.assessment if answer is not None else "",
            may_vote=may_vote,
            may_declare=may_declare,
            may_sign=may_sign_about(self.actor, self.document, policies.at_stake(question)),
            may_propose=policies.may_propose(self.actor, self.case, question, self.recused),
            ready=ready,
            voted=voted,
        )

    def _vote_line(self, vote: Vote, question: Question) -> VoteLine:
        """A vote that answered something else stays outdated when the question is decided: it stood beside the decision and not for it."""
        outdated = not counting.is_current(vote, question)
        since = vote.struck_at or (self._changed_since(vote, question) if outdated else None)
        return VoteLine(vote, _role(self.case, vote), outdated, vote.struck_at is not None, since)

    def _changed_since(self, vote: Vote, question: Question) -> datetime:
        """When the question first changed after the vote. A new proposal makes no revision: then the vote counts as outdated from its own time on."""
        touched = (
            revision.made_at
            for revision in self.revisions
            if revision.made_at > vote.at and any(change["question"] == str(question.pk) for change in revision.changes)
        )
        return next(touched, vote.at)

    def _lines(self, question: Question, tally: Tally, ready: Side | None, *, may_vote: bool, may_declare: bool) -> list[Line]:
        if question.state == QuestionState.DECIDED:
            return [*self._decided_lines(question), Line("met", "Declared by the chair", "decided", "")]
        me = str(self.actor.person.pk)
        # Until it is stated which sign-offs apply there is nothing to approve: it is nobody's turn yet.
        asked = question.kind != QuestionKind.SAFEGUARDS or (question.content["statement"] is not None and not uncovered(question.content))
        # Whose objection stands is told in a line of its own.
        required = [each for each in (ready or tally.approve).requirements if each.code != "objections"]
        lines = [self._tally_line(each, may_vote, asked=asked) for each in required]
        if tally.blocking and ready is None and not tally.approve.strict:
            owners = ", ".join(self._name(person) for person in tally.blocking)
            words = "A vote stands against it until its owner votes again"
            lines.append(Line("blocked", words, str(len(tally.blocking)), owners))
        for person in tally.outdated:
            lines.append(Line("waiting", f"The vote of {self._name(person)} is outdated", "vote again", self._name(person), person == me))
        lines.append(
            Line("waiting" if ready else "not_yet", "The chair declares the outcome", "", self._chairs(), may_declare and ready is not None)
        )
        return lines

    def _decided_lines(self, question: Question) -> list[Line]:
        """What the quorum asked for, as it was met: counted once more from the votes that stood when the outcome was declared. Who came to have a conflict
        later is no reason to tell it otherwise; whoever had one then could not have made it met."""
        stood = [vote for vote in question.votes.all() if _stood(vote, question.decided_at)]
        side = counting.count(question, stood, self.roster, {}, self.still).side(question.outcome)
        return [self._tally_line(each, False, asked=True) for each in side.requirements] if side is not None and side.met else []

    def _chairs(self) -> str:
        return ", ".join(self._name(member["person"]) for member in self.case.roster if "chair" in member["roles"]) or "the chair"

    def _tally_line(self, requirement: Requirement, may_vote: bool, *, asked: bool) -> Line:
        return Line(
            code=requirement.mark if asked or requirement.mark != "waiting" else "not_yet",
            words=requirement.title,
            progress=requirement.progress,
            who=", ".join(sorted(self._name(person) for person in requirement.who)),
            turn=asked and may_vote and str(self.actor.person.pk) in requirement.who,
        )

    def _name(self, person: str) -> str:
        return self.names.get(person, "someone")


def _stood(vote: Vote, at: datetime | None) -> bool:
    """Cast by then, and neither replaced nor struck by then."""
    later = (vote.replaced_at, vote.struck_at)
    return at is not None and vote.at <= at and all(each is None or each > at for each in later)


def _role(case: Case, vote: Vote) -> str:
    role = vote.signature.role.replace("_", " ")
    pinned: Iterable[Mapping[str, Any]] = case.roster
    competences: Sequence[str] = next((member["competences"] for member in pinned if member["person"] == str(vote.person_id)), [])
    return f"{role} ({', '.join(competences)})" if competences else role
