"""One signed statement that the sign-offs in force cover these weights in these scopes; a second model at the same tier needs nothing else signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from frameworks.engine.types import Safeguard
from ledger.canonical import digest
from ledger.refusals import NotNow, NotValid
from people.confirming import Confirmation
from people.models import Person, User
from people.policies import require
from people.queries import actor_of
from people.signing import sign
from reviews import entries, policies, signing
from reviews.facts import Facts, collect_one
from reviews.models import ApplicabilityLine, ApplicabilityStatement, Case, SignOff
from reviews.models.signoff import Place
from reviews.services.asking import align
from reviews.services.locks import locked


class NothingAtStake(NotNow):
    code = "no_snapshot"
    sentence = "This case is about no snapshot, so nothing can be said to cover it."
    what_to_do = "Register the weights and open the case on them."


class SignOffsMissing(NotNow):
    """Some required safeguards have no sign-off in force that could be named; `data["safeguards"]` lists them."""

    code = "signoffs_missing"
    what_to_do = "Sign these safeguards off first."


class CoverageChanged(NotNow):
    """What the signer was shown is not what would be signed now; nothing was signed."""

    code = "coverage_changed"
    sentence = "The sign-offs that would be named have changed since you opened the page."
    what_to_do = "Look at them again and sign what you see."


class TierUndefined(NotNow):
    code = "tier_undefined"
    sentence = "A required tier is not defined, so no safeguards can be said to meet it."


class ScopesNotFit(NotValid):
    code = "scopes_not_fit"
    sentence = "Name at least one scope of the framework."


@dataclass(frozen=True, slots=True)
class Coverage:
    """One required safeguard and the sign-off that would be named for it, if there is one."""

    axis: str
    safeguard: Safeguard
    signoff: SignOff | None
    is_exception: bool = False


def coverage_of(case: Case, facts: Facts) -> list[Coverage]:
    """Every safeguard the required tiers ask for, with the best sign-off in force: one built for this model before a shared one."""
    held: dict[str, list[SignOff]] = {}
    rows = SignOff.objects.in_force(facts.at).filter(implementation__framework_name=case.framework_name)
    for signoff in rows.select_related("implementation", "person").order_by("-expires_at", "id"):
        if signoff.implementation.subject_id in (None, case.subject_id):
            held.setdefault(signoff.implementation.safeguard, []).append(signoff)
    return [
        _covered(axis, safeguard, held.get(safeguard.slug, []))
        for axis, required in facts.required.items()
        for safeguard in facts.document.safeguards_for(axis, required.tier.slug)
    ]


def _covered(axis: str, safeguard: Safeguard, held: Sequence[SignOff]) -> Coverage:
    own = [signoff for signoff in held if signoff.implementation.place == Place.SUBJECT]
    best = next(iter([*own, *held]), None)
    return Coverage(axis, safeguard, best, is_exception=bool(own))


def coverage_digest(case: Case, lines: Sequence[Coverage]) -> str:
    """What the page shows: the weights, every required safeguard, and the sign-off and version that would be named for it."""
    named = [
        [each.axis, each.safeguard.slug, *([str(each.signoff.pk), each.signoff.content_digest] if each.signoff else [])] for each in lines
    ]
    return digest({"case": str(case.pk), "snapshot": str(case.snapshot_id or ""), "lines": named})


@transaction.atomic
def state_applicability(
    *,
    case: Case,
    scopes: Sequence[str],
    rationale: str,
    actor: Person,
    user: User,
    confirmation: Confirmation,
    at: datetime,
    stack: str = "",
    seen_digest: str | None = None,
) -> ApplicabilityStatement:
    """Names, for every required safeguard on every axis, the sign-off that covers the case's snapshot; signed once.

    `seen_digest` is the `coverage_digest` of what the page showed; None where nothing was shown. Raises NotAllowed, NothingAtStake, TierUndefined,
    ScopesNotFit, SignOffsMissing, CoverageChanged and what `people.signing.sign` raises.
    """
    case = locked(case)
    speaker = actor_of(actor, at)
    require(policies.may_state_applicability(speaker, case))
    facts = collect_one(case.subject, case.framework_version, at)
    require(policies.may_sign_about(speaker, facts.document, facts.required_slugs))
    lines = _complete(case, facts, scopes)
    if seen_digest is not None and seen_digest != coverage_digest(case, lines):
        raise CoverageChanged
    snapshot = case.snapshot
    if snapshot is None:
        raise NothingAtStake
    named = tuple(sorted(set(scopes)))
    content_digest = digest(
        {
            "case": str(case.pk),
            "snapshot": snapshot.weights_digest,
            "tiers": facts.required_slugs,
            "scopes": list(named),
            "stack": stack,
            "rationale": rationale.strip(),
            "lines": [[each.safeguard.slug, str(each.signoff.pk), each.signoff.content_digest] for each in lines if each.signoff],
        }
    )
    statement = signing.applicability_statement(case=case, content_digest=content_digest, count=len(lines), scopes=named, actor=speaker)
    signature = sign(person=actor, user=user, statement=statement, confirmation=confirmation, at=at)
    case.statements.filter(replaced_at=None).update(replaced_at=at)
    stated = ApplicabilityStatement.objects.create(
        case=case,
        subject=case.subject,
        snapshot=snapshot,
        tiers=facts.required_slugs,
        scopes=list(named),
        stack=stack,
        rationale=rationale.strip(),
        person=actor,
        content_digest=content_digest,
        signature=signature,
        stated_at=at,
    )
    ApplicabilityLine.objects.bulk_create(
        ApplicabilityLine(
            statement=stated, axis=each.axis, safeguard=each.safeguard.slug, signoff=each.signoff, is_exception=each.is_exception
        )
        for each in lines
    )
    revision = align(case, facts, reason="The applicability of the sign-offs was stated", actor=actor, at=at)
    entries.applicability_stated(stated, at=at)
    if revision is not None:
        entries.case_revised(case, revision, actor=actor, at=at)
    return stated


def _complete(case: Case, facts: Facts, scopes: Sequence[str]) -> list[Coverage]:
    if case.snapshot is None:
        raise NothingAtStake
    if not scopes or set(scopes) - set(facts.document.scopes):
        raise ScopesNotFit
    if any(not required.tier.defined for required in facts.required.values()):
        raise TierUndefined
    lines = coverage_of(case, facts)
    missing = [each.safeguard for each in lines if each.signoff is None]
    if missing:
        titles = ", ".join(safeguard.title for safeguard in missing)
        raise SignOffsMissing(f"No sign-off in force for: {titles}.", safeguards=[safeguard.slug for safeguard in missing])
    return lines
