"""Halting a scope, and keeping in view what the gate would say of each."""

from datetime import datetime

from django.db import transaction

from evaluations.models import Snapshot, Subject
from frameworks.models import FrameworkVersion
from ledger.refusals import NotNow, NotValid
from people.models import Person
from people.policies import require
from people.queries import actor_of
from reviews import entries, gate, past, policies
from reviews.facts import Facts, collect_one
from reviews.models import CaseRevision, ScopeState
from reviews.models.gate_answer import Enforcement, GateState
from reviews.services import observing
from reviews.services.asking import align
from reviews.services.cases import open_case_of
from reviews.services.locks import lock_subject, locked


class AlreadyHalted(NotNow):
    code = "already_halted"
    sentence = "This scope is halted already."


class HaltReasonMissing(NotValid):
    code = "reason_missing"
    sentence = "Say why, so that the board can decide whether to go on."


class ScopeUnknown(NotValid):
    code = "scope_unknown"
    sentence = "The framework knows no such scope."


@transaction.atomic
def halt(*, subject: Subject, framework_version: FrameworkVersion, scope: str, reason: str, actor: Person, at: datetime) -> ScopeState:
    """Shuts a scope at once; one person suffices, and what goes on there observed is over. Going on takes a release decision
    of the board. Raises NotAllowed, AlreadyHalted, NotValid."""
    require(policies.may_halt(actor_of(actor, at)))
    if not reason.strip():
        raise HaltReasonMissing
    if scope not in framework_version.document.scopes:
        raise ScopeUnknown
    lock_subject(subject)
    state, _ = ScopeState.objects.get_or_create(
        subject=subject, framework_name=framework_version.name, scope=scope, defaults={"changed_at": at}
    )
    if state.halted_at is not None:
        raise AlreadyHalted
    past.keep(past.of(state), at=at)
    state.state, state.changed_at, state.halted_at, state.halted_by, state.halt_reason = GateState.HALTED, at, at, actor, reason.strip()
    state.enforcement, state.observed_until, state.observed_snapshot = Enforcement.ENFORCE, None, None
    state.save()
    revision = _ask_whether_to_go_on(state, actor, at)
    entries.scope_halted(state, actor=actor, at=at)
    observing.stop(state, at=at)
    if revision is not None:
        entries.case_revised(revision.case, revision, actor=actor, at=at)
    return state


def _ask_whether_to_go_on(state: ScopeState, actor: Person, at: datetime) -> CaseRevision | None:
    """An open case that asks about the scope asks from now on whether to go on; no vote from before answers that. The caller enters the revision."""
    case = open_case_of(state.subject, state.framework_name)
    if case is None:
        return None
    case = locked(case)
    facts = collect_one(case.subject, case.framework_version, at)
    return align(case, facts, reason=f"The scope {state.scope} was halted", actor=actor, at=at)


@transaction.atomic
def recompute(*, subject: Subject, framework_version: FrameworkVersion, at: datetime) -> list[ScopeState]:
    """Works out each scope anew; a changed answer is entered in the ledger. Answers the states that changed."""
    # Most news moves nothing, and a look takes no lock that others would wait for. What is written meanwhile is entered, and looked at in its turn.
    if not _moving(subject, framework_version, at):
        return []
    lock_subject(subject)
    changed: list[tuple[ScopeState, list[str]]] = []
    for state, now, codes in _moving(subject, framework_version, at):
        if now != state.state:
            changed.append((state, codes))
        past.keep(past.of(state), at=at)
        state.state, state.changed_at = now, at
        state.save()
    for state, codes in changed:
        entries.scope_changed(state, codes=codes, at=at)
    return [state for state, _ in changed]


def _moving(subject: Subject, framework_version: FrameworkVersion, at: datetime) -> list[tuple[ScopeState, GateState, list[str]]]:
    """The scopes whose answer is another than the one that stands, or stands nowhere yet: with the answer, and what is against each."""
    facts = collect_one(subject, framework_version, at)
    ledger = gate.ledger_now()
    found = []
    for scope in framework_version.document.scopes:
        state = facts.scopes.get(scope) or ScopeState(
            subject=subject, framework_name=framework_version.name, scope=scope, changed_at=at, state=GateState.SHUT
        )
        codes = best_reasons(facts, scope, ledger=ledger)
        now = GateState.HALTED if state.halted_at is not None else GateState.SHUT if codes else GateState.OPEN
        if now != state.state or state._state.adding:
            found.append((state, now, codes))
    return found


def best_reasons(facts: Facts, scope: str, *, ledger: gate.Ledger) -> list[str]:
    """What stands against a scope for the snapshot that comes nearest to being let out; empty when one may go."""
    candidates = candidates_for(facts, scope)
    per_snapshot = [
        [str(reason["code"]) for reason in gate.reasons_for(facts, snapshot=one, scope=scope, ledger=ledger)] for one in candidates
    ]
    return min(per_snapshot, key=len, default=["unknown_artefact"])


def candidates_for(facts: Facts, scope: str) -> list[Snapshot]:
    """The snapshots a scope's state is about: those released to it, or else the release candidates, or else the newest."""
    released = {release.snapshot_id for release in facts.releases if release.scope == scope}
    several = [snapshot for snapshot in facts.snapshots if snapshot.pk in released]
    several = several or [snapshot for snapshot in facts.snapshots if snapshot.is_release_candidate]
    return several or sorted(facts.snapshots, key=lambda snapshot: snapshot.registered_at)[-1:]
