"""How a subject stands: assessment, determinations, sign-offs, case and gate in one answer, for pages and the API.

`subject_status` and `portfolio` answer at a moment (`at`), and as the portal knew it then or later (`known_at`), in a number of queries that does not grow
with the subjects. Both are built on `facts.collect`, like the gate, so that no page says what the gate would not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from evaluations.models import Assessment, Snapshot, Subject
from frameworks.engine.types import Outcome, Tier
from frameworks.models import FrameworkVersion
from reviews import gate
from reviews.counting import tallies_of
from reviews.facts import IN_FORCE, Facts, collect, open_questions
from reviews.models import Case, Determination, Question, ScopeState
from reviews.models.gate_answer import Enforcement, GateState
from reviews.rules import Cause
from reviews.services.scopes import candidates_for
from reviews.standing import shown
from reviews.tally import Tally
from reviews.turns import Turn, turns_of


def undefined_words(label: str, signed: int, listed: int) -> str:
    """What is said of a tier that is named and not defined."""
    return f"{label} is not defined: no list of safeguards can meet it; {signed} of {listed} of the tiers below are signed"


@dataclass(frozen=True)
class AxisStatus:
    """One axis: what is required, whether only provisionally, what is in force, how many safeguards are signed of those required."""

    slug: str
    title: str
    letter: str
    required: Tier
    provisional: bool
    because: tuple[Cause, ...]
    in_force: Tier | None
    safeguards_signed: int
    safeguards_required: int

    @property
    def met(self) -> bool:
        """A decision in force says the safeguards of at least the required tier are adequate. One that is not defined is never met."""
        return (
            self.required.defined and self.in_force is not None and self.in_force.known and self.in_force.ordinal >= self.required.ordinal
        )

    @property
    def safeguards_state(self) -> str:
        """`met`, `waiting`, or `undefined`: a tier without a list of safeguards is not met by those of the tiers below it."""
        if not self.required.defined:
            return "undefined"
        return "met" if self.safeguards_signed == self.safeguards_required else "waiting"

    @property
    def undefined_words(self) -> str:
        """What stands in place of a tick where the tier is named and not defined; nothing where it is defined."""
        return "" if self.required.defined else undefined_words(self.required.label, self.safeguards_signed, self.safeguards_required)

    @property
    def short(self) -> str:
        """`D3`; `D?` where the version in force does not know the tier."""
        return f"{self.letter}{self.required.ordinal if self.required.known else '?'}"


@dataclass(frozen=True)
class ThresholdStatus:
    """One threshold: what the evidence says, what people decided, and the open question about it."""

    slug: str
    title: str
    domain: str
    kind: str
    outcome: str
    finding: Mapping[str, Any] | None
    determination: Determination | None
    question: Question | None

    @property
    def contradicted(self) -> bool:
        """People decided strictly, and the evidence rules the threshold out by now. The decision goes on counting."""
        return self.determination is not None and bool(self.determination.contradicted_for) and self.outcome == Outcome.RULED_OUT

    @property
    def rank(self) -> int:
        return Outcome(self.outcome).rank


@dataclass(frozen=True)
class DomainStatus:
    """One risk domain and the worst finding in it."""

    slug: str
    title: str
    outcome: str
    thresholds: tuple[ThresholdStatus, ...]


@dataclass(frozen=True)
class ScopeStatus:
    """One scope: `state` is open, shut or halted, worked out anew; `reasons` as the gate gives them, for the snapshot that comes nearest."""

    scope: str
    state: str
    enforcement: str
    reasons: tuple[Mapping[str, Any], ...]
    snapshot: str = ""
    row: ScopeState | None = None


class Gates:
    """What the gate says of each scope, worked out when first asked for: a list of models shows one scope of each. It stands as long as the facts do."""

    def __init__(self, facts: Facts, ledger: gate.Ledger) -> None:
        self._facts, self._ledger = facts, ledger
        self._said: dict[str, ScopeStatus] = {}

    def of(self, scope: str) -> ScopeStatus:
        if scope not in self._said:
            self._said[scope] = _scope(self._facts, scope, self._ledger)
        return self._said[scope]


@dataclass(frozen=True)
class SubjectStatus:
    """Everything a subject's row or page says first."""

    subject: Subject
    version: FrameworkVersion
    at: datetime
    assessment: Assessment | None
    complete: bool
    axes: tuple[AxisStatus, ...]
    domains: tuple[DomainStatus, ...]
    thresholds: tuple[ThresholdStatus, ...]
    gates: Gates
    case: Case | None
    questions: tuple[Question, ...]
    tallies: Mapping[UUID, Tally]
    turns: tuple[Turn, ...]
    facts: Facts

    @property
    def provisional(self) -> bool:
        return any(axis.provisional for axis in self.axes)

    @property
    def short(self) -> str:
        """`D3 S3`."""
        return " ".join(axis.short for axis in self.axes)

    @property
    def label(self) -> str:
        """`D3 S3`, `at least D2 S2, incomplete`, `D3 S3, provisional`."""
        text = self.short if self.complete else f"at least {self.short}, incomplete"
        return f"{text}, provisional" if self.provisional else text

    @property
    def safeguards_signed(self) -> int:
        return sum(axis.safeguards_signed for axis in self.axes)

    @property
    def safeguards_required(self) -> int:
        return sum(axis.safeguards_required for axis in self.axes)

    @property
    def safeguards_defined(self) -> bool:
        """Whether every tier required has a list of safeguards; where one has none, the count speaks of the tiers below it only."""
        return all(axis.required.defined for axis in self.axes)

    def threshold(self, slug: str) -> ThresholdStatus | None:
        return next((each for each in self.thresholds if each.slug == slug), None)

    def scope(self, name: str) -> ScopeStatus | None:
        return self.gates.of(name) if name in self.facts.document.scopes else None

    @property
    def scopes(self) -> tuple[ScopeStatus, ...]:
        """What the gate says of every scope."""
        return tuple(self.gates.of(scope) for scope in self.facts.document.scopes)


