"""Everything the case page shows, as values: collected once, in a number of queries that does not grow with the case's history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.urls import reverse

from evaluations.models import Assessment
from frameworks.engine.types import FrameworkDocument, Outcome
from frameworks.finding_words import deciding_sentence
from frameworks.policies import may_sign_about
from people.models import Person
from people.policies import Refused
from people.queries import Actor
from people.words import Role
from reviews import conflicts, counting, policies
from reviews.case_questions import Answered, Line, Look, QuestionPart
from reviews.case_timeline import Happening, of_comment, of_declaration, of_recusal, of_revision, of_statement, of_vote
from reviews.facts import Facts, collect_one, content_under, findings_in
from reviews.finding_charts import FindingCharts, days_of
from reviews.models import ApplicabilityStatement, Case, CaseRevision, Comment, Determination, Question, Recusal, SignOff, Vote
from reviews.models.question import QuestionKind, QuestionState
from reviews.papers_page import ACCEPTED, PaperLine, paper_lines
from reviews.services.applicability import Coverage, covered_by, serving, usual_site
from reviews.services.asking import statement_of
from reviews.standing import shown
from reviews.status import undefined_words
from reviews.tally import Member

# How many assessments back the page looks for what was found before.
LOOK_BACK = 60


@dataclass(frozen=True)
class Change:
    """What the evidence said of a threshold before the case, and what it says now; `because` names what makes it so."""

    title: str
    before: str
    after: str
    because: str


@dataclass(frozen=True)
class NextAct:
    """The one thing the person looking should do next; `sheet` where its address answers a signing sheet rather than a page."""

    words: str
    address: str
    sheet: bool = False


@dataclass(frozen=True)
class CasePage:
    case: Case
    document: FrameworkDocument
    facts: Facts
    actor: Actor
    revisions: Sequence[CaseRevision]
    parts: Sequence[QuestionPart]
    coverage: Sequence[Coverage]
    statement: Any
    comments: Sequence[Comment]
    recusals: Sequence[Recusal]
    names: Mapping[str, str]
    # threshold → its outcomes in the assessments so far, the latest first
    outcomes_before: Mapping[str, Sequence[str]] = field(default_factory=dict)
    history: Sequence[Vote] = field(default_factory=tuple)

    @property
    def recused(self) -> frozenset[UUID]:
        return frozenset(recusal.person_id for recusal in self.recusals)

    @property
    def latest(self) -> CaseRevision | None:
        return self.revisions[-1] if self.revisions else None

    @cached_property
    def changes(self) -> list[Change]:
        """The thresholds that moved towards concern: what was found before, what is found now, and the bound that makes it so."""
        moved = []
        for threshold in self.document.thresholds:
            finding = self.facts.findings.get(threshold.slug)
            if threshold.kind != "threshold" or finding is None:
                continue
            now = Outcome(finding["outcome"])
            before = next((outcome for outcome in self.outcomes_before.get(threshold.slug, ()) if outcome != now), Outcome.NOT_ASSESSED)
            if now.raises or now.rank > Outcome(before).rank:
                moved.append(Change(threshold.title, before, now, deciding_sentence(finding, self.document)))
        return moved

    @cached_property
    def uncovered(self) -> list[Coverage]:
        return [each for each in self.coverage if each.signoff is None]

    @property
    def tiers(self) -> list[dict[str, object]]:
        """What each axis requires now, as `{% tiers %}` draws it."""
        return [
            {
                "axis": axis.title,
                "letter": axis.letter,
                "label": required.tier.label,
                "provisional": required.provisional,
                "defined": required.tier.defined,
            }
            for axis in self.document.axes
            for required in (self.facts.required[axis.slug],)
        ]

    @cached_property
    def titles(self) -> dict[str, str]:
        """The questions in words, by their id as a revision tells it."""
        return {str(part.question.pk): part.title for part in self.parts}

    @property
    def roster(self) -> list[dict[str, str]]:
        """Who was pinned when the case opened, by name, and as what."""
        members = [
            {
                "name": self.names.get(member["person"], "someone"),
                "words": ", ".join(word.replace("_", " ") for word in (*member["roles"], *member["competences"])),
            }
            for member in self.case.roster
        ]
        return sorted(members, key=lambda member: member["name"])

    @cached_property
    def refused_everywhere(self) -> str:
        """Why the person looking votes on none of several open questions, where that is one and the same thing; said once for all of them."""
        asked = [part for part in self.parts if part.is_open]
        said = {part.may_vote.sentence if isinstance(part.may_vote, Refused) and not part.may_declare else "" for part in asked}
        return said.pop() if len(asked) > 1 and len(said) == 1 else ""

    @property
    def is_settled(self) -> bool:
        """Whether no question is open, so that the case may be closed."""
        return not any(part.is_open for part in self.parts)

    @property
    def is_chair(self) -> bool:
        return policies.is_chair(self.actor, self.case)

    @cached_property
    def next_act(self) -> NextAct | None:
        """Declaring before voting before safeguards; None when it is somebody else's turn."""
        for part in self.parts:
            if part.is_open and part.ready is not None and part.may_declare:
                return self._mended(part) or NextAct(
                    f"Declare: {part.title}", reverse("reviews:declare", args=[self.case.number, part.question.pk]), sheet=True
                )
        for part in self.parts:
            if part.is_open and part.may_vote and not part.voted and not self._waits_for_safeguards(part):
                return self._mended(part) or NextAct(
                    f"Vote: {part.title}", reverse("reviews:vote", args=[self.case.number, part.question.pk]), sheet=True
                )
        return self._next_for_safeguards() or self._next_for_papers() or self._next_for_the_chair()

    def _mended(self, part: QuestionPart) -> NextAct | None:
        """What comes before signing for an account without a second factor, where the question asks for one."""
        return None if part.may_sign else NextAct("Add a second factor to sign", reverse("people:factors"))

    def _waits_for_safeguards(self, part: QuestionPart) -> bool:
        return part.question.kind == QuestionKind.SAFEGUARDS and self.statement is None

    def _next_for_safeguards(self) -> NextAct | None:
        if not self.case.is_open or not self._asks(QuestionKind.SAFEGUARDS):
            return None
        # An owner may have shown everything already; the list says what each of them lacks.
        if signable := [each for each in self.uncovered if self._may_sign(each)]:
            return NextAct(f"Sign off {_counted(len(signable))}", reverse("reviews:safeguard-list") + "?state=unsigned")
        if self.actor.has(Role.SAFEGUARD_OWNER) and self.uncovered:
            return NextAct(f"Look at {_counted(len(self.uncovered))} not signed off", reverse("reviews:safeguard-list") + "?state=unsigned")
        if not self.uncovered and self.statement is None and self.actor.has(Role.SAFEGUARD_OWNER):
            return NextAct("State which sign-offs apply", self.stating_address)
        return None

    def _may_sign(self, covered: Coverage) -> bool:
        """A reviewer signs what asks for no competence, or for one of theirs."""
        asked = covered.safeguard.competence
        return self.actor.has(Role.REVIEWER) and (not asked or asked in self.actor.competences)

    @cached_property
    def papers(self) -> list[PaperLine]:
        """The papers asked for, for the weights this case is about."""
        return paper_lines(self.facts)

    def _next_for_papers(self) -> NextAct | None:
        """The chair, who declares the release, is not led to supply what it leans on; they may."""
        lacking = next((line for line in self.papers if line.gates and line.lacking), None)
        if lacking is None or not self.case.is_open or self.is_chair or not policies.may_supply_papers(self.actor):
            return None
        return NextAct(f"Supply a paper: {lacking.threshold_title}", self._paper_address(lacking))

    def _paper_address(self, line: PaperLine) -> str:
        return reverse("reviews:papers", args=[self.case.subject.slug]) + f"?paper={line.key}"

    def _next_for_the_chair(self) -> NextAct | None:
        if not self.case.is_open or not self.is_chair or not self.is_settled:
            return None
        if not any(part.question.kind == QuestionKind.RELEASE for part in self.parts):
            return NextAct("Ask for a release", reverse("reviews:ask-release", args=[self.case.number]))
        return NextAct("Close this case", reverse("reviews:close", args=[self.case.number]))

    def _asks(self, kind: QuestionKind) -> bool:
        return any(part.is_open and part.question.kind == kind for part in self.parts)

    @cached_property
    def panel(self) -> list[tuple[str, list[Line]]]:
        """Every requirement of the case, by what it belongs to."""
        groups = [(part.title, list(part.lines)) for part in self.parts if part.question.state != QuestionState.WITHDRAWN]
        if self.coverage:
            groups.insert(
                len([p for p in self.parts if p.question.kind == QuestionKind.THRESHOLD]), ("Safeguards signed off", self._coverage_lines())
            )
        if self.papers:
            groups.append(("Papers the thresholds ask for", [self._paper_line(line) for line in self.papers]))
        return groups

    def _paper_line(self, line: PaperLine) -> Line:
        supplier = bool(policies.may_supply_papers(self.actor))
        who = "a researcher, a safeguard owner or the chair supplies it, and then casts no vote on the release" if line.lacking else ""
        if line.gates and not line.lacking and line.state != ACCEPTED:
            who = "the reviewers who did not supply it accept it with the release"
        met = line.state == ACCEPTED or (not line.gates and not line.lacking)
        return Line(
            code="met" if met else "waiting",
            words=f"{line.threshold_title}: {line.title}" + ("" if line.gates else " (reported, shuts nothing)"),
            progress=line.state,
            who=who,
            turn=line.lacking and line.gates and supplier and self.case.is_open and not self.is_chair,
            address=self._paper_address(line),
        )

    def _coverage_lines(self) -> list[Line]:
        lines = []
        for axis in self.document.axes:
            mine = [each for each in self.coverage if each.safeguard.axis == axis.slug]
            if mine:
                done = sum(1 for each in mine if each.signoff is not None)
                tier = self.facts.required[axis.slug].tier
                if not tier.defined:
                    # Signed below it is not signed for it: an undefined tier has no tick to earn.
                    words = f"{axis.title}: {undefined_words(tier.label, done, len(mine))}"
                    lines.append(Line(code="undefined", words=words, progress="not defined", who=""))
                    continue
                left = [each for each in mine if each.signoff is None]
                lines.append(
                    Line(
                        code="met" if not left else "waiting",
                        words=f"{tier.label} {axis.title.lower()} and baseline: each safeguard has a sign-off in force",
                        progress=f"{done} of {len(mine)}",
                        who=_signers(left),
                        turn=any(self._may_sign(each) for each in left),
                        address=reverse("reviews:safeguard-list") + f"?axis={axis.slug}",
                    )
                )
        stated = self.statement is not None
        lines.append(
            Line(
                code="met" if stated else "waiting",
                words="One applicability statement names the sign-offs that cover this model",
                progress="signed" if stated else "0 of 1",
                who="" if stated else "a safeguard owner, or a reviewer who then casts no vote",
                turn=not stated and not self.uncovered and self.actor.has(Role.SAFEGUARD_OWNER),
                address=self.stating_address if policies.may_state_applicability(self.actor, self.case) else "",
            )
        )
        return lines

    @property
    def stating_address(self) -> str:
        """Where the statement is signed; for an account that may not sign about these tiers yet, where it adds what it lacks."""
        may_sign = may_sign_about(self.actor, self.document, self.facts.required_slugs)
        return reverse("reviews:applicability", args=[self.case.number]) if may_sign else reverse("people:factors")

    @cached_property
    def timeline(self) -> list[Happening]:
        """What happened, oldest first. What holds hazardous detail is withheld from those who are not cleared, and says so."""
        cleared = self.actor.cleared
        titles = {part.question.pk: part.title for part in self.parts}
        happened = [
            *(of_revision(revision) for revision in self.revisions),
            *(of_vote(vote, titles[vote.question_id], cleared=cleared) for vote in self.history),
            *(
                of_declaration(part.question, part.title, part.outcome, cleared=cleared)
                for part in self.parts
                if part.question.decided_at is not None
            ),
            *(of_recusal(recusal) for recusal in self.recusals),
            *(of_comment(comment, cleared=cleared) for comment in self.comments),
            *([of_statement(self.statement)] if self.statement is not None else []),
        ]
        return sorted(happened, key=lambda each: each.at)


