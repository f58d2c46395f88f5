"""Small framework and evidence documents for the engine's tests. Everything qualifies unless a test says otherwise."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from frameworks import documents
from frameworks.engine import reading
from frameworks.engine.decide import decide
from frameworks.engine.types import FrameworkDocument
from ledger.canonical import canonical, digest, parse

CATALOG = Path(__file__).parents[2] / "frameworks" / "catalog" / "anthropic-rsp-2.2.yaml"
AS_OF = datetime(2026, 5, 22, 9, tzinfo=UTC)
MEASURED = datetime(2026, 5, 1, 9, tzinfo=UTC)
RECEIVED = datetime(2026, 5, 2, 9, tzinfo=UTC)
SNAPSHOT = "snapshot-1"


def make_indicator(slug: str = "hard", **changes: Any) -> dict[str, Any]:
    """A proportion whose upper bound must lie below 0.10."""
    item = {
        "slug": slug,
        "title": f"Tasks {slug}",
        "domain": "autonomy",
        "kind": "proportion",
        "riskier": "higher",
        "status": "active",
        "rule_out": {"at": "0.1", "rules_out": "below", "inclusive": "false"},
        "minimum_n": "20",
        "elicitation_floor": [{"fact": "safeguards_on", "one_of": ["false"]}],
        "safety_margin": "0",
        "maximum_age_days": "183",
        "aggregation": "Share solved.",
        "source": "Tests",
    } | changes
    return {name: value for name, value in item.items() if value is not None}


def make_framework(rule: Mapping[str, Any] | None = None, *indicators: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """One threshold, `risk`, requiring ASL-3 on both axes under this rule."""
    return {
        "format": "asl-framework/1",
        "name": "tests",
        "version": "1",
        "revision": "1",
        "title": "Tests",
        "publisher": "Tests",
        "source": "Tests",
        "effective_date": "2026-01-01",
        "axes": [{"slug": "deployment", "title": "Deployment", "letter": "D"}, {"slug": "security", "title": "Security", "letter": "S"}],
        "tiers": [_tier(axis, level) for axis in ("deployment", "security") for level in (2, 3, 4)],
        "baseline": {"deployment": "asl-2", "security": "asl-2"},
        "domains": [{"slug": "autonomy", "title": "Autonomy"}],
        "thresholds": [make_threshold("risk", rule or {"indicator": "hard"})],
        "safeguards": [_safeguard(axis, level) for axis in ("deployment", "security") for level in (2, 3)],
        "indicators": list(indicators) or [make_indicator()],
        "clocks": [{"slug": "compute-4x", "title": "Fourfold", "effect": "stale", "factor": "4", "source": "Tests"}],
        "roles": [],
        "quorum": [
            {"question": question, "approvals": "2", "chair_votes": "false", "statement": "Two approve."}
            for question in ("threshold", "safeguards", "release", "clearance", "lowering", "adoption")
        ],
        "inconclusive": "elevates",
        "scopes": {"external": ["deployment", "security"]},
        "validity": {"release_days": "90", "determination_days": "183"},
        "glossary": {},
    } | changes


def make_threshold(slug: str, rule: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "slug": slug,
        "title": slug.upper(),
        "domain": "autonomy",
        "kind": "threshold",
        "meaning": "What is feared.",
        "requires": {"deployment": "asl-3", "security": "asl-3"},
        "rule": rule,
        "rule_is_operationalised": "true",
        "source": "Tests",
    } | changes


def _tier(axis: str, level: int) -> dict[str, Any]:
    return {
        "slug": f"asl-{level}",
        "axis": axis,
        "ordinal": str(level),
        "label": f"ASL-{level}",
        "title": f"ASL-{level} {axis}",
        "defined": "false" if level == 4 else "true",
        "includes_below": "true",
        "goal": "Enough.",
    } | ({} if level == 2 else {"second_factor": "required"})


def _safeguard(axis: str, level: int) -> dict[str, Any]:
    return {
        "slug": f"asl-{level}-{axis}-1",
        "tier": f"asl-{level}",
        "axis": axis,
        "title": "Care",
        "statement": "Care is taken.",
        "showing": "Show it.",
        "evidence_types": ["document"],
        "validity_days": "365",
        "placed_in": "estate",
    }


def make_measurement(name: str = "m1", indicator: str = "hard", **changes: Any) -> dict[str, Any]:
    """0 of 40, complete, fresh, elicited, confirmed, registered beforehand: it rules out a line of 0.10 (upper bound 0.0722)."""
    n = changes.get("n", 40)
    return {
        "id": name,
        "run": f"run-{name}",
        "snapshot": SNAPSHOT,
        "moved_from": None,
        "grade": "confirmed",
        "indicator": indicator,
        "binding": "binding-1",
        "binding_seq": 12,
        "received_seq": 15,
        "received_at": RECEIVED,
        "admitted_under": [],
        "value": "0",
        "stderr": None,
        "n": n,
        "n_source": "samples",
        "epochs": 1,
        "interval": None,
        "arms": None,
        "run_status": "success",
        "counts": {"total": n, "completed": n, "scored": n, "errored": 0, "invalidated": 0},
        "evaluated_at": MEASURED,
        "elicitation": {"safeguards_on": {"value": "false", "origin": "file"}},
        "warnings": [],
        "superseded": None,
        "place": {"upload": "upload-1", "where": "results.scores[0].metrics.accuracy"},
    } | changes


def make_evidence(framework: bytes, *measurements: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Every indicator of the framework adopted at entry 7; one required, confirmed snapshot that has not grown."""
    document = reading.framework(framework)
    return {
        "format": "asl-evidence/2",
        "subject": "subject-1",
        "framework_digest": document.digest,
        "as_of": AS_OF,
        "ledger_size": 100,
        "snapshots": [make_snapshot()],
        "indicators": [adoption(each.document) for each in document.indicators],
        "measurements": list(measurements),
        "blocking_runs": [],
        "judgements": [],
        "lineage": [],
        "clocks": [{"slug": clock.slug, "factor": "1", "grown_at": None} for clock in document.clocks if clock.effect == "stale"],
    } | changes


