"""Whose turn it is on a subject: from the facts and the tallies of its open questions, without a query."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from reviews.contents import uncovered
from reviews.facts import Facts, open_questions
from reviews.models import Case, Question, SafeguardImplementation
from reviews.models.question import QuestionKind
from reviews.paper_rules import SUPPLIED, Line
from reviews.tally import Tally


@dataclass(frozen=True)
class Turn:
    """Something that waits for people: what, for whom (person ids where it is theirs alone, else a role), until when.

    `kind`: `vote`, `vote_again`, `declare`, `sign_off`, `attach_evidence`, `state_applicability`, `close_case`, `evidence`, `open_case`, `supply_paper`,
    `answer_halt`, `set_aside_upload`.
    """

    kind: str
    role: str
    persons: tuple[str, ...]
    why: str
    until: datetime | None
    question: Question | None = None


@dataclass(frozen=True)
class Waiting:
    """One thing that waits on one person. `kind` as in `turns.Turn`, and `answer_halt`, `sign_correction`, `settle_run_told_twice`, `attach_evidence`, `confirm_adoption`,
    `confirm_seat`, `confirm_snapshot`,
    `confirm_binding`, `confirm_weights_and_elicitation`, `confirm_grant`, `confirm_link`, `set_aside_upload`, `vote_on_motion`, `clock_due`, `confirm_arms`. `thing` is what to open:
    "case:<id>", "subject:<id>", "implementation:<id>", "framework:<id>", "seat:<id>", "snapshot:<id>", "upload:<id>", "binding:<id>", "person:<id>",
    "motion:<id>", "clockturn:<id>", "run:<id>"; `slug` the address of the board
    or the model that holds it."""

    kind: str
    title: str
    why: str
    until: datetime | None
    thing: str
    case: Case | None = None
    question: Question | None = None
    implementation: SafeguardImplementation | None = None
    slug: str = ""


def turns_of(facts: Facts, tallies: Mapping[UUID, Tally]) -> tuple[Turn, ...]:
    """Everything that waits on somebody, most pressing first."""
    return tuple(_turns(facts, tallies))


def _turns(facts: Facts, tallies: Mapping[UUID, Tally]) -> Iterator[Turn]:
    case = facts.case
    if case is None:
        yield from _turns_apart(facts)
        if not facts.complete:
            yield Turn("evidence", "researcher", (), "Some thresholds are not assessed.", None)
        elif not facts.releases:
            yield Turn(
                "open_case", "chair", (), "Everything is assessed and nothing is released: open a clearance case to ask the board.", None
            )
        return
    chairs = tuple(member["person"] for member in case.roster if "chair" in member["roles"])
    asked = open_questions(facts)
    for question in asked:
        yield from _question_turns(question, tallies[question.pk], facts, chairs, case.due_at)
    if lacking := papers_lacking(facts):
        title = facts.document.threshold_title(lacking[0].asked.threshold)
        yield Turn("supply_paper", "researcher", (), f"A paper is asked for and missing or outdated: {title}.", case.due_at)
    if _stating_is_next(facts, asked):
        yield Turn("state_applicability", "safeguard_owner", (), "It has not been stated which sign-offs cover these weights.", case.due_at)
    if not asked:
        yield Turn("close_case", "chair", chairs, "Every question is decided: ask for a release, or close the case.", case.due_at)


def _turns_apart(facts: Facts) -> Iterator[Turn]:
    """What shuts a gate though no case is open: a halt, and files nobody has answered for. The inbox tells these one by one."""
    halted = sorted(scope.replace("_", " ") for scope, state in facts.scopes.items() if state.halted_at is not None)
    if halted:
        yield Turn("answer_halt", "chair", (), f"Halted: {', '.join(halted)}. Going on takes a release decision of the board.", None)
    if facts.refused_uploads:
        files = "1 file was" if facts.refused_uploads == 1 else f"{facts.refused_uploads} files were"
        yield Turn("set_aside_upload", "reviewer", (), f"{files} refused, and the gate is shut until a reviewer answers for it.", None)


def papers_lacking(facts: Facts) -> list[Line]:
    """The papers whose absence shuts the gate, for the weights at stake."""
    weights = facts.at_stake
    lines = facts.paper_lines(weights.weights_digest if weights else "")
    return [line for line in lines if line.asked.gates and line.state != SUPPLIED]


def _unstated(question: Question) -> bool:
    """Whether it is still to be stated which sign-offs meet what this question asks."""
    return question.kind == QuestionKind.SAFEGUARDS and (question.content["statement"] is None or bool(uncovered(question.content)))


def _stating_is_next(facts: Facts, asked: Sequence[Question]) -> bool:
    """One statement names the sign-offs of every axis, so it is made once nothing is unsigned on any."""
    return any(_unstated(question) for question in asked) and not any(_unsigned(question, facts) for question in asked)


def _unsigned(question: Question, facts: Facts) -> int:
    if question.kind != QuestionKind.SAFEGUARDS:
        return 0
    required = facts.document.safeguards_for(question.axis, question.tier)
    return sum(facts.signed.get(safeguard.slug) != "in_force" for safeguard in required)


def _counted(some: int, of: int) -> str:
    """`1 of 11 safeguards is`, `2 of 11 safeguards are`."""
    return f"{some} of {of} safeguard{'' if of == 1 else 's'} {'is' if some == 1 else 'are'}"


def _question_turns(question: Question, tally: Tally, facts: Facts, chairs: tuple[str, ...], until: datetime | None) -> Iterator[Turn]:
    if _unstated(question):
        if unsigned := _unsigned(question, facts):
            wanted = facts.document.safeguards_for(question.axis, question.tier)
            if unbuilt := [safeguard for safeguard in wanted if safeguard.slug not in facts.signed]:
                why = f"On {question.axis} {_counted(len(unbuilt), len(wanted))} not registered as built, and nothing shows that they work."
                yield Turn("attach_evidence", "safeguard_owner", (), why, until, question)
            why = f"On {question.axis} {_counted(unsigned, len(wanted))} not signed off."
            yield Turn("sign_off", "reviewer", (), why, until, question)
        return
    if tally.is_met:
        yield Turn("declare", "chair", chairs, "The quorum is met; the outcome is to be declared.", until, question)
        return
    if tally.outdated:
        yield Turn("vote_again", "reviewer", tally.outdated, "What the question asks has changed since the vote.", until, question)
    waiting = tuple(person for person in tally.yet_to_vote if person not in tally.outdated)
    if waiting:
        yield Turn("vote", "reviewer", waiting, "This question waits for votes.", until, question)


def whose(turns: Sequence[Turn], names: Mapping[str, str]) -> str:
    """Who has the next move, in a few words: the persons where it is theirs alone, else the role."""
    if not turns:
        return ""
    first = turns[0]
    people = sorted(names[person] for person in first.persons if person in names)
    who = ", ".join(people[:3]) + (f" and {len(people) - 3} more" if len(people) > 3 else "") if people else first.role.replace("_", " ")
    return f"{who}: {first.kind.replace('_', ' ')}"
