"""What a declaration records besides the verdict, in sentences for the sheet it is signed on. Reads facts, writes nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from frameworks.engine.types import Outcome
from reviews.facts import Facts, open_questions
from reviews.models import Question
from reviews.models.question import QuestionKind, Verdict
from reviews.rules import is_strict, judgement_titles, judgements_answered
from reviews.services.decisions import JUDGED, lasts_until

JUDGED_WORDS = {
    Outcome.RULED_OUT: "ruled out",
    Outcome.CANNOT_RULE_OUT: "not to be ruled out",
    Outcome.RULED_IN: "ruled in",
}


def of_declaration(question: Question, verdict: str, facts: Facts) -> list[str]:
    """Everything else that is in the record once this verdict is declared, the judgements written down with it first."""
    own = {QuestionKind.THRESHOLD: _of_threshold, QuestionKind.SAFEGUARDS: _of_safeguards, QuestionKind.RELEASE: _of_release}
    return [*own[QuestionKind(question.kind)](question, verdict, facts), *_of_any(question, facts)]


def _of_threshold(question: Question, verdict: str, facts: Facts) -> Iterator[str]:
    document, finding = facts.document, facts.findings.get(question.threshold, {})
    until = lasts_until(document, question, verdict, finding=finding, at=facts.at)
    titles = judgement_titles(document)
    if Verdict(verdict) in JUDGED:
        for slug in judgements_answered(document, question.threshold, finding):
            how_long = f" until {_day(until)}" if until else ""
            yield (
                f"The board's judgement “{titles.get(slug, slug)}” is recorded with it, as {JUDGED_WORDS[JUDGED[Verdict(verdict)]]}{how_long}. "
                "Every assessment from then on reads it."
            )
    if verdict == Verdict.COVERED_BY and question.covered_by is not None:
        yield "The snapshot that covers these weights is recorded; assessments read it, and a result of this model's own past a line ends it."
    if until:
        yield f"The determination holds until {_day(until)} at most, and lapses earlier if the evidence moves towards concern, goes stale or is lost."
    else:
        yield "The determination does not run out; only a lowering case takes it back."
    if question.threshold in facts.determinations:
        yield "The determination in force on this threshold ends; it stays readable."


def _of_safeguards(question: Question, verdict: str, facts: Facts) -> Iterator[str]:
    if not is_strict(verdict):
        yield "The decision holds until the first of the sign-offs it leans on ends, and lapses with any of them."
    if question.axis in facts.adequacy:
        yield "The decision in force on the safeguards of this axis ends; it stays readable."


def _of_release(question: Question, verdict: str, facts: Facts) -> Iterator[str]:
    if verdict == Verdict.RELEASE:
        until = facts.at + timedelta(days=facts.document.release_validity_days)
        yield f"The release holds until {_day(until)} at most, for these weights and this scope; a change of status outdates it."
        for paper in question.content.get("papers", ()):
            yield f"The paper “{paper['artefact'].replace('-', ' ')}” of {facts.document.threshold_title(paper['threshold'])} is accepted with it."
        state = facts.scopes.get(question.scope)
        if state is not None and state.halted_at is not None:
            yield f"The halt of {question.scope.replace('_', ' ')} ends with it."
    else:
        yield "Nothing of these weights goes out to this scope; an earlier release of them to it ends."


def _of_any(question: Question, facts: Facts) -> Iterator[str]:
    others = [each for each in open_questions(facts) if each.pk != question.pk]
    kinds = {question.kind, *(each.kind for each in facts.questions)}
    if not others and QuestionKind.RELEASE in kinds:
        yield "It is the last open question of a case that asks for a release, so the case ends by itself."


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"