@dataclass(frozen=True)
class Portfolio:
    """A row a subject, in the order asked for."""

    version: FrameworkVersion
    at: datetime
    rows: tuple[SubjectStatus, ...]

    @property
    def provisional(self) -> int:
        return sum(row.provisional for row in self.rows)

    @property
    def incomplete(self) -> int:
        return sum(not row.complete for row in self.rows)

    @property
    def open_cases(self) -> int:
        return sum(row.case is not None for row in self.rows)


def subject_status(
    subject: Subject, framework_version: FrameworkVersion, at: datetime, *, known_at: datetime | None = None, back: bool = False
) -> SubjectStatus:
    """How one subject stands at a moment. `at` is when, `known_at` what the portal had learned by then (default: `at`); `back`: one of the two is
    earlier than now, and all is answered as it stood then."""
    asked = ("status", framework_version.pk, known_at, back, subject.pk)
    return replace(shown(asked, at=at, read=lambda: read_status(subject, framework_version, at, known_at=known_at, back=back)), at=at)


def read_status(
    subject: Subject, framework_version: FrameworkVersion, at: datetime, *, known_at: datetime | None = None, back: bool = False
) -> SubjectStatus:
    """The same, read anew: for what is itself kept only while nothing is written."""
    return portfolio([subject], framework_version, at, known_at=known_at, back=back).rows[0]


