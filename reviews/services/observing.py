"""Letting go on, by quorum and until a day, what ran before the portal went live. The gate's answer stays what it is and says beside it that it is observed."""

from datetime import datetime, timedelta

from django.db import transaction

from evaluations.models import Snapshot
from frameworks.models import FrameworkVersion
from frameworks.policies import may_sign_about
from ledger.canonical import digest
from ledger.refusals import NotNow, NotValid
from ledger.services import current_log
from people.attempts import refusals_entered
from people.confirming import Confirmation
from people.models import Person, User
from people.policies import require
from people.queries import actor_of
from people.signing import Statement, sign
from people.words import Role
from reviews import contents, entries, named_sets, past, policies
from reviews.contents import Wanted
from reviews.facts import collect_one
from reviews.models import Observing, ObservingVote, ScopeState
from reviews.models.case import CaseKind
from reviews.models.gate_answer import Enforcement
from reviews.models.question import QuestionKind, Verdict
from reviews.services.locks import lock_subject
from reviews.services.rosters import board_for, roster_now
from reviews.tally import Ballot, Member, Tally, quorum_from_json, quorum_to_json, tally


class ObservingNotValid(NotValid):
    code = "observing_not_valid"


class ObservingKnown(NotNow):
    code = "already_asked"
    sentence = "This is before the board already."


class ObservingChanged(NotNow):
    code = "content_changed"
    sentence = "What you were shown is not what is asked."
    what_to_do = "Look at it once more."


def statement(observing: Observing, *, meaning: str, role: str, why: str = "") -> Statement:
    """What is signed, by the chair and by each voter: the content and the reason by their digests. The words are the same whatever the reason."""
    said = {"proposes": "is put to the board to go on", "approve": "may go on", "reject": "may not go on"}[meaning]
    weights = observing.snapshot
    return Statement(
        type="reviews.observing",
        digests={"content": observing.content_digest, "rationale": digest({"rationale": why})},
        meaning=meaning,
        role=role,
        text=f"{weights.label} of {observing.subject.name} ran for {observing.scope} before the portal went live and {said}, observed, until {observing.until:%Y-%m-%d}.",
    )


@refusals_entered("reviews:observing:refused", about="snapshot")
@transaction.atomic
def propose(
    *,
    snapshot: Snapshot,
    framework_version: FrameworkVersion,
    scope: str,
    until: datetime,
    reason: str,
    actor: Person,
    user: User,
    confirmation: Confirmation,
    at: datetime,
) -> Observing:
    """The chair asks that a scope is only observed for these weights. Raises NotAllowed, ObservingNotValid, ObservingKnown, and what signing raises."""
    chair, document = actor_of(actor, at), framework_version.document
    require(policies.may_propose_observing(chair))
    lock_subject(snapshot.subject)
    if scope not in document.scopes:
        raise ObservingNotValid("The framework knows no such scope.", code="scope_unknown")
    if not reason.strip():
        raise ObservingNotValid("Say why it may go on meanwhile.", code="rationale_missing")
    longest = timedelta(days=document.release_validity_days)
    if not at < until <= at + longest:
        raise ObservingNotValid(f"It ends on a day within {longest.days} days, as a release does.", code="dates_not_valid")
    if not ran_before(snapshot, scope):
        raise ObservingNotValid(
            "These weights are not reported to have run for this scope since before the portal went live; what is new is released or stays in.",
            code="not_running_before",
        )
    if Observing.objects.filter(subject=snapshot.subject, scope=scope, settled_at=None).exists():
        raise ObservingKnown
    required = collect_one(snapshot.subject, framework_version, at).required_slugs
    wanted = Wanted(QuestionKind.RELEASE, Verdict.RELEASE, snapshot=snapshot, scope=scope)
    quorum = contents.quorum_of(wanted, Verdict.RELEASE, document=document, case_kind=CaseKind.CLEARANCE, required=required)
    requires = {axis: required[axis] for axis in document.scopes[scope]}
    require(may_sign_about(chair, document, requires))
    about = {"weights": snapshot.weights_digest, "scope": scope, "until": until, "framework": framework_version.digest}
    observing = Observing(
        subject=snapshot.subject,
        snapshot=snapshot,
        framework_version=framework_version,
        scope=scope,
        until=until,
        content_digest=digest({"format": "asl-observing/1"} | about),
        reason=reason.strip(),
        roster=roster_now(board_for(framework_version.name), at),
        quorum=quorum_to_json(quorum),
        requires=requires,
        proposed_by=actor,
        proposed_at=at,
    )
    said = statement(observing, meaning="proposes", role=Role.CHAIR, why=observing.reason)
    observing.proposed = sign(person=actor, user=user, statement=said, confirmation=confirmation, at=at)
    observing.save(force_insert=True)
    entries.observing_proposed(observing, at=at)
    return observing


