"""The gate's inputs document, written from facts. Everything the rules read stands in it; nothing is left out for being inconvenient."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from evaluations.models import Snapshot
from reviews.facts import Facts, brought
from reviews.models import SafeguardsDecision, ScopeState


def decided(facts: Facts) -> dict[str, Any]:
    """What people decided and what is open, in the document's words: the part a release rests on."""
    return {
        "findings": {
            slug: {
                "outcome": each["outcome"],
                "digest": each["finding_digest"],
                "requires": dict(facts.found_under.get(slug, {})),
                # An assessment of an earlier engine does not say it, and speaks for no weights until the next one is made.
                "snapshots": list(each.get("required_snapshots", ())),
            }
            for slug, each in facts.findings.items()
        },
        "held": [dict(baseline) for baseline in facts.held],
        "inherited": facts.inherited,
        "determinations": {
            slug: {
                "id": str(each.pk),
                "verdict": each.verdict,
                "finding_digest": each.finding_digest,
                "kept_for": each.kept_for,
                "valid_until": each.valid_until,
                "requires": each.requires,
                "covers": dict(facts.covers.get(each.covered_by_id, {})) if each.covered_by_id else None,
                "covered": str(each.question.case.snapshot_id) if each.covered_by_id else None,
                "covered_strictly": (each.covered_by_id, slug) in facts.covers_strictly,
            }
            for slug, each in facts.determinations.items()
        },
        "raised": [{"threshold": slug, "requires": requires} for slug, requires in facts.raised],
        "adequacy": {axis: _adequacy(each, facts) for axis, each in facts.adequacy.items()},
        "papers": [asdict(brought(each, facts)) for each in facts.papers],
        # Where nothing of the kind is asked for, nothing is said of it.
        **({"papers_of_earlier": [asdict(each) for each in facts.earlier_papers]} if facts.earlier_papers else {}),
    }


def _adequacy(decision: SafeguardsDecision, facts: Facts) -> dict[str, Any]:
    return {
        "id": str(decision.pk),
        "tier": decision.tier,
        "valid_until": decision.valid_until,
        "content_digest": decision.content_digest,
        "statement": {
            "id": str(decision.statement_id),
            "snapshot": str(decision.statement.snapshot_id),
            "scopes": list(decision.statement.scopes),
            "stack": decision.statement.stack,
            "stack_digest": decision.statement.stack_digest,
            "environment": decision.statement.environment,
            "lines": [
                {
                    "safeguard": line.safeguard,
                    "signoff": str(line.signoff_id),
                    "in_force": line.signoff.holds(facts.at, facts.version),
                    "expires_at": line.signoff.expires_at,
                    "place": line.signoff.implementation.place,
                    "place_name": line.signoff.implementation.place_name,
                }
                for line in decision.statement.lines.all()
            ],
        },
    }


def document(
    facts: Facts | None,
    *,
    artefact: str | None,
    snapshot: Snapshot | None,
    scope: str,
    stack: str | None,
    for_record: bool,
    at: Any,
    ledger: Mapping[str, Any],
) -> dict[str, Any]:
    """The whole document. `facts` is None for an artefact nobody registered, or while no framework is in force."""
    asked = {"artefact": artefact, "scope": scope, "stack": stack, "for_record": for_record}
    head = {"format": "asl-gate-inputs/2", "at": at, **asked, "ledger": dict(ledger)}
    subject = snapshot.subject if snapshot else None
    named = {
        "subject": {"id": str(subject.pk), "slug": subject.slug} if subject else None,
        "snapshot": {"id": str(snapshot.pk), "digest": snapshot.weights_digest, "confirmed": snapshot.is_confirmed} if snapshot else None,
    }
    return head | named | (_known(facts, snapshot, scope) if facts is not None and snapshot is not None else _UNKNOWN)


_UNKNOWN: dict[str, Any] = {
    "framework": None,
    "assessment": None,
    "findings": {},
    "held": [],
    "inherited": [],
    "pending": {"uploads": 0, "dead": 0, "refused": 0},
    "determinations": {},
    "raised": [],
    "case": None,
    "adequacy": {},
    "papers": [],
    "signed": {},
    "release": None,
    "released_otherwise": False,
    "halted": None,
}


def _known(facts: Facts, snapshot: Snapshot, scope: str) -> dict[str, Any]:
    release = next((each for each in facts.releases if each.snapshot_id == snapshot.pk and each.scope == scope), None)
    state = facts.scopes.get(scope)
    return (
        decided(facts)
        | {
            "framework": {"digest": facts.version.digest, "name": facts.version.name},
            "assessment": _assessment(facts),
            "pending": _pending(facts),
            "case": {"id": str(facts.case.pk), "number": facts.case.number} if facts.case and not facts.only_watches else None,
            "signed": dict(facts.signed),
            "release": None
            if release is None
            else {
                "id": str(release.pk),
                "artefact": release.artefact,
                "status_digest": release.status_digest,
                "valid_until": release.valid_until,
            },
            "released_otherwise": any(each.scope == scope and each.snapshot_id != snapshot.pk for each in facts.releases),
            "halted": {"at": state.halted_at} if state is not None and state.halted_at is not None else None,
        }
        | _observed(state, snapshot, facts)
    )


def _pending(facts: Facts) -> dict[str, int]:
    counted = {"uploads": facts.pending_uploads, "dead": facts.dead_uploads, "refused": facts.refused_uploads}
    # Said only where there is some.
    return counted | ({"refused_beneath": facts.refused_beneath} if facts.refused_beneath else {})


def _observed(state: ScopeState | None, snapshot: Snapshot, facts: Facts) -> dict[str, Any]:
    """Said only where it is so: that the board lets these weights go on, observed, in this scope."""
    if state is None or state.observed_until is None or state.observed_until <= facts.at or state.observed_snapshot_id != snapshot.pk:
        return {}
    return {"observed": {"until": state.observed_until}}


def _assessment(facts: Facts) -> dict[str, Any] | None:
    if facts.assessment is None:
        return None
    return {
        "id": str(facts.assessment.pk),
        "digest": facts.assessment.assessment_digest,
        "framework_digest": facts.assessment.framework_digest,
        "valid_until": facts.assessment.valid_until,
        "due": facts.due,
    }