@dataclass(frozen=True)
class _Read:
    """What the rows say of a case, whoever looks."""

    facts: Facts
    questions: Sequence[Question]
    barred: Mapping[UUID, Mapping[str, str]]
    still: Sequence[Member]
    names: Mapping[str, str]
    statement: ApplicabilityStatement | None
    held: Sequence[SignOff]
    revisions: Sequence[CaseRevision]
    comments: Sequence[Comment]
    recusals: Sequence[Recusal]
    outcomes_before: Mapping[str, Sequence[str]]
    determined: Mapping[UUID, Answered]
    days: Mapping[str, date]


def _read(case: Case, at: datetime) -> _Read:
    facts = collect_one(case.subject, case.framework_version, at)
    questions = list(
        case.questions.exclude(state=QuestionState.WITHDRAWN)
        .select_related("snapshot", "covered_by", "proposed_by", "decided_by")
        .prefetch_related(Prefetch("votes", queryset=Vote.objects.select_related("person", "signature")))
    )
    for question in questions:
        question.case = case
    determined = _determined(questions)
    return _Read(
        facts=facts,
        questions=questions,
        barred=conflicts.excluded([case], questions),
        still=counting.seated([case], at)[case.pk],
        names=_names(case),
        statement=statement_of(case),
        held=serving(case, facts) if any(question.kind == QuestionKind.SAFEGUARDS for question in questions) else [],
        revisions=list(case.revisions.select_related("made_by").order_by("number")),
        comments=list(case.comments.select_related("person")),
        recusals=list(case.recusals.select_related("person")),
        outcomes_before=_outcomes(case),
        determined=determined,
        days=days_of(facts.findings, *(each.among for each in determined.values())),
    )