def portfolio(
    subjects: Iterable[Subject],
    framework_version: FrameworkVersion,
    at: datetime,
    *,
    known_at: datetime | None = None,
    back: bool = False,
) -> Portfolio:
    """How these subjects stand. Pass `evaluations.access.subjects(actor, at)`: nothing here asks who is looking."""
    several = list(subjects)
    facts = collect(several, framework_version, at, known_at=known_at, back=back)
    cases = {each.case.pk: each.case for each in facts.values() if each.case is not None}
    asked = [question for each in facts.values() for question in open_questions(each)]
    tallies = tallies_of(cases, asked, min(at, known_at or at) if back else at, back=back)
    ledger = gate.read_ledger()
    return Portfolio(framework_version, at, tuple(_status(facts[subject.pk], tallies, ledger) for subject in several))


def _status(facts: Facts, tallies: Mapping[UUID, Tally], ledger: gate.Ledger) -> SubjectStatus:
    asked = open_questions(facts)
    mine = {question.pk: tallies[question.pk] for question in asked}
    thresholds = tuple(_thresholds(facts, asked))
    return SubjectStatus(
        subject=facts.subject,
        version=facts.version,
        at=facts.at,
        assessment=facts.assessment,
        complete=facts.complete,
        axes=tuple(_axis(facts, axis.slug, axis.title, axis.letter) for axis in facts.document.axes),
        domains=tuple(_domains(facts, thresholds)),
        thresholds=thresholds,
        gates=Gates(facts, ledger),
        case=facts.case,
        questions=tuple(facts.questions),
        tallies=mine,
        turns=turns_of(facts, mine),
        facts=facts,
    )


def _axis(facts: Facts, slug: str, title: str, letter: str) -> AxisStatus:
    required, decided = facts.required[slug], facts.adequacy.get(slug)
    wanted = facts.document.safeguards_for(slug, required.tier.slug)
    return AxisStatus(
        slug=slug,
        title=title,
        letter=letter,
        required=required.tier,
        provisional=required.provisional,
        because=required.because,
        in_force=facts.document.asked_tier(slug, decided.tier) if decided else None,
        safeguards_signed=sum(facts.signed.get(safeguard.slug) == IN_FORCE for safeguard in wanted),
        safeguards_required=len(wanted),
    )


def _thresholds(facts: Facts, asked: Sequence[Question]) -> Iterable[ThresholdStatus]:
    questions = {question.threshold: question for question in asked if question.threshold}
    for threshold in facts.document.thresholds:
        yield ThresholdStatus(
            slug=threshold.slug,
            title=threshold.title,
            domain=threshold.domain,
            kind=threshold.kind,
            outcome=facts.outcomes.get(threshold.slug, Outcome.NOT_ASSESSED.value),
            finding=facts.findings.get(threshold.slug),
            determination=facts.determinations.get(threshold.slug),
            question=questions.get(threshold.slug),
        )


def _domains(facts: Facts, thresholds: Sequence[ThresholdStatus]) -> Iterable[DomainStatus]:
    for domain in facts.document.domains:
        mine = tuple(each for each in thresholds if each.domain == domain.slug)
        worst = max((each.outcome for each in mine), key=lambda outcome: Outcome(outcome).rank, default=Outcome.NOT_ASSESSED.value)
        yield DomainStatus(domain.slug, domain.title, worst, mine)


def _scope(facts: Facts, scope: str, ledger: gate.Ledger) -> ScopeStatus:
    row = facts.scopes.get(scope)
    candidates: list[Snapshot | None] = [*candidates_for(facts, scope)] or [None]
    answers = [(snapshot, gate.reasons_for(facts, snapshot=snapshot, scope=scope, ledger=ledger)) for snapshot in candidates]
    snapshot, reasons = min(answers, key=lambda answer: len(answer[1]))
    halted = row is not None and row.halted_at is not None and row.halted_at <= facts.at
    state = GateState.HALTED if halted else GateState.SHUT if reasons else GateState.OPEN
    observed = row is not None and row.observed_until is not None and row.observed_until > facts.at
    enforcement = Enforcement.OBSERVE if observed else Enforcement.ENFORCE
    return ScopeStatus(scope, state, enforcement, reasons, snapshot.label if snapshot else "", row)
