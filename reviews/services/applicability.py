"""One signed statement that the sign-offs in force cover these weights in these scopes; a second model at the same tier needs nothing else signed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from frameworks.engine.types import Safeguard
from frameworks.policies import may_sign_about
from ledger.canonical import digest
from ledger.refusals import NotNow, NotValid
from people.attempts import refusals_entered
from people.confirming import Confirmation
from people.models import Person, User
from people.policies import require
from people.queries import actor_of
from people.signing import sign
from reviews import entries, places, policies, signing
from reviews.facts import Facts, collect_one
from reviews.models import ApplicabilityLine, ApplicabilityStatement, Case, SignOff
from reviews.models.signoff import Place
from reviews.places import Site
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


class SiteNotFit(NotValid):
    code = "site_not_fit"


@dataclass(frozen=True, slots=True)
class Coverage:
    """One required safeguard and the sign-off that would be named for it, if there is one."""

    axis: str
    safeguard: Safeguard
    signoff: SignOff | None
    is_exception: bool = False


def serving(case: Case, facts: Facts) -> list[SignOff]:
    """The sign-offs in force that could be named for this model: of what serves every model, and of what was built for this one."""
    serves = Q(implementation__subject=None) | Q(implementation__subject=case.subject_id)
    rows = SignOff.objects.in_force(facts.at, facts.version).filter(serves, implementation__framework_name=case.framework_name)
    return list(rows.select_related("implementation", "person").order_by("-expires_at", "id"))


def names_of(held: Iterable[SignOff], place: places.Named) -> list[str]:
    """The stacks, or the environments, in which something is signed off."""
    return sorted({signoff.implementation.place_name for signoff in held if signoff.implementation.place == place})


def stated_last(stack: str) -> str:
    """The digest by which a stack was named in the last statement about it; empty where there is none."""
    rows = ApplicabilityStatement.objects.filter(stack=stack).exclude(stack_digest="")
    return rows.order_by("-stated_at", "id").values_list("stack_digest", flat=True).first() or "" if stack else ""


def usual_site(held: Sequence[SignOff]) -> Site:
    """Where it must be served, as far as that goes without saying: the only stack and the only environment anything is signed off in."""
    only = {place: names[0] if len(names := names_of(held, place)) == 1 else "" for place in places.NAMED}
    return Site(stack=only["stack"], environment=only["environment"])


def coverage_of(case: Case, facts: Facts, site: Site | None = None) -> list[Coverage]:
    """Every safeguard the required tiers ask for, with the best sign-off in force where the model is served: one built for it before a shared one.

    `site` is where that is; None for the `usual_site`.
    """
    held = serving(case, facts)
    return covered_by(held, facts, site or usual_site(held))


def covered_by(held: Sequence[SignOff], facts: Facts, site: Site) -> list[Coverage]:
    """The same from sign-offs that are at hand."""
    return [
        _covered(axis, safeguard, [signoff for signoff in held if _counts(signoff, safeguard, site)])
        for axis, required in facts.required.items()
        for safeguard in facts.document.safeguards_for(axis, required.tier.slug)
    ]


def _counts(signoff: SignOff, safeguard: Safeguard, site: Site) -> bool:
    built = signoff.implementation
    if built.safeguard != safeguard.slug:
        return False
    return places.counts(placed_in=safeguard.placed_in, place=built.place, place_name=built.place_name, site=site)


def _covered(axis: str, safeguard: Safeguard, held: Sequence[SignOff]) -> Coverage:
    own = [signoff for signoff in held if signoff.implementation.place == Place.SUBJECT]
    best = next(iter([*own, *held]), None)
    return Coverage(axis, safeguard, best, is_exception=bool(own))


def coverage_digest(case: Case, lines: Sequence[Coverage], site: Site) -> str:
    """What the page shows: the weights, where they are served, every required safeguard, and the sign-off and version that would be named for it."""
    named = [
        [each.axis, each.safeguard.slug, *([str(each.signoff.pk), each.signoff.content_digest] if each.signoff else [])] for each in lines
    ]
    served = [site.stack, site.environment]
    return digest({"case": str(case.pk), "snapshot": str(case.snapshot_id or ""), "served": served, "lines": named})


@refusals_entered("reviews:applicability:refused", about="case")
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
    stack_digest: str = "",
    environment: str = "",
    seen_digest: str | None = None,
) -> ApplicabilityStatement:
    """Names, for every required safeguard on every axis, the sign-off that covers the case's snapshot where it is served; signed once.

    `stack` with `stack_digest`, and `environment`, say where that is: a sign-off of what is built into another one does not count.
    `seen_digest` is the `coverage_digest` of what the page showed; None where nothing was shown. Raises NotAllowed, NothingAtStake, TierUndefined,
    ScopesNotFit, SiteNotFit, SignOffsMissing, CoverageChanged and what `people.signing.sign` raises.
    """
    case = locked(case)
    speaker = actor_of(actor, at)
    require(policies.may_state_applicability(speaker, case))
    facts = collect_one(case.subject, case.framework_version, at)
    require(may_sign_about(speaker, facts.document, facts.required_slugs))
    site = Site(stack.strip(), stack_digest.strip(), environment.strip())
    lines = _complete(case, facts, scopes, site)
    if seen_digest is not None and seen_digest != coverage_digest(case, lines, site):
        raise CoverageChanged
    snapshot = case.snapshot
    if snapshot is None:
        raise NothingAtStake
    named = tuple(sorted(set(scopes)))
    told = {
        "tiers": facts.required_slugs,
        "scopes": list(named),
        "stack": site.stack,
        "stack_digest": site.stack_digest,
        "environment": site.environment,
        "rationale": rationale.strip(),
    }
    signed_off = [(each.safeguard.slug, str(each.signoff.pk), each.signoff.content_digest) for each in lines if each.signoff]
    content_digest = stated_digest(case=str(case.pk), snapshot=snapshot.weights_digest, told=told, lines=signed_off)
    statement = signing.applicability_statement(
        case=case, content_digest=content_digest, count=len(lines), scopes=named, site=site, actor=speaker
    )
    signature = sign(person=actor, user=user, statement=statement, confirmation=confirmation, at=at)
    case.statements.filter(replaced_at=None).update(replaced_at=at)
    signed = {"person": actor, "content_digest": content_digest, "signature": signature, "stated_at": at}
    stated = ApplicabilityStatement.objects.create(case=case, subject=case.subject, snapshot=snapshot, **told, **signed)
    ApplicabilityLine.objects.bulk_create(_line(stated, each) for each in lines)
    revision = align(case, facts, reason="The applicability of the sign-offs was stated", actor=actor, at=at)
    entries.applicability_stated(stated, at=at)
    if revision is not None:
        entries.case_revised(case, revision, actor=actor, at=at)
    return stated


def _line(statement: ApplicabilityStatement, covered: Coverage) -> ApplicabilityLine:
    return ApplicabilityLine(
        statement=statement,
        axis=covered.axis,
        safeguard=covered.safeguard.slug,
        signoff=covered.signoff,
        is_exception=covered.is_exception,
    )


def _complete(case: Case, facts: Facts, scopes: Sequence[str], site: Site) -> list[Coverage]:
    if case.snapshot is None:
        raise NothingAtStake
    if not scopes or set(scopes) - set(facts.document.scopes):
        raise ScopesNotFit
    if any(not required.tier.defined for required in facts.required.values()):
        raise TierUndefined
    _check_site(facts, site)
    lines = coverage_of(case, facts, site)
    missing = [each.safeguard for each in lines if each.signoff is None]
    if missing:
        titles = ", ".join(safeguard.title for safeguard in missing)
        raise SignOffsMissing(f"No sign-off in force for: {titles}.", safeguards=[safeguard.slug for safeguard in missing])
    return lines


def _check_site(facts: Facts, site: Site) -> None:
    """The places the required safeguards are built in are named, and a stack by the digest the serving side asks the gate with."""
    required = {
        safeguard.placed_in for axis, tier in facts.required_slugs.items() for safeguard in facts.document.safeguards_for(axis, tier)
    }
    for place in places.NAMED:
        if place in required and not site.name_of(place):
            raise SiteNotFit(f"Some of these safeguards are built into one {place}: name the {place} this model is served in.")
    if bool(site.stack) != bool(site.stack_digest) or (site.stack_digest and not places.DIGEST.fullmatch(site.stack_digest)):
        raise SiteNotFit("A serving stack is named with its digest, sha256: and 64 hexadecimal digits.")


def stated_digest(*, case: str, snapshot: str, told: Mapping[str, Any], lines: Iterable[tuple[str, str, str]]) -> str:
    """What a statement binds: the case, the weights by their digest, tiers, scopes, place and reason, and each safeguard with its sign-off and what that signed."""
    return digest({"case": case, "snapshot": snapshot, **told, "lines": sorted(list(line) for line in lines)})


def told_by(statement: ApplicabilityStatement) -> dict[str, Any]:
    """What a statement says besides its lines, as its digest takes it in."""
    said = ("tiers", "scopes", "stack", "stack_digest", "environment", "rationale")
    return {name: getattr(statement, name) for name in said}
