"""Decisions: made, ended, kept, and contradicted by what the evidence says since."""

from datetime import datetime
from typing import Any

from ledger.models import Entry
from ledger.sentences import describe
from reviews.entries.writing import append_by, append_signed
from reviews.models import Determination, ReleaseDecision, SafeguardsDecision


def threshold_determined(determination: Determination, *, at: datetime) -> Entry:
    fields = determination_fields(determination)
    return _decided("reviews:determination:made", f"determination:{determination.pk}", determination, at, fields)


def safeguards_decided(decision: SafeguardsDecision, *, at: datetime) -> Entry:
    return _decided("reviews:safeguards:decided", f"safeguards:{decision.pk}", decision, at, safeguards_fields(decision))


def release_decided(decision: ReleaseDecision, *, at: datetime) -> Entry:
    return _decided("reviews:release:decided", f"release:{decision.pk}", decision, at, release_fields(decision))


def decision_ended(decision: Determination | SafeguardsDecision | ReleaseDecision, *, at: datetime) -> Entry:
    """A decision left force: `reviews:determination:ended`, `reviews:safeguards:ended` or `reviews:release:ended`."""
    noun = {Determination: "determination", SafeguardsDecision: "safeguards", ReleaseDecision: "release"}[type(decision)]
    return append_by(
        f"reviews:{noun}:ended", f"{noun}:{decision.pk}", None, at, {"subject": decision.subject_id, "why": decision.ended_why}
    )


def determination_kept(determination: Determination, *, at: datetime) -> Entry:
    fields = {"subject": determination.subject_id, "finding": determination.kept_for}
    return append_by("reviews:determination:kept", f"determination:{determination.pk}", None, at, fields)


def determination_contradicted(determination: Determination, *, at: datetime) -> Entry:
    """The evidence rules out by now what was decided strictly; the decision goes on counting."""
    return _compared("reviews:determination:contradicted", determination, at, determination.contradicted_for)


def determination_sustained(determination: Determination, *, finding: str, at: datetime) -> Entry:
    """The evidence no longer says otherwise."""
    return _compared("reviews:determination:sustained", determination, at, finding)


def _decided(
    kind: str, thing: str, decision: Determination | SafeguardsDecision | ReleaseDecision, at: datetime, own: dict[str, Any]
) -> Entry:
    # Dissent travels with the decision: every live vote with its signature, for and against.
    return append_signed(kind, thing, decision.signature, at, own | decision_fields(decision))


def decision_fields(decision: Determination | SafeguardsDecision | ReleaseDecision) -> dict[str, Any]:
    """What every decision says of itself."""
    return {
        "subject": decision.subject_id,
        "question": decision.question_id,
        "framework": decision.framework_version_id,
        "votes": [[vote["vote"], vote["choice"], vote["current"]] for vote in decision.votes],
        **({"hazard": True} if decision.hazard else {}),
    }


def determination_fields(determination: Determination) -> dict[str, Any]:
    return {
        "threshold": determination.threshold,
        "verdict": determination.verdict,
        "requires": determination.requires,
        "finding": determination.finding_digest,
    }


def safeguards_fields(decision: SafeguardsDecision) -> dict[str, Any]:
    return {"axis": decision.axis, "tier": decision.tier, "verdict": decision.verdict, "content": decision.content_digest}


def release_fields(decision: ReleaseDecision) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "artefact": decision.artefact,
        "scope": decision.scope,
        "verdict": decision.verdict,
        "status": decision.status_digest,
        "valid_until": decision.valid_until,
    }
    if decision.papers:
        fields["papers"] = [[each["paper"], each["digest"]] for each in decision.papers]
    return fields


def _compared(kind: str, determination: Determination, at: datetime, finding: str) -> Entry:
    fields = {"subject": determination.subject_id, "threshold": determination.threshold, "finding": finding}
    return append_by(kind, f"determination:{determination.pk}", None, at, fields)


describe("reviews:determination:made", "{actor} declared the {question:question}: {verdict}.")
describe("reviews:determination:ended", "A determination left force: {why}.")
describe("reviews:determination:kept", "A determination was kept: its finding is nowhere worse.")
describe(
    "reviews:determination:contradicted", "The evidence on {threshold} of {subject:subject} now says otherwise than the decision in force."
)
describe(
    "reviews:determination:sustained",
    "The evidence on {threshold} of {subject:subject} no longer says otherwise than the decision in force.",
)
describe("reviews:safeguards:decided", "{actor} declared the {question:question}: {verdict}.")
describe("reviews:safeguards:ended", "A decision on safeguards left force: {why}.")
describe("reviews:release:decided", "{actor} declared the {question:question}: {verdict}, until {valid_until:day}.")
describe("reviews:release:ended", "A release left force: {why}.")
describe("reviews:decision:refused", "{actor} tried to declare the {thing} and was refused: {code}.")
