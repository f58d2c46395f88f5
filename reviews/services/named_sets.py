"""Late results before the board: the chair puts a named set to the vote, reviewers answer with their names, and at quorum the results count."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from evaluations.models import Measurement, Subject
from evaluations.services import results
from frameworks.models import FrameworkVersion
from frameworks.policies import may_sign_evidence
from ledger.canonical import digest
from ledger.refusals import NotNow, NotValid
from people.attempts import refusals_entered
from people.confirming import Confirmation
from people.models import Person, User
from people.policies import require
from people.queries import actor_of
from people.signing import Statement, sign
from people.words import Role
from reviews import entries, named_sets, policies
from reviews.facts import collect_one
from reviews.models import NamedSet, NamedSetVote
from reviews.services.locks import lock_subject
from reviews.services.rosters import board_for, roster_now
from reviews.tally import quorum_to_json


class SetNotValid(NotValid):
    code = "named_set_not_valid"


class AlreadyAsked(NotNow):
    code = "already_asked"
    sentence = "A named set on this indicator is before the board already."
    what_to_do = "Wait until it is settled."


class NoPolicy(NotNow):
    code = "policy_missing"
    sentence = "The framework says no quorum for this, so it cannot be asked."


class SetChanged(NotNow):
    code = "content_changed"
    sentence = "What you were shown is not what is asked."
    what_to_do = "Look at it once more."


class RationaleMissing(NotValid):
    code = "rationale_missing"
    sentence = "Say why."


def content_digest(subject: Subject, version: FrameworkVersion, indicator: str, measurements: Sequence[str]) -> str:
    """What the chair and every voter are bound to: these results, this version of the indicator, this framework version."""
    return digest(
        {
            "format": "asl-named-set/1",
            "subject": str(subject.pk),
            "framework": version.digest,
            "indicator": version.document.indicator(indicator).digest,
            "measurements": sorted(measurements),
        }
    )


def statement(content: str, *, count: int, title: str, subject: str, meaning: str, role: str, why: str = "") -> Statement:
    """What is signed, by the chair and by each voter: the content and the reason by their digests. The words are the same whatever the reason."""
    said = {
        "proposes": "are put to the board to count",
        "approve": "count",
        "reject": "do not count",
    }[meaning]
    return Statement(
        type="reviews.named_set",
        digests={"content": content, "rationale": digest({"rationale": why})},
        meaning=meaning,
        role=role,
        text=f"{count} result{'s' if count != 1 else ''} of {subject} {said} under {title}, though adopted or bound after they arrived.",
    )


@refusals_entered("reviews:named-set:refused", about="subject")
@transaction.atomic
def propose(
    *,
    subject: Subject,
    framework_version: FrameworkVersion,
    indicator: str,
    measurements: Sequence[Measurement],
    reason: str,
    actor: Person,
    user: User,
    confirmation: Confirmation,
    at: datetime,
) -> NamedSet:
    """The chair names exactly which late results shall count. Raises NotAllowed, SetNotValid, AlreadyAsked, NoPolicy, RationaleMissing, and what
    `people.signing.sign` raises."""
    chair, document = actor_of(actor, at), framework_version.document
    require(policies.may_propose_named_set(chair))
    lock_subject(subject)
    if not reason.strip():
        raise RationaleMissing("Say why they may count although they came first.")
    named = sorted(str(each.pk) for each in measurements)
    late = {
        each.slug: {str(one.measurement.pk) for one in each.results}
        for each in named_sets.late_results(collect_one(subject, framework_version, at))
    }
    if not named or not set(named) <= late.get(indicator, set()):
        raise SetNotValid("A set names results of this model that arrived before their indicator or its binding.", code="not_late")
    requires = named_sets.requires_of(document, indicator)
    require(may_sign_evidence(chair))
    content = content_digest(subject, framework_version, indicator, named)
    defined = document.indicator(indicator)
    if NamedSet.objects.filter(subject=subject, indicator_digest=defined.digest, settled_at=None).exists():
        raise AlreadyAsked
    try:
        quorum = named_sets.quorum_for(document, requires)
    except ValueError as error:
        raise NoPolicy from error
    said = statement(
        content, count=len(named), title=defined.title, subject=subject.name, meaning="proposes", role=Role.CHAIR, why=reason.strip()
    )
    signature = sign(person=actor, user=user, statement=said, confirmation=confirmation, at=at)
    asked = NamedSet.objects.create(
        subject=subject,
        framework_version=framework_version,
        indicator=indicator,
        indicator_digest=defined.digest,
        measurements=named,
        content_digest=content,
        reason=reason.strip(),
        roster=roster_now(board_for(framework_version.name), at),
        quorum=quorum_to_json(quorum),
        requires=requires,
        proposed_by=actor,
        proposed=signature,
        proposed_at=at,
    )
    entries.named_set_proposed(asked, at=at)
    return asked


@refusals_entered("reviews:named-set:refused", about="named_set")
@transaction.atomic
def vote(
    *,
    named_set: NamedSet,
    choice: str,
    rationale: str,
    seen_digest: str,
    actor: Person,
    user: User,
    confirmation: Confirmation,
    at: datetime,
) -> NamedSet:
    """A reviewer's signed answer. The one that meets the quorum settles the set: its results count from here on, or they do not.

    Raises NotAllowed, SetChanged, RationaleMissing, and what `people.signing.sign` raises.
    """
    lock_subject(named_set.subject)
    asked = NamedSet.objects.select_for_update(of=("self",)).select_related("subject", "framework_version").get(pk=named_set.pk)
    voter, document = actor_of(actor, at), asked.framework_version.document
    require(policies.may_vote_on_named_set(voter, asked, named_sets.excluded(asked.subject)))
    require(may_sign_evidence(voter))
    if not rationale.strip():
        raise RationaleMissing
    if seen_digest != asked.content_digest:
        raise SetChanged
    title = document.indicator(asked.indicator).title
    said = statement(
        asked.content_digest,
        count=len(asked.measurements),
        title=title,
        subject=asked.subject.name,
        meaning=choice,
        role=Role.REVIEWER,
        why=rationale.strip(),
    )
    signature = sign(person=actor, user=user, statement=said, confirmation=confirmation, at=at)
    asked.votes.filter(person=actor, replaced_at=None).update(replaced_at=at)
    cast = NamedSetVote.objects.create(
        named_set=asked, person=actor, choice=choice, rationale=rationale.strip(), signature=signature, at=at
    )
    _settle(asked, at)
    entries.named_set_voted(cast, at=at)
    if asked.settled_at is not None:
        entries.named_set_settled(asked, at=at)
    return asked


def _settle(asked: NamedSet, at: datetime) -> None:
    counted = named_sets.tally_of(asked, list(asked.votes.filter(replaced_at=None)), named_sets.excluded(asked.subject))
    if counted.state not in {"approvable", "rejectable"}:
        return
    asked.settled_at, asked.admitted = at, counted.state == "approvable"
    asked.save(update_fields=["settled_at", "admitted"])
    for measurement in named_sets.measurements_of(asked.measurements).values() if asked.admitted else ():
        results.admit(measurement=measurement, indicator_digest=asked.indicator_digest, decision=asked.pk, actor=None, at=at)
