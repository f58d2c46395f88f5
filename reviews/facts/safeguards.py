"""Safeguards as they are built and signed off, as far as they count where a model is served."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from frameworks.engine.types import FrameworkDocument
from frameworks.models import FrameworkVersion
from reviews import past, places
from reviews.models import Case, SafeguardImplementation, SafeguardsDecision, SignOff
from reviews.places import Site

IN_FORCE, EARLIER_WORDING, EXPIRED, NONE = "in_force", "earlier_wording", "expired", "none"
# The best first.
_STATES = (IN_FORCE, EARLIER_WORDING, EXPIRED, NONE)


def stand_as_then(implementations: Iterable[SafeguardImplementation], at: datetime) -> list[SafeguardImplementation]:
    """Each implementation in the version it had by then, and not retired before it was."""
    several = past.as_it_stood(implementations, at)
    for each in several:
        each.retired_at = each.retired_at if each.retired_at is not None and each.retired_at <= at else None
    return several


@dataclass(frozen=True, slots=True)
class Built:
    """One implementation: what it is, where it stands, and how its best sign-off stands."""

    safeguard: str
    place: str
    place_name: str
    state: str


def built_for(ids: list[UUID], version: FrameworkVersion, at: datetime) -> dict[UUID | None, list[Built]]:
    """What serves every model (key None), and what was built for one of these."""
    held = SignOff.objects.filter(implementation=OuterRef("pk"))
    rows = (
        SafeguardImplementation.objects.filter(Q(subject=None) | Q(subject__in=ids), framework_name=version.name, registered_at__lte=at)
        .filter(Q(retired_at=None) | Q(retired_at__gt=at))
        .annotate(now=Exists(held.in_force(at, version)), still=Exists(held.standing(at)), ever=Exists(held.filter(given_at__lte=at)))
        .order_by()
        .values_list("subject_id", "safeguard", "place", "place_name", "now", "still", "ever")
    )
    found: dict[UUID | None, list[Built]] = defaultdict(list)
    for subject_id, safeguard, place, place_name, *signed in rows:
        found[subject_id].append(Built(safeguard, place, place_name, _state(*signed)))
    return found


def _state(now: bool, still: bool, ever: bool) -> str:
    """`still`: in force, were it not that the framework words the safeguard otherwise by now."""
    return IN_FORCE if now else EARLIER_WORDING if still else EXPIRED if ever else NONE


def built_then(ids: list[UUID], version: FrameworkVersion, at: datetime) -> dict[UUID | None, list[Built]]:
    """The same as of an earlier moment: each implementation in the version it had, which is what a sign-off was about."""
    rows = SafeguardImplementation.objects.filter(Q(subject=None) | Q(subject__in=ids), framework_name=version.name, registered_at__lte=at)
    standing = rows.filter(Q(retired_at=None) | Q(retired_at__gt=at)).order_by().prefetch_related("signoffs")
    found: dict[UUID | None, list[Built]] = defaultdict(list)
    for each in stand_as_then(standing, at):
        given = [signoff for signoff in each.signoffs.all() if signoff.given_at <= at]
        standing_then = [signoff for signoff in given if signoff.stands(at, each)]
        state = _state(any(signoff.is_worded_as(version) for signoff in standing_then), bool(standing_then), bool(given))
        found[each.subject_id].append(Built(each.safeguard, each.place, each.place_name, state))
    return found


def sites_of(document: FrameworkDocument, adequacy: Sequence[SafeguardsDecision], case: Case | None) -> dict[str, Site]:
    """Axis → where the model is served: as the decision in force on that axis read it, or as the open case has it stated."""
    stated: dict[str, Site] = {}
    if case is not None and case.stack is not None:  # type: ignore[attr-defined]
        site = Site(stack=case.stack, environment=case.environment)  # type: ignore[attr-defined]
        stated = {axis.slug: site for axis in document.axes}
    return stated | {each.axis: each.statement.site for each in adequacy if each.verdict == "adequate"}


def signed_where_served(built: Sequence[Built], document: FrameworkDocument, sites: Mapping[str, Site]) -> dict[str, str]:
    """Safeguard → state of the best that counts where the model is served; before that is stated, the best of wherever it is built."""
    states: dict[str, str] = {}
    defined = {safeguard.slug: safeguard for safeguard in document.safeguards}
    for each in built:
        safeguard = defined.get(each.safeguard)
        if safeguard is None or each.place != safeguard.placed_in:
            continue
        site = sites.get(safeguard.axis)
        if site is None or places.counts(placed_in=safeguard.placed_in, place=each.place, place_name=each.place_name, site=site):
            states[each.safeguard] = _best(states.get(each.safeguard, NONE), each.state)
    return states


def _best(one: str, other: str) -> str:
    return min(one, other, key=_STATES.index)
