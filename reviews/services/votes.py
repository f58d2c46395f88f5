"""Voting, and standing aside."""

from datetime import datetime

from django.db import transaction

from frameworks.policies import may_sign_about
from ledger.refusals import NotNow, NotValid
from people.attempts import refusals_entered
from people.confirming import Confirmation
from people.models import Person, User
from people.policies import require
from people.queries import actor_of
from people.signing import sign
from reviews import conflicts, contents, entries, policies, queries, signing
from reviews.facts import collect_one
from reviews.models import Question, Recusal, Vote
from reviews.models.case import Case
from reviews.models.question import Choice, QuestionKind
from reviews.rules import is_strict
from reviews.services.asking import requires_of, statement_of
from reviews.services.locks import locked


class RationaleMissing(NotValid):
    code = "rationale_missing"
    sentence = "Say why, and name the evidence you rely on."


class ContentChanged(NotNow):
    """What the voter was shown is not what the question asks now; nothing was signed."""

    code = "content_changed"
    sentence = "What this question asks has changed since you opened the page."
    what_to_do = "Look at the case again and vote on what it asks now."


class NothingToApprove(NotNow):
    code = "nothing_to_approve"
    sentence = "No applicability statement covers every required safeguard yet, so their adequacy cannot be approved."
    what_to_do = "Sign off what is missing and state the applicability."


class PapersLacking(NotNow):
    code = "required_paper_missing"
    sentence = "A paper this release asks for has not been supplied or is outdated, so there is nothing to accept."
    what_to_do = "Have it supplied; the question then names it."


class AlreadyRecused(NotNow):
    code = "already_recused"
    sentence = "You stood aside from this case already."


@refusals_entered("reviews:vote:refused", about="question")
@transaction.atomic
def vote(
    *,
    question: Question,
    choice: str,
    rationale: str,
    seen_digest: str,
    actor: Person,
    user: User,
    confirmation: Confirmation,
    at: datetime,
    hazard: bool = False,
) -> Vote:
    """One signed answer to what the question asks now; the same person's earlier vote stays readable and stops counting.

    `seen_digest` is the content digest the page showed; `hazard`: the rationale goes to cleared people only. Raises NotAllowed, NotNow (closed, decided, ContentChanged, NothingToApprove, PapersLacking),
    NotValid (RationaleMissing) and what `people.signing.sign` raises.
    """
    case = locked(question.case)
    question = case.questions.select_related("snapshot", "covered_by").get(pk=question.pk)
    question.case = case
    voter = actor_of(actor, at)
    require(policies.may_vote(voter, case, question, conflicts.excluded([case], [question])[question.pk]))
    require(may_sign_about(voter, case.framework_version.document, policies.at_stake(question)))
    if not rationale.strip():
        raise RationaleMissing
    check_content(case, question, seen_digest, at)
    if choice == Choice.APPROVE and question.kind == QuestionKind.SAFEGUARDS and not is_strict(question.proposal):
        _check_covered(question)
    if choice == Choice.APPROVE and question.kind == QuestionKind.RELEASE and not is_strict(question.proposal):
        require(policies.may_accept_papers(voter, question))
        if lacking := contents.papers_lacking(question.content):
            raise PapersLacking(papers=list(lacking))
    document = case.framework_version.document
    statement = signing.vote_statement(
        question=question,
        case=case,
        choice=choice,
        rationale=rationale.strip(),
        actor=voter,
        document=document,
        sites=queries.sites_of_release(question, at),
    )
    signature = sign(person=actor, user=user, statement=statement, confirmation=confirmation, at=at)
    question.votes.filter(person=actor, replaced_at=None).update(replaced_at=at)
    cast = Vote.objects.create(
        question=question,
        person=actor,
        choice=Choice(choice),
        proposal=question.proposal,
        rationale=rationale.strip(),
        hazard=hazard,
        content_digest=question.content_digest,
        signature=signature,
        at=at,
    )
    entries.vote_cast(cast, at=at)
    return cast


def check_content(case: Case, question: Question, seen_digest: str, at: datetime) -> None:
    """What is signed is what was seen, and what was seen is what the facts say now. Raises ContentChanged."""
    facts = collect_one(case.subject, case.framework_version, at)
    wanted = contents.Wanted(
        question.kind,
        question.proposal,
        threshold=question.threshold,
        axis=question.axis,
        tier=question.tier,
        snapshot=question.snapshot,
        scope=question.scope,
        covered_by=question.covered_by_id,
        requires=requires_of(facts, question.threshold, question) if question.threshold else {},
    )
    now = contents.content_digest(contents.content_of(wanted, facts, statement_of(case)))
    if not question.content_digest == seen_digest == now:
        raise ContentChanged


def _check_covered(question: Question) -> None:
    left = contents.uncovered(question.content)
    if question.content["statement"] is None or left:
        raise NothingToApprove(safeguards=list(left))


@transaction.atomic
def recuse(*, case: Case, reason: str, actor: Person, at: datetime) -> Recusal:
    """Stands aside from a case: no vote, no quorum credit; votes already cast are struck and stay readable. Raises NotAllowed, NotNow, NotValid."""
    case = locked(case)
    require(policies.may_recuse(actor_of(actor, at), case))
    if not reason.strip():
        raise RationaleMissing("Say what the conflict is.")
    if case.recusals.filter(person=actor).exists():
        raise AlreadyRecused
    mine = Vote.objects.filter(question__case=case, person=actor, replaced_at=None, struck_at=None)
    struck = list(mine)
    mine.update(struck_at=at)
    recusal = Recusal.objects.create(case=case, person=actor, reason=reason.strip(), at=at)
    entries.recusal_declared(recusal, struck, at=at)
    return recusal
