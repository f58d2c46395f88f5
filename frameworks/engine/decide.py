"""decide(framework, evidence) gives an assessment: three canonical documents, and the same bytes on every machine, every time."""

from collections.abc import Callable

from frameworks.engine import explain, reading
from frameworks.engine.leaves import judged_measurements
from frameworks.engine.rules import Findings
from frameworks.engine.types import (
    Code,
    Decision,
    Evidence,
    Finding,
    FrameworkDocument,
    Interval,
    Judged,
    LeafDetail,
    Line,
    Node,
    Reason,
    Requirement,
)
from ledger.canonical import Json, canonical, digest

ENGINE_VERSION = "4"
ASSESSMENT_FORMAT = "asl-assessment/2"


def decide(framework_bytes: bytes, evidence_bytes: bytes) -> bytes:
    """The assessment of some evidence under a framework, as canonical bytes. Raises `reading.NotReadable`."""
    return canonical(document(decide_values(reading.framework(framework_bytes), reading.evidence(evidence_bytes))))


def decide_values(framework: FrameworkDocument, evidence: Evidence) -> Decision:
    """The same on values. Raises `reading.NotReadable` where the evidence was collected for another framework."""
    if evidence.framework_digest != framework.digest:
        raise reading.NotReadable("The evidence was collected for another framework document.")
    findings = Findings(framework, evidence)
    found = tuple(findings.of(threshold.slug) for threshold in framework.thresholds)
    judged = tuple(
        each
        for indicator in framework.indicators
        for each in findings.judged.get(indicator.slug) or judged_measurements(indicator, framework, evidence)
    )
    return Decision(
        framework=framework,
        evidence=evidence,
        findings=found,
        requirements=tuple(_requirement(axis.slug, found, framework, evidence) for axis in framework.axes),
        judged=judged,
        valid_until=min((each.tree.changes_at for each in found if each.tree.changes_at is not None), default=None),
    )


def _requirement(axis: str, found: tuple[Finding, ...], framework: FrameworkDocument, evidence: Evidence) -> Requirement:
    """The highest of the baseline, what the findings require, and what the parents' requirements in force ask of a child."""
    because: list[dict[str, Json]] = [
        {"kind": "finding", "threshold": each.threshold.slug, "tier": each.threshold.requires[axis], "outcome": str(each.outcome)}
        for each in found
        if each.outcome.raises and axis in each.threshold.requires
    ]
    because += [
        {"kind": "lineage", "relation": each.kind, "parent": each.parent, "tier": each.requirement[axis]}
        for each in evidence.lineage
        if axis in each.requirement
    ]
    return Requirement(axis=axis, tier=framework.highest(axis, {str(each["tier"]) for each in because}), because=tuple(because))


def document(decision: Decision) -> dict[str, Json]:
    """A decision as the assessment document `frameworks.engine.types` describes."""
    framework, evidence = decision.framework, decision.evidence
    labels = {each.id: each.label for each in evidence.snapshots}
    trees = _trees(decision, labels)
    return {
        "format": ASSESSMENT_FORMAT,
        "engine_version": ENGINE_VERSION,
        "subject": evidence.subject,
        "framework": {
            "name": framework.name,
            "version": framework.version,
            "revision": framework.revision,
            "digest": framework.digest,
        },
        "evidence_digest": evidence.digest,
        "as_of": explain.time_text(evidence.as_of),
        "ledger_size": evidence.ledger_size,
        "complete": decision.complete,
        "valid_until": None if decision.valid_until is None else explain.time_text(decision.valid_until),
        "required": {each.axis: _required(each, framework) for each in decision.requirements},
        "artefacts": [
            {"threshold": each.threshold.slug, "artefact": artefact.slug}
            for each in decision.findings
            if each.outcome.raises
            for artefact in each.threshold.artefacts
        ],
        "thresholds": [_threshold(each, evidence, *trees[each.threshold.slug]) for each in decision.findings],
        "measurements": _measurements(decision),
    }


def _required(requirement: Requirement, framework: FrameworkDocument) -> dict[str, Json]:
    tier = requirement.tier
    return {
        "tier": tier.slug,
        "label": tier.label,
        "ordinal": tier.ordinal,
        "defined": tier.defined,
        "baseline": framework.baseline[requirement.axis],
        "because": list(requirement.because),
    }


def _trees(decision: Decision, labels: dict[str, str]) -> dict[str, tuple[dict[str, Json], str]]:
    """Each threshold's tree with its finding's digest. One that refers to another carries that one's digest, so it is written after it."""
    written: dict[str, tuple[dict[str, Json], str]] = {}
    findings = {each.threshold.slug: each for each in decision.findings}

    def write(slug: str) -> str:
        if slug not in written:
            finding = findings[slug]
            tree = _node(finding.tree, labels, write)
            content: Json = {"slug": slug, "rule": finding.threshold.rule_document, "tree": tree, "outcome": str(finding.outcome)}
            written[slug] = tree, digest(content)
        return written[slug][1]

    for slug in findings:
        write(slug)
    return written


