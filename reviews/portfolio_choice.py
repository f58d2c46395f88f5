"""Which models a list shows, in which order, and how many there are of each sort: asked of stored rows, in SQL.

A page works out anew what it says of the models it shows, and it shows fifty. Which fifty of a thousand is decided here by what was entered when things moved:
the latest assessment, the requirement in force, the open case, the gate's state as last recomputed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Case as Choice
from django.db.models import CharField, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from evaluations.models import Assessment, StandingRequirement, Subject
from frameworks.engine.types import Outcome
from frameworks.models import FrameworkVersion
from reviews.models import Case, Question, ScopeState
from reviews.models.gate_answer import GateState
from reviews.models.question import QuestionState

ASSESSED = [str(outcome) for outcome in Outcome if outcome is not Outcome.NOT_ASSESSED]


@dataclass(frozen=True)
class Counts:
    """How many models there are of each sort."""

    models: int
    open_cases: int
    provisional: int
    incomplete: int
    shut: int


def choose(subjects: QuerySet[Subject], version: FrameworkVersion, *, query: str = "", show: str = "", sort: str = "") -> QuerySet[Subject]:
    """The models that fit, in order; an order that makes no sense is that of their names in addresses."""
    told = _told(subjects, version)
    if query:
        told = told.filter(Q(slug__icontains=query) | Q(name__icontains=query))
    fits: Mapping[str, Q] = {
        "raised": _raised(version),
        "incomplete": Q(complete=False),
        "case": Q(has_case=True),
        "open": Q(has_open_gate=True),
    }
    if show in fits:
        told = told.filter(fits[show])
    return told.order_by(*_order(version, sort), "slug")


def count(subjects: QuerySet[Subject], version: FrameworkVersion) -> Counts:
    """All of them, in one statement."""
    found = _told(subjects, version).aggregate(
        models=Count("pk"),
        open_cases=Count("pk", filter=Q(has_case=True)),
        provisional=Count("pk", filter=Q(is_provisional=True)),
        incomplete=Count("pk", filter=Q(complete=False)),
        shut=Count("pk", filter=Q(has_open_gate=False)),
    )
    return Counts(**found)


def _told(subjects: QuerySet[Subject], version: FrameworkVersion) -> QuerySet[Subject]:
    about = {"subject": OuterRef("pk"), "framework_name": version.name}
    gating = [threshold.slug for threshold in version.document.thresholds if threshold.kind == "threshold"]
    made = Assessment.objects.filter(**about, seq__isnull=False, superseded_by=None)
    assessed = made.filter(**{f"summary__{slug}__in": ASSESSED for slug in gating})
    raised = Question.objects.filter(case__subject=OuterRef("pk"), case__framework_name=version.name, case__closed_at=None)
    # Aliases: what neither filters nor orders is not worked out at all.
    return subjects.alias(
        complete=Exists(assessed),
        assessed_at=Subquery(made.order_by("-seq").values("as_of")[:1]),
        has_case=Exists(Case.objects.filter(**about, closed_at=None)),
        is_provisional=Exists(raised.filter(state=QuestionState.OPEN).exclude(raised={})),
        has_open_gate=Exists(ScopeState.objects.filter(**about, state=GateState.OPEN)),
        **{_tier(axis.slug): _required(version, axis.slug) for axis in version.document.axes},
    )


def _tier(axis: str) -> str:
    return f"tier_{axis.replace('-', '_')}"


def _required(version: FrameworkVersion, axis: str) -> Coalesce:
    """The requirement in force as entered last; before the board's rooms have entered one, as computed; before that, the baseline."""
    about = {"subject": OuterRef("pk"), "framework_name": version.name}
    entered = StandingRequirement.objects.filter(**about, axis=axis).order_by("-seq").values("tier")[:1]
    computed = Assessment.objects.filter(**about, seq__isnull=False).order_by("-seq").values(tier=KeyTextTransform(axis, "requirement"))[:1]
    return Coalesce(
        Subquery(entered, CharField()), Subquery(computed, CharField()), Value(version.document.baseline[axis]), output_field=CharField()
    )


def _raised(version: FrameworkVersion) -> Q:
    above = Q(pk__in=[])
    for axis in version.document.axes:
        above |= ~Q(**{_tier(axis.slug): version.document.baseline[axis.slug]})
    return above


def _order(version: FrameworkVersion, sort: str) -> list[OrderBy]:
    keys: list[F | Choice]
    down = sort.startswith("-")
    match sort.removeprefix("-"):
        case "subject":
            keys = [F("slug")]
        case "assessed":
            keys = [F("assessed_at")]
        case "required":
            keys = [_ordinal(version, axis.slug) for axis in version.document.axes]
        case _:
            keys = []
    # Never assessed is the longest ago.
    return [key.desc(nulls_last=True) if down else key.asc(nulls_first=True) for key in keys]


def _ordinal(version: FrameworkVersion, axis: str) -> Choice:
    tiers = [tier for tier in version.document.tiers if tier.axis == axis]
    unknown = Value(max(tier.ordinal for tier in tiers) + 1)
    return Choice(
        *(When(**{_tier(axis): tier.slug}, then=Value(tier.ordinal)) for tier in tiers), default=unknown, output_field=IntegerField()
    )
