"""Scopes, what the gate answered for the record, and deployments it never allowed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.models import Entry
from ledger.sentences import describe
from people.models import Person
from reviews.entries.writing import append_by
from reviews.models import GateAnswer, Incident, ScopeState


def scope_halted(state: ScopeState, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:scope:halted", f"scope:{state.pk}", actor, at, _scope(state))


def scope_changed(state: ScopeState, *, codes: list[str], at: datetime) -> Entry:
    """A recompute found another answer than the last one; `codes` are the reasons against it."""
    return append_by("reviews:scope:changed", f"scope:{state.pk}", None, at, _scope(state) | {"codes": codes})


def gate_answered(answer_id: UUID, *, actor: Person, at: datetime, fields: dict[str, Any]) -> Entry:
    return append_by("reviews:gate:answered", f"{GateAnswer.__name__.lower()}:{answer_id}", actor, at, fields)


def incident_found(incident: Incident, *, actor: Person, at: datetime) -> Entry:
    """A deployment was reported that no valid authorisation covers."""
    deployment = incident.deployment
    fields = {"subject": incident.subject_id, "deployment": deployment.pk, "scope": deployment.scope, "cause": incident.cause}
    return append_by("reviews:incident:found", f"incident:{incident.pk}", actor, at, fields)


def _scope(state: ScopeState) -> dict[str, Any]:
    return {"subject": state.subject_id, "scope": state.scope, "state": state.state, "enforcement": state.enforcement}


describe("reviews:scope:halted", "{actor} halted the scope {scope} of {subject:subject}.")
describe("reviews:scope:changed", "The gate of {subject:subject} to {scope} is {state}.")
describe("reviews:gate:answered", "{actor} asked the gate for the record: {scope}, allowed {allowed}.")
describe("reviews:incident:found", "{actor} reported a deployment to {scope} that no valid authorisation covers: {cause}.")
