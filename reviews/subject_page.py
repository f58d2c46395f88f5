"""Everything a model's page says, as values: the verdict in one sentence first, then the reasons, then what surrounds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from evaluations.models import Snapshot, Subject, Upload, UploadState
from frameworks.engine.types import FrameworkDocument, Outcome
from frameworks.finding_tree import marked
from frameworks.finding_words import deciding_sentence, finding_sentence
from frameworks.models import FrameworkVersion
from reviews import past
from reviews.finding_charts import FindingChart, FindingCharts, days_of
from reviews.history_page import History, history
from reviews.models import Case
from reviews.queries import DeploymentShown, deployments_of
from reviews.rules import Cause
from reviews.standing import shown
from reviews.status import AxisStatus, DomainStatus, SubjectStatus, ThresholdStatus, read_status

TONE = {Outcome.RULED_OUT: "calm", Outcome.NOT_ASSESSED: "absent", Outcome.CANNOT_RULE_OUT: "caution", Outcome.RULED_IN: "danger"}


@dataclass(frozen=True)
class ThresholdPart:
    status: ThresholdStatus
    sentence: str
    chart: FindingChart | None
    requirement: str
    tree: Mapping[str, Any] | None


@dataclass(frozen=True)
class DomainPart:
    status: DomainStatus
    thresholds: Sequence[ThresholdPart]


@dataclass(frozen=True)
class Verdict:
    """`say` is the sentence, `why` its reason, `tone` how it is drawn."""

    say: str
    why: str
    tone: str


@dataclass(frozen=True)
class Surroundings:
    """What stands around the verdict: each domain, what is in service, how the requirement moved, cases, weights and the latest files."""

    domains: Sequence[DomainPart]
    deployments: Sequence[DeploymentShown]
    history: History
    cases: Sequence[Case]
    snapshots: Sequence[Snapshot]
    uploads: Sequence[Upload]

    @property
    def unauthorised(self) -> list[DeploymentShown]:
        return [each for each in self.deployments if each.state == "unauthorised"]


def status_and_surroundings(
    subject: Subject, version: FrameworkVersion, at: datetime, *, back: bool = False
) -> tuple[SubjectStatus, Surroundings]:
    """What the page says first and what stands around it, read under one look at whether anything moved. `back`: `at` is earlier than now."""
    status, around = shown(("model", back, subject.pk, version.pk), at=at, read=lambda: _read(subject, version, at, back=back))
    return replace(status, at=at), around


def _read(subject: Subject, version: FrameworkVersion, at: datetime, *, back: bool) -> tuple[SubjectStatus, Surroundings]:
    status = read_status(subject, version, at, back=back)
    return status, surroundings(status, at, back=back)


def surroundings(status: SubjectStatus, at: datetime, *, back: bool = False) -> Surroundings:
    """What was known by then, in ten queries; looking back takes a few more."""
    subject, version = status.subject, status.version
    weights = Snapshot.objects.filter(subject=subject, registered_at__lte=at)
    files = Upload.objects.filter(subject=subject, received_at__lte=at).select_related("uploader")
    found = Surroundings(
        domains=domain_parts(status),
        deployments=[each for each in deployments_of(subject, version.name, at if back else None) if each.state != "ended"],
        history=history(subject, version, at),
        cases=list(Case.objects.filter(subject=subject, opened_at__lte=at).order_by("-number")[:20]),
        snapshots=list(weights.select_related("registered_by", "confirmed_by")),
        uploads=list(files.order_by("-received_at", "id")[:10]),
    )
    return _as_it_stood(found, at) if back else found


def _as_it_stood(found: Surroundings, at: datetime) -> Surroundings:
    states = past.upload_states([each.pk for each in found.uploads], at)
    for upload in found.uploads:
        upload.state = states.get(upload.pk, UploadState.RECEIVED)
    return replace(found, cases=past.cases_as_they_stood(found.cases, at), snapshots=past.weights_as_they_stood(found.snapshots, at))


def tier_items(axes: Sequence[AxisStatus]) -> list[dict[str, Any]]:
    """The axes as `{% tiers %}` draws them: required, and what is in force where that is lower."""
    return [
        {
            "axis": axis.title,
            "letter": axis.letter,
            "label": axis.required.label,
            "provisional": axis.provisional,
            "defined": axis.required.defined,
            "in_force": "" if axis.met else (axis.in_force.label if axis.in_force else "none"),
        }
        for axis in axes
    ]


def verdict(status: SubjectStatus) -> Verdict:
    """What this model requires, in a sentence, and what makes it so."""
    if status.assessment is None:
        return Verdict(
            "Not assessed.", "No evaluation of this model has been assessed, so nothing is shown to be below any threshold.", "absent"
        )
    gating = [each for each in status.thresholds if each.kind == "threshold"]
    worst = max((Outcome(each.outcome) for each in gating), key=lambda outcome: outcome.rank)
    lead = "Requires" if status.complete else "Requires at least"
    return Verdict(f"{lead} {_required_words(status.axes)}.", _because(status), TONE[worst])


def _required_words(axes: Sequence[AxisStatus]) -> str:
    labels = {axis.required.label for axis in axes}
    if len(labels) == 1:
        return f"{labels.pop()} on both axes" if len(axes) == 2 else labels.pop()
    return " and ".join(f"{axis.required.label} {axis.title.lower()}" for axis in axes)


def _because(status: SubjectStatus) -> str:
    causes = {cause for axis in status.axes for cause in axis.because if cause.threshold}
    lines = [_cause_words(cause, status) for cause in sorted(causes, key=lambda cause: (cause.threshold, cause.kind))]
    missing = [each.title for each in status.thresholds if each.kind == "threshold" and each.outcome == Outcome.NOT_ASSESSED]
    if missing:
        lines.append(f"Not assessed: {', '.join(missing)}.")
    if not lines and not missing:
        lines.append(
            "Every capability threshold is ruled out by the evidence." if _all_ruled_out(status) else "The board answered each finding."
        )
    watched = [each.title for each in status.thresholds if each.kind != "threshold" and each.outcome == Outcome.NOT_ASSESSED]
    if watched:
        lines.append(f"Not assessed, and requiring no tier by itself: {', '.join(watched)}.")
    return " ".join(lines)


def _all_ruled_out(status: SubjectStatus) -> bool:
    return all(each.outcome == Outcome.RULED_OUT for each in status.thresholds if each.kind == "threshold")


def _cause_words(cause: Cause, status: SubjectStatus) -> str:
    threshold = status.threshold(cause.threshold)
    title = threshold.title if threshold else cause.threshold
    if cause.kind == "determination" and threshold and threshold.determination:
        return f"{title} is {threshold.determination.get_verdict_display().lower()} by the board's decision."
    if cause.kind == "finding" and threshold and threshold.finding:
        return f"{title}: {deciding_sentence(threshold.finding, status.version.document)}"
    if cause.kind == "earlier":
        return "The baseline of an earlier version holds until the board lets go of it."
    if cause.kind == "determination":
        return f"{title} was decided under an earlier version and holds until the board lets go of it."
    if cause.kind == "raised":
        return f"{title} is held up by an open question of the board."
    return f"{title} ({cause.kind})."


def domain_parts(status: SubjectStatus) -> list[DomainPart]:
    """Each domain with its thresholds, in one query for where their measurements come from."""
    findings = status.facts.findings
    charts = FindingCharts(status.version.document, findings, days_of(findings))
    return [
        DomainPart(domain, [_threshold_part(each, charts) for each in domain.thresholds]) for domain in status.domains if domain.thresholds
    ]


def _threshold_part(status: ThresholdStatus, charts: FindingCharts) -> ThresholdPart:
    finding, document = status.finding, charts.document
    return ThresholdPart(
        status,
        finding_sentence(finding, document) if finding else "No assessment speaks of this threshold yet.",
        charts.of(status.slug),
        _requires(status, document),
        marked(finding, document) if finding else None,
    )


def _requires(threshold: ThresholdStatus, document: FrameworkDocument) -> str:
    requires = document.threshold(threshold.slug).requires
    return " · ".join(
        f"{axis.title} {document.tier(axis.slug, requires[axis.slug]).label}" for axis in document.axes if axis.slug in requires
    )