def _threshold(finding: Finding, evidence: Evidence, tree: dict[str, Json], finding_digest: str) -> dict[str, Json]:
    threshold, changes_at = finding.threshold, finding.tree.changes_at
    return {
        "slug": threshold.slug,
        "kind": threshold.kind,
        "title": threshold.title,
        "outcome": str(finding.outcome),
        "finding_digest": finding_digest,
        "valid_until": None if changes_at is None else explain.time_text(changes_at),
        "required_snapshots": [each.id for each in evidence.snapshots if each.is_cell_of(threshold.slug)],
        "requires": dict(threshold.requires),
        "sentence": finding.tree.sentence,
        "reasons": [_reason(each) for each in _blocking(finding.tree)],
        "tree": tree,
    }


def _blocking(node: Node) -> list[Reason]:
    """The reasons at the bottom of the tree that keep a threshold from being ruled out; each once."""
    if not node.counts:
        return []
    found = [each for each in node.reasons if each.blocks and each.code is not Code.CHILD_DECIDES]
    found += [reason for child in node.children for reason in _blocking(child)]
    return list({(each.code, each.sentence): each for each in found}.values())


def _node(node: Node, labels: dict[str, str], refer: Callable[[str], str]) -> dict[str, Json]:
    written: dict[str, Json] = {
        "kind": node.kind,
        "outcome": str(node.outcome),
        "counts": node.counts,
        "sentence": node.sentence,
        "reasons": [_reason(each) for each in node.reasons],
        "children": [_node(child, labels, refer) for child in node.children],
        **node.extra,
    }
    if node.kind == "threshold":
        written["finding_digest"] = refer(str(node.extra["threshold"]))
    return written if node.leaf is None else {**written, **_leaf(node.leaf, labels)}


def _leaf(detail: LeafDetail, labels: dict[str, str]) -> dict[str, Json]:
    indicator, deciding = detail.indicator, detail.deciding
    return {
        "indicator": indicator.slug,
        "title": indicator.title,
        "indicator_digest": indicator.digest,
        "metric": indicator.kind,
        "direction": "higher" if indicator.higher_is_riskier else "lower",
        "unit": indicator.unit,
        "line": _line(indicator.rule_out),
        "rule_in": _line(indicator.rule_in),
        "margin": explain.number(indicator.safety_margin),
        "margin_scale": indicator.margin_scale,
        "missing": detail.missing,
        "stale": detail.stale,
        "qualifying": [each.measurement.id for each in detail.judged if each.qualifies],
        "deciding": None if deciding is None else deciding.measurement.id,
        "bound": None if deciding is None else _bound(deciding),
        "comparison": None if deciding is None else deciding.comparison,
        "measurements": [_judged(each, labels) for each in detail.judged],
    }


def _judged(judged: Judged, labels: dict[str, str]) -> dict[str, Json]:
    measurement, interval = judged.measurement, judged.interval
    return {
        "id": measurement.id,
        "snapshot": measurement.snapshot,
        "snapshot_label": labels.get(measurement.snapshot or ""),
        "place": {"upload": measurement.place.upload, "where": measurement.place.where},
        "value": None if measurement.value is None else explain.number(measurement.value),
        "n": measurement.n,
        "low": _side(interval, "low"),
        "high": _side(interval, "high"),
        "level": None if interval is None or interval.point_only else str(interval.level),
        "method": None if interval is None else interval.method,
        "point_only": interval is not None and interval.point_only,
        "bound": _bound(judged),
        "comparison": judged.comparison,
        "outcome": None if judged.outcome is None else str(judged.outcome),
        "qualifies": judged.qualifies,
        "power": judged.power,
        "indicator_digests": list(judged.judged_under),
        "stale_at": None if judged.stale_at is None else explain.time_text(judged.stale_at),
        "reasons": [_reason(each) for each in judged.reasons],
    }


def _measurements(decision: Decision) -> list[Json]:
    """Every measurement of the evidence, those of indicators this framework does not know too."""
    judged: dict[str, Json] = {
        each.measurement.id: {
            "id": each.measurement.id,
            "indicator": each.measurement.indicator,
            "qualifies": each.qualifies,
            "power": each.power,
            "outcome": None if each.outcome is None else str(each.outcome),
            "reasons": [_reason(reason) for reason in each.reasons],
        }
        for each in decision.judged
    }
    unknown = Reason(Code.INDICATOR_UNKNOWN, "This framework has no such indicator.")
    for each in decision.evidence.measurements:
        judged.setdefault(
            each.id,
            {
                "id": each.id,
                "indicator": each.indicator,
                "qualifies": False,
                "power": "none",
                "outcome": None,
                "reasons": [_reason(unknown)],
            },
        )
    return [judged[each.id] for each in decision.evidence.measurements]


def _reason(reason: Reason) -> dict[str, Json]:
    return {"code": str(reason.code), "sentence": reason.sentence, "blocks": reason.blocks, "data": dict(reason.data)}


def _line(line: Line | None) -> dict[str, Json] | None:
    return None if line is None else {"at": explain.number(line.at), "inclusive": line.inclusive}


def _side(interval: Interval | None, side: str) -> str | None:
    if interval is None or interval.point_only:
        return None
    bound = interval.low if side == "low" else interval.high
    return "unbounded" if bound is None else explain.number(bound)


def _bound(judged: Judged) -> str | None:
    if judged.interval is None:
        return None
    return "unbounded" if judged.bound is None else explain.number(judged.bound)