def make_snapshot(name: str = SNAPSHOT, **changes: Any) -> dict[str, Any]:
    return {"id": name, "digest": "sha256:" + "a" * 64, "label": name, "grade": "confirmed", "required": True, "covered": []} | changes


def adoption(definition: Mapping[str, Any], seq: int = 7) -> dict[str, Any]:
    return {"slug": definition["slug"], "digest": digest(canonical(definition)), "adopted_seq": seq, "definition": dict(definition)}


def assess(framework: Mapping[str, Any], *measurements: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The assessment document of some measurements under a framework."""
    written = canonical(framework)
    answer = parse(decide(written, canonical(make_evidence(written, *measurements, **changes))))
    assert isinstance(answer, dict)
    return answer


def outcome(*measurements: Mapping[str, Any], rule: Mapping[str, Any] | None = None, indicators: Any = (), **changes: Any) -> str:
    """What `risk` comes to."""
    return str(assess(make_framework(rule, *indicators), *measurements, **changes)["thresholds"][0]["outcome"])


def leaf_of(assessment: Mapping[str, Any], index: int = 0) -> dict[str, Any]:
    """The first indicator leaf of a threshold."""
    node = assessment["thresholds"][index]["tree"]
    while "indicator" not in node:
        node = node["children"][0]
    return dict(node)


def codes(assessment: Mapping[str, Any], measurement: str = "m1") -> set[str]:
    """The codes of what is said of one measurement."""
    return {reason["code"] for each in assessment["measurements"] if each["id"] == measurement for reason in each["reasons"]}


def rsp() -> FrameworkDocument:
    return documents.read(CATALOG.read_bytes())
