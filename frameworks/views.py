"""The rules as pages: every framework version, and one of them whole."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from frameworks import policies, queries
from frameworks.changes import changes
from frameworks.engine import explain
from frameworks.engine.explain import RuleWords
from frameworks.engine.types import Artefact, FrameworkDocument, Indicator, Quorum, Safeguard, Threshold, Tier
from frameworks.models import FrameworkVersion
from people.doors import MemberRequest
from people.policies import require


@dataclass(frozen=True)
class ThresholdRow:
    threshold: Threshold
    domain: str
    tiers: tuple[Tier | None, ...]
    artefacts: tuple[Artefact, ...]
    rule: RuleWords


@dataclass(frozen=True)
class TierBlock:
    """One tier of one axis with its own safeguards."""

    tier: Tier
    axis: str
    safeguards: tuple[Safeguard, ...]


@dataclass(frozen=True)
class IndicatorRow:
    indicator: Indicator
    lines: str
    floor: tuple[str, ...]
    used_by: tuple[str, ...]


@dataclass(frozen=True)
class QuorumRow:
    policy: Quorum
    applies_to: str
    seats: str


@require_safe
def framework_list(request: MemberRequest) -> HttpResponse:
    _require_reader(request)
    versions = list(queries.listed())
    in_force = sum(version.status == "adopted" for version in versions)
    return render(request, "frameworks/list.html", {"versions": versions, "in_force": in_force})


@require_safe
def framework_detail(request: MemberRequest, name: str, version: str) -> HttpResponse:
    _require_reader(request)
    found = queries.the_version(name, version, _revision(request))
    document = found.document
    context = {
        "version": found,
        "document": document,
        "crumbs": [("Frameworks", reverse("frameworks:list"))],
        "thresholds": _thresholds(document),
        "tier_blocks": _tier_blocks(document),
        "indicators": _indicators(document),
        "quorum": _quorum(document),
        "scopes": _scopes(document),
        "facts": _facts(found, document),
    }
    return render(request, "frameworks/detail.html", context)


@require_safe
def framework_source(request: MemberRequest, name: str, version: str) -> HttpResponse:
    """The document as it was loaded, byte for byte."""
    _require_reader(request)
    found = queries.the_version(name, version, _revision(request))
    answer = HttpResponse(found.source, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{found.name}-{found.version}-r{found.revision}.yaml"'
    return answer


@require_safe
def framework_changes(request: MemberRequest, name: str, version: str) -> HttpResponse:
    """What this version says otherwise than another: the one named by `against` (an id), else the one it took over from or would."""
    _require_reader(request)
    found = queries.the_version(name, version, _revision(request))
    others = [each for each in queries.listed().filter(name=name) if each.pk != found.pk]
    other = queries.compared_with(found, others, request.GET.get("against", ""))
    context = {
        "version": found,
        "other": other,
        "others": others,
        "changes": changes(other.document, found.document) if other is not None else (),
        "crumbs": [
            ("Frameworks", reverse("frameworks:list")),
            (str(found), f"{reverse('frameworks:detail', args=(name, version))}?revision={found.revision}"),
        ],
    }
    return render(request, "frameworks/changes.html", context)


def _require_reader(request: MemberRequest) -> None:
    require(policies.may_read(request.actor))


def _revision(request: MemberRequest) -> int | None:
    asked = request.GET.get("revision", "")
    return int(asked) if asked.isdecimal() and len(asked) < 6 else None


def _facts(version: FrameworkVersion, document: FrameworkDocument) -> list[tuple[str, object]]:
    return [
        ("Publisher", document.publisher),
        ("Effective", document.effective_date),
        ("Predecessor as published", document.predecessor),
        ("Revision here", version.revision),
        ("Inconclusive evidence", "elevates: what is not shown to be below a threshold is not below it"),
        ("A release decision holds", f"{document.release_validity_days} days"),
        ("A determination holds", f"{document.determination_validity_days} days"),
    ]


def _thresholds(document: FrameworkDocument) -> list[ThresholdRow]:
    domains = {each.slug: each.title for each in document.domains}
    return [
        ThresholdRow(
            threshold=each,
            domain=domains[each.domain],
            tiers=tuple(
                document.tier(axis.slug, each.requires[axis.slug]) if axis.slug in each.requires else None for axis in document.axes
            ),
            artefacts=each.artefacts,
            rule=explain.rule_outline(each.rule, document),
        )
        for each in document.thresholds
    ]


def _tier_blocks(document: FrameworkDocument) -> list[TierBlock]:
    titles = {each.slug: each.title for each in document.axes}
    return [
        TierBlock(
            tier=tier,
            axis=titles[tier.axis],
            safeguards=tuple(each for each in document.safeguards if (each.axis, each.tier) == (tier.axis, tier.slug)),
        )
        for tier in sorted(document.tiers, key=lambda tier: tier.ordinal)
    ]


def _indicators(document: FrameworkDocument) -> list[IndicatorRow]:
    users: dict[str, list[str]] = {}
    for threshold in document.thresholds:
        for slug in _named(explain.rule_outline(threshold.rule, document)):
            users.setdefault(slug, []).append(threshold.title)
    return [
        IndicatorRow(
            indicator=each,
            lines=explain.lines_in_words(each),
            floor=tuple(explain.condition(clause) for clause in each.floor),
            used_by=tuple(users.get(each.slug, ())),
        )
        for each in document.indicators
    ]


def _named(outline: RuleWords) -> list[str]:
    own = [outline.target] if outline.kind in ("indicator", "band") else []
    return [*own, *(slug for child in outline.children for slug in _named(child))]


def _quorum(document: FrameworkDocument) -> list[QuorumRow]:
    labels: Mapping[str, str] = {tier.slug: tier.label for tier in document.tiers}
    axes = {axis.slug: f"{axis.title} axis" for axis in document.axes}
    return [
        QuorumRow(
            policy=each,
            applies_to=", ".join(filter(None, (labels.get(each.tier, ""), axes.get(each.axis, "")))) or "Everywhere else",
            seats=", ".join(f"{seat.at_least} {(seat.role or seat.competence).replace('_', ' ')}" for seat in each.seats),
        )
        for each in document.quorum
    ]


def _scopes(document: FrameworkDocument) -> list[tuple[str, str]]:
    titles = {axis.slug: axis.title for axis in document.axes}
    return [(scope.replace("_", " ").capitalize(), ", ".join(titles[axis] for axis in axes)) for scope, axes in document.scopes.items()]