def ran_before(snapshot: Snapshot, scope: str) -> bool:
    """Whether these weights are in service for this scope, by report, since before the log was opened."""
    log = current_log()
    return log is not None and snapshot.deployments.filter(scope=scope, until=None, since__lt=log.opened_at).exists()


@refusals_entered("reviews:observing:refused", about="observing")
@transaction.atomic
def vote(
    *,
    observing: Observing,
    choice: str,
    rationale: str,
    seen_digest: str,
    actor: Person,
    user: User,
    confirmation: Confirmation,
    at: datetime,
) -> Observing:
    """A reviewer's signed answer; the one that meets the release's quorum settles it. Raises NotAllowed, ObservingChanged, ObservingNotValid, and what
    signing raises."""
    lock_subject(observing.subject)
    asked = (
        Observing.objects.select_for_update(of=("self",)).select_related("subject", "snapshot", "framework_version").get(pk=observing.pk)
    )
    voter = actor_of(actor, at)
    require(policies.may_vote_on_observing(voter, asked, named_sets.excluded(asked.subject)))
    require(may_sign_about(voter, asked.framework_version.document, asked.requires))
    if not rationale.strip():
        raise ObservingNotValid("Say why.", code="rationale_missing")
    if seen_digest != asked.content_digest:
        raise ObservingChanged
    said = statement(asked, meaning=choice, role=Role.REVIEWER, why=rationale.strip())
    signature = sign(person=actor, user=user, statement=said, confirmation=confirmation, at=at)
    asked.votes.filter(person=actor, replaced_at=None).update(replaced_at=at)
    cast = ObservingVote.objects.create(
        observing=asked, person=actor, choice=choice, rationale=rationale.strip(), signature=signature, at=at
    )
    _settle(asked, at)
    entries.observing_voted(cast, at=at)
    if asked.settled_at is not None:
        entries.observing_settled(asked, at=at)
    return asked


def tally_of(asked: Observing) -> Tally:
    """How it stands by its live votes: letting something go on is lenient, so one objection stands in its way."""
    quorum = quorum_from_json(asked.quorum)
    votes = asked.votes.filter(replaced_at=None)
    return tally(
        proposal=Verdict.RELEASE,
        ballots=[Ballot(str(each.person_id), each.choice, Verdict.RELEASE) for each in votes],
        roster=[Member(each["person"], frozenset(each["roles"]), frozenset(each["competences"])) for each in asked.roster],
        approve_quorum=quorum,
        reject_quorum=quorum,
        excluded=named_sets.excluded(asked.subject),
    )


def _settle(asked: Observing, at: datetime) -> None:
    state = tally_of(asked).state
    if state not in {"approvable", "rejectable"}:
        return
    asked.settled_at, asked.granted = at, state == "approvable" and at < asked.until and ran_before(asked.snapshot, asked.scope)
    asked.save(update_fields=["settled_at", "granted"])
    if asked.granted:
        row, _ = ScopeState.objects.get_or_create(
            subject=asked.subject, framework_name=asked.framework_version.name, scope=asked.scope, defaults={"changed_at": at}
        )
        past.keep(past.of(row), at=at)
        row.enforcement, row.observed_until, row.observed_snapshot = Enforcement.OBSERVE, asked.until, asked.snapshot
        row.save(update_fields=["enforcement", "observed_until", "observed_snapshot"])


def sweep(*, at: datetime) -> int:
    """Ends what has run out, and what runs no more. Doing it twice is doing it once. Answers how many ended."""
    standing = Observing.objects.filter(granted=True, ended_at=None).select_related("subject", "snapshot")
    return sum(_end(each, at) for each in standing.order_by("pk") if _is_over(each, at))


def _is_over(asked: Observing, at: datetime) -> bool:
    return asked.until <= at or not ran_before(asked.snapshot, asked.scope)


@transaction.atomic
def _end(asked: Observing, at: datetime) -> bool:
    lock_subject(asked.subject)
    # Another sweep may have ended it since this one looked.
    each = Observing.objects.filter(pk=asked.pk, ended_at=None).select_related("subject", "snapshot", "framework_version").first()
    if each is None or not _is_over(each, at):
        return False
    rows = ScopeState.objects.filter(subject=each.subject, framework_name=each.framework_version.name, scope=each.scope)
    past.keep(*map(past.of, rows), at=at)
    rows.update(enforcement=Enforcement.ENFORCE, observed_until=None, observed_snapshot=None)
    each.ended_at = at
    each.save(update_fields=["ended_at"])
    entries.observing_ended(each, at=at)
    return True
