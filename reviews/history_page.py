"""How the requirement of a model moved: the tier required against the tier in force, with the cases and decisions that moved it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.safestring import SafeString, mark_safe

from evaluations.models import Assessment, StandingRequirement, Subject
from frameworks.charts import Event, Step, Track, tier_timeline
from frameworks.engine.types import FrameworkDocument, Outcome
from frameworks.models import FrameworkVersion
from reviews.models import Case, SafeguardsDecision

SHOWN = 200
_BYTES = ("framework_version__source_bytes", "framework_version__canonical_bytes")


@dataclass(frozen=True)
class Moved:
    """One assessment that said something else than the one before it: threshold title, before, after.

    `under` names the framework version it was made under; `version_before` and `engine_before` name those of the assessment before it where they were
    others, so that a flip tells whether the evidence moved or what it was read by.
    """

    at: datetime
    assessment: Assessment
    moves: Sequence[tuple[str, str, str]]
    under: str
    version_before: str = ""
    engine_before: str = ""


@dataclass(frozen=True)
class History:
    chart: SafeString | None
    narrow: SafeString | None
    moved: Sequence[Moved]


def history(subject: Subject, version: FrameworkVersion, at: datetime) -> History:
    """Everything recorded by `at`, in four queries; the latest moves first."""
    document = version.document
    known = Assessment.objects.filter(subject=subject, framework_name=version.name, made_at__lte=at, seq__isnull=False)
    # One more than is shown, to tell what the first of them moved.
    made = list(reversed(known.select_related("framework_version").defer(*_BYTES).order_by("-seq")[: SHOWN + 1]))
    standing = list(
        StandingRequirement.objects.filter(subject=subject, framework_name=version.name, recorded_at__lte=at).order_by("seq", "id")
    )
    decided = list(
        SafeguardsDecision.objects.filter(subject=subject, framework_name=version.name, decided_at__lte=at).order_by("decided_at", "id")
    )
    cases = list(Case.objects.filter(subject=subject, framework_name=version.name, opened_at__lte=at).order_by("number"))
    wide, narrow = (_chart(document, standing, decided, cases, at, narrow=phone) for phone in (False, True))
    return History(wide, narrow, list(reversed(list(_moves(made, document)))))


def _moves(made: Sequence[Assessment], document: FrameworkDocument) -> Iterable[Moved]:
    shown = made[1:] if len(made) > SHOWN else made
    befores: Sequence[Assessment | None] = made[:-1] if len(made) > SHOWN else [None, *made][: len(made)]
    for before, assessment in zip(befores, shown, strict=True):
        said = before.summary if before else {}
        moves = [
            (document.threshold_title(slug), said.get(slug, Outcome.NOT_ASSESSED), outcome)
            for slug, outcome in assessment.summary.items()
            if said.get(slug, Outcome.NOT_ASSESSED) != outcome
        ]
        if moves:
            yield _moved(before, assessment, moves)


def _moved(before: Assessment | None, assessment: Assessment, moves: Sequence[tuple[str, str, str]]) -> Moved:
    other_version = before is not None and before.framework_version_id != assessment.framework_version_id
    other_engine = before is not None and before.engine_version != assessment.engine_version
    return Moved(
        assessment.made_at,
        assessment,
        moves,
        under=str(assessment.framework_version),
        version_before=str(before.framework_version) if before is not None and other_version else "",
        engine_before=before.engine_version if before is not None and other_engine else "",
    )


def _chart(
    document: FrameworkDocument,
    standing: Sequence[StandingRequirement],
    decided: Sequence[SafeguardsDecision],
    cases: Sequence[Case],
    at: datetime,
    *,
    narrow: bool,
) -> SafeString | None:
    if not standing:
        return None
    start = min(row.recorded_at for row in standing) - timedelta(days=1)
    tracks = []
    for axis in document.axes:
        tiers = sorted((tier for tier in document.tiers if tier.axis == axis.slug), key=lambda tier: tier.ordinal)
        place = {tier.slug: index for index, tier in enumerate(tiers)}
        required = [Step(row.recorded_at, place[row.tier]) for row in standing if row.axis == axis.slug and row.tier in place]
        in_force = [
            Step(row.decided_at, place[row.tier])
            for row in decided
            if row.axis == axis.slug and row.tier in place and row.verdict == "adequate"
        ]
        tracks.append(Track(axis.title, tuple(tier.label for tier in tiers), tuple(required), tuple(in_force)))
    events = [Event(case.opened_at, f"case {case.number}") for case in cases]
    svg = tier_timeline(
        tracks,
        events,
        start=start,
        end=at,
        title="Tier required and tier in force over time",
        desc="Steps of the required tier, dashed where a decision put safeguards in force, with the cases as marks.",
        narrow=narrow,
    )
    # Everything people wrote was escaped by the chart itself.
    return mark_safe(svg)  # noqa: S308
