"""May this go out? Asks the pure rules (`gate_rules`) with what is known now. Any doubt, and any exception, is a no.

There is no time argument at the doors: the gate decides at now. `answer_at` takes one, for tests, pages that look back, and the recompute.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from evaluations import documents
from evaluations.models import Snapshot, Subject
from frameworks.models import FrameworkVersion
from frameworks.queries import in_force_versions
from ledger.canonical import canonical, digest
from ledger.delivery import awaits, consumers
from ledger.models import Entry
from ledger.queries import root_at, soundness
from ledger.services import head
from ledger.standstill import WhileNothingMoves
from people.models import Person
from people.policies import may_serve, require
from people.queries import actor_of
from reviews import entries, gate_inputs, gate_rules
from reviews.facts import Facts, collect_one
from reviews.models import GateAnswer, ScopeState
from reviews.standing import changes_at

log = logging.getLogger(__name__)

Ledger = dict[str, Any]

# Consumers that change nothing the gate answers from; everything any other one has still to hear keeps the gate shut.
MOVE_NOTHING = {
    "evaluations.reading": "a file that waits to be read is counted by its row",
    "reviews.scopes": "it writes down what the gate says",
    "reviews.exports": "it makes reports",
    "reviews.notices": "it tells people",
    "reviews.letters": "it mails sign-in links",
    "reviews.outlets": "it tells other systems",
}

# Consumers that write down for others what is required of a model: its own gate works that out anew, those that lean on it wait.
PASSED_DOWN = ("reviews.requirements", "reviews.covered")

FAILED: dict[str, Any] = {
    "code": "gate_failed",
    "sentence": "The gate could not work out its answer, so the answer is no.",
    "who": [gate_rules.ADMINISTRATORS],
    "what_to_do": "Look at the log of the web process, and at ./portal manage doctor.",
    "about": "",
}


@dataclass(frozen=True)
class Answer:
    """What the gate says, with everything it said it from. `reasons`: {code, sentence, who, what_to_do, about}; none means allowed.

    `notes`: {code, sentence} of what the answer leaves open, such as a stack that was not named.
    """

    allowed: bool
    reasons: tuple[Mapping[str, Any], ...]
    artefact: str | None
    scope: str
    at: datetime
    expires_at: datetime
    notes: tuple[Mapping[str, str], ...] = ()
    stack: str | None = None
    required: Mapping[str, str] = field(default_factory=dict)
    framework_digest: str | None = None
    inputs_digest: str | None = None
    answer_digest: str | None = None
    ledger_size: int = 0
    ledger_root: str | None = None
    subject: Subject | None = None
    snapshot: Snapshot | None = None
    framework_bytes: bytes = b""
    inputs_bytes: bytes = b""
    answer_bytes: bytes = b""

    @property
    def codes(self) -> list[str]:
        return [str(reason["code"]) for reason in self.reasons]


def ask(
    *, scope: str, artefact: str | None = None, subject: Subject | None = None, stack: str | None = None, seen: str | None = None
) -> Answer:
    """The gate's answer now. Writes nothing. By `subject` it speaks of the release candidate named last, and is informative only.

    While nothing moves the last answer is given again for a second, as the answer of the instant it was worked out at. `seen`: see `ledger.standstill`.
    """
    return answer_at(scope=scope, artefact=artefact, subject=subject, stack=stack, at=timezone.now(), seen=seen)


def answer_at(
    *,
    scope: str,
    at: datetime,
    artefact: str | None = None,
    subject: Subject | None = None,
    stack: str | None = None,
    for_record: bool = False,
    seen: str | None = None,
) -> Answer:
    """The same at a given moment; `for_record` asks for an authorisation, which has to name its stack and is worked out at its own instant.

    Never raises: what fails, denies.
    """
    try:
        known = _remembered.get((artefact, subject and subject.pk), at=at, read=lambda: _read(artefact, subject, at), seen=seen)
        return _answer(known, artefact, scope, stack, at, for_record=True) if for_record else _given(known, artefact, scope, stack, at)
    except Exception:  # The boundary of the gate: a named error would leave the unnamed ones to let something out, or to answer 500.
        log.exception("The gate failed for %s to %s", artefact or (subject.slug if subject else "nothing"), scope)
        return Answer(allowed=False, reasons=(FAILED,), artefact=artefact, scope=scope, at=at, expires_at=at, subject=subject)


@dataclass(frozen=True)
class _Known:
    """Everything an answer is worked out from, but for the question and the time; and the answers given from it.

    It is kept for as long as neither a write nor the clock alone changes any of them.
    """

    snapshot: Snapshot | None
    version: FrameworkVersion | None
    facts: Facts | None
    ledger: Ledger
    ledger_root: str | None
    # It is not earlier than the last entry, whatever the clock of this machine says: what was decided or revoked is so from here on.
    since: datetime
    given: dict[tuple[str, str | None], Answer] = field(default_factory=dict)


# A stack is named by whoever asks, so there may be any number of questions about one artefact.
MOST_GIVEN = 10


def _given(known: _Known, artefact: str | None, scope: str, stack: str | None, at: datetime) -> Answer:
    """The answer worked out before from the same knowledge, or a new one. An earlier instant than its own asks for its own answer."""
    answer = known.given.get((scope, stack))
    if answer is None or at < answer.at:
        answer = _answer(known, artefact, scope, stack, at)
        if len(known.given) < MOST_GIVEN:
            known.given[scope, stack] = answer
    return answer


def _answer(known: _Known, artefact: str | None, scope: str, stack: str | None, at: datetime, *, for_record: bool = False) -> Answer:
    snapshot, at = known.snapshot, max(at, known.since)
    answer = _decided(
        replace(known.facts, at=at) if known.facts is not None else None,
        known.version,
        artefact=artefact or (snapshot.weights_digest if snapshot else None),
        snapshot=snapshot,
        scope=scope,
        stack=stack,
        for_record=for_record,
        at=at,
        ledger=known.ledger,
    )
    return replace(answer, ledger_root=known.ledger_root)


# What was read stands until anything at all is written, or until time alone would change it; and never longer than this, whatever else.
LONGEST_REMEMBERED = timedelta(seconds=1)
_remembered: WhileNothingMoves[_Known] = WhileNothingMoves()


def _read(artefact: str | None, subject: Subject | None, at: datetime) -> tuple[_Known, datetime]:
    """What is known now, and until when at most it may be remembered: no later than any instant from which the rules answer otherwise."""
    with transaction.atomic():
        # First: what is entered while the rest is read then counts as entered since.
        ledger = read_ledger()
        since = max(at, head().recorded_at) if ledger["size"] else at
        snapshot = _snapshot(artefact, subject)
        version = _framework()
        facts = collect_one(snapshot.subject, version, since) if snapshot is not None and version is not None else None
        if facts is not None and _has_unheard_news(facts):
            facts = replace(facts, due=True)
        root = f"sha256:{root_at(ledger['size']).hex()}" if ledger["size"] else None
        return _Known(snapshot, version, facts, ledger, root, since), changes_at(at, longest=LONGEST_REMEMBERED)


def followed() -> tuple[str, ...]:
    """The consumers between what is entered and what stands: evidence makes an assessment due, an assessment ends decisions, a sign-off lapses them."""
    return tuple(each.name for each in consumers() if each.name not in MOVE_NOTHING)


def _has_unheard_news(facts: Facts) -> bool:
    """Something was entered about this model, one it leans on, or about no model in particular (a binding, a framework, a safeguard), and has not
    been followed yet; what follows may be a rise.

    A consumer that is stuck keeps the gate shut until an operator has looked.
    """
    above = sorted(str(each) for each in facts.leans_on)
    own = [name for name in followed() if name not in PASSED_DOWN]
    return awaits(own, path="subject", values=[str(facts.subject.pk), *above]) or (
        bool(above) and awaits(PASSED_DOWN, path="subject", values=above)
    )


def _decided(
    facts: Facts | None,
    version: FrameworkVersion | None,
    *,
    artefact: str | None,
    snapshot: Snapshot | None,
    scope: str,
    at: datetime,
    stack: str | None = None,
    for_record: bool = False,
    ledger: Ledger | None = None,
) -> Answer:
    framework_bytes = bytes(version.canonical_bytes) if version is not None else b""
    ledger = ledger or ledger_now()
    inputs = gate_inputs.document(
        facts, artefact=artefact, snapshot=snapshot, scope=scope, stack=stack, for_record=for_record, at=at, ledger=ledger
    )
    inputs_bytes = canonical(inputs)
    answer_bytes = gate_rules.RULES.now(framework_bytes, inputs_bytes)
    said = gate_rules.read(answer_bytes)
    return Answer(
        allowed=said["allowed"] is True and not said["reasons"],
        reasons=tuple(said["reasons"]),
        notes=tuple(said["notes"]),
        stack=stack,
        artefact=artefact,
        scope=scope,
        at=at,
        expires_at=datetime.fromisoformat(said["expires_at"]),
        required=said["required"],
        framework_digest=said["framework_digest"],
        inputs_digest=said["inputs_digest"],
        answer_digest=digest(answer_bytes),
        ledger_size=ledger["size"],
        subject=snapshot.subject if snapshot else None,
        snapshot=snapshot,
        framework_bytes=framework_bytes,
        inputs_bytes=inputs_bytes,
        answer_bytes=answer_bytes,
    )


def reasons_for(facts: Facts, *, snapshot: Snapshot | None, scope: str, ledger: Ledger | None = None) -> tuple[Mapping[str, Any], ...]:
    """The reasons against one scope from facts already collected, for lists and for deciding a release. Pass `ledger_now()` to ask the ledger once."""
    artefact = snapshot.weights_digest if snapshot else None
    return _decided(facts, facts.version, artefact=artefact, snapshot=snapshot, scope=scope, at=facts.at, ledger=ledger).reasons


_remembered_ledger: WhileNothingMoves[Ledger] = WhileNothingMoves()


def ledger_now() -> Ledger:
    """What the gate asks of the ledger; no time bears on it, so it stands until anything is written."""
    return dict(_remembered_ledger.get("now", at=timezone.now(), read=lambda: (read_ledger(), None)))


def read_ledger() -> Ledger:
    """The same, asked anew: for what is itself kept only while nothing is written."""
    sound, size = soundness()
    return {"sound": sound, "size": size}


def _snapshot(artefact: str | None, subject: Subject | None) -> Snapshot | None:
    snapshots = Snapshot.objects.select_related("subject")
    if artefact is not None:
        return snapshots.filter(weights_digest=artefact).first()
    if subject is None:
        return None
    newest = snapshots.filter(subject=subject).order_by("-registered_at", "-id")
    return newest.filter(candidate_seq__isnull=False).order_by("-candidate_seq").first() or newest.first()


def _framework() -> FrameworkVersion | None:
    """The framework the gate answers under: the only one in force. Several at once are answered by none, until one is named."""
    versions = list(in_force_versions())
    return versions[0] if len(versions) == 1 else None


# --- For the record -------------------------------------------------------------------------------------------------------------------------


def authorise(*, artefact: str, scope: str, actor: Person, stack: str = "") -> GateAnswer:
    """The same question, answered for the record: stored with its documents and entered in the ledger, deny as well as allow. Raises NotAllowed."""
    return authorise_at(artefact=artefact, scope=scope, actor=actor, stack=stack, at=timezone.now())


@transaction.atomic
def authorise_at(*, artefact: str, scope: str, actor: Person, at: datetime, stack: str = "") -> GateAnswer:
    """See `authorise`. A failed gate leaves a record too: it denied, and why. Raises NotAllowed."""
    said = answer_at(scope=scope, artefact=artefact, stack=stack or None, at=at, for_record=True)
    at = said.at
    # As of the answer, which is no older than the record: whoever lost their role in it asks for nothing more.
    require(may_serve(actor_of(actor, at)))
    inputs = said.inputs_bytes or canonical({"format": "asl-gate-inputs/2", "at": at, "artefact": artefact, "scope": scope, "failed": True})
    answered = said.answer_bytes or canonical({"format": "asl-gate-answer/1", "allowed": False, "reasons": [FAILED], "at": at})
    answer_id = uuid4()
    framework = documents.store("framework", said.framework_bytes, at=at) if said.framework_bytes else None
    inputs_digest, answer_digest = documents.store("gate-inputs", inputs, at=at), documents.store("gate-answer", answered, at=at)
    entry = entries.gate_answered(
        answer_id,
        actor=actor,
        at=at,
        fields={
            "subject": said.subject.pk if said.subject else None,
            "artefact": artefact,
            "scope": scope,
            "stack": stack,
            "allowed": said.allowed,
            "codes": said.codes,
            "framework": framework,
            "inputs": inputs_digest,
            "answer": answer_digest,
            "expires_at": said.expires_at,
        },
    )
    return GateAnswer.objects.create(
        id=answer_id,
        subject=said.subject,
        artefact=artefact[:71],
        scope=scope[:40],
        stack_digest=stack[:71],
        allowed=said.allowed,
        reasons=[dict(reason) for reason in said.reasons],
        framework_document_id=framework,
        inputs_document_id=inputs_digest,
        answer_document_id=answer_digest,
        rules_version=gate_rules.RULES.current,
        asked_by=actor,
        at=at,
        expires_at=said.expires_at,
        ledger_seq=entry.seq,
    )


def is_authorised(authorisation: UUID, *, artefact: str, scope: str, stack: str, at: datetime) -> bool:
    """Is this a valid authorisation for exactly these weights, scope and stack at that moment? A halt ends it, however young it is: one in force then,
    and one entered since what it was worked out from, though the board has gone on meanwhile."""
    found = GateAnswer.objects.filter(pk=authorisation, artefact=artefact, scope=scope, stack_digest=stack, allowed=True).first()
    if found is None or not found.at <= at < found.expires_at:
        return False
    states = list(ScopeState.objects.filter(subject=found.subject_id, scope=scope))
    if any(state.halted_at is not None and state.halted_at <= at for state in states):
        return False
    # By the order of the log, since a halt carries the time at which it was asked for: an authorisation may have slipped in between.
    size = documents.content(found.inputs_document_id)["ledger"]["size"]
    halts = Entry.objects.filter(kind="reviews:scope:halted", thing__in=[f"scope:{state.pk}" for state in states])
    return not halts.filter(seq__gte=size, at__lte=at).exists()