def _determined(questions: Sequence[Question]) -> dict[UUID, Answered]:
    """The last determination on each decided threshold question, with the findings it was given on; nothing is read while none is decided."""
    decided = [each.pk for each in questions if each.kind == QuestionKind.THRESHOLD and not each.is_open]
    if not decided:
        return {}
    rows = Determination.objects.filter(question__in=decided).select_related("assessment").order_by("decided_at", "id")
    rows = rows.annotate(content=content_under("assessment__assessment_digest"))
    return {each.question_id: Answered(each, findings_in(each.content)) for each in rows}


def case_page(case: Case, actor: Actor, at: datetime) -> CasePage:
    """The page for this person: what the rows say is read once while nothing is written, what this person may do is worked out each time."""
    document = case.framework_version.document
    read = shown(("case", case.pk), at=at, read=lambda: _read(case, at))
    facts = replace(read.facts, at=at)
    charts = FindingCharts(document, facts.findings, read.days)
    recused = frozenset(recusal.person_id for recusal in read.recusals)
    roster = counting.members(case)
    look = Look(case, actor, document, facts, read.names, roster, read.still, charts, recused, read.revisions, read.determined)
    parts = [look.part(question, read.barred[question.pk]) for question in read.questions]
    site = read.statement.site if read.statement is not None else usual_site(read.held)
    return CasePage(
        case=case,
        document=document,
        facts=facts,
        actor=actor,
        revisions=read.revisions,
        parts=parts,
        coverage=covered_by(read.held, facts, site) if any(part.question.kind == QuestionKind.SAFEGUARDS for part in parts) else [],
        statement=read.statement,
        comments=read.comments,
        recusals=read.recusals,
        names=read.names,
        outcomes_before=read.outcomes_before,
        history=[vote for question in read.questions for vote in question.votes.all()],
    )


def _outcomes(case: Case) -> dict[str, list[str]]:
    """The outcomes of the last assessments, in one query."""
    made = Assessment.objects.filter(subject=case.subject, framework_name=case.framework_name, seq__isnull=False).order_by("-seq")
    found: dict[str, list[str]] = {}
    for summary in made.values_list("summary", flat=True)[:LOOK_BACK]:
        for slug, outcome in summary.items():
            found.setdefault(slug, []).append(outcome)
    return found


def _signers(left: Sequence[Coverage]) -> str:
    """Who brings what is missing about these safeguards, and who signs it."""
    if not left:
        return ""
    competences = sorted({each.safeguard.competence for each in left} - {""})
    named = f" with the competence {' or '.join(competences)}" if competences else ""
    return f"safeguard owners attach evidence, reviewers{named} sign"


def _counted(safeguards: int) -> str:
    return f"{safeguards} safeguard{'' if safeguards == 1 else 's'}"


def _names(case: Case) -> dict[str, str]:
    people = Person.objects.filter(pk__in=[member["person"] for member in case.roster])
    return {str(pk): name for pk, name in people.values_list("pk", "name")}
