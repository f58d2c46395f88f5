"""The verbs of the record. `append` is called by every room, once for each event, late in the transaction of the change itself."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import connection, transaction
from django.db.models import DateTimeField, Func

from ledger import clock, delivery, tree
from ledger.entries import FIELD_PURGED, LOG_OPENED
from ledger.entry_format import (
    INTERNAL,
    PUBLIC,
    SALT_BYTES,
    VERSION,
    Commitment,
    Header,
    MalformedEntry,
    check_names,
    fields_root,
    value_of,
)
from ledger.models import Entry, Head, LedgerField, Log, Node, Verification
from ledger.queries import size_at
from ledger.refusals import NotNow, NotValid
from ledger.verification import VerifyReport, verify

__all__ = ["VerifyReport", "size_at", "verify"]

# Requests that run side by side read their clocks in one order and reach the head in another.
CLOCK_TOLERANCE = timedelta(seconds=60)


class AppendOutsideTransaction(RuntimeError):
    """`append` was called where the change it records could not roll back with it."""


class LogNotOpened(NotNow):
    code = "log_not_opened"
    sentence = "The ledger has not been opened yet, so nothing can be recorded."
    what_to_do = "An administrator opens it once: ./portal manage open_log --mode production."


class LogAlreadyOpened(NotNow):
    code = "log_already_opened"
    sentence = "This portal has a ledger already. A log is demo or production for good."


class OlderThanHead(NotNow):
    code = "older_than_head"
    sentence = "The event is older than the last entry of the ledger, which only grows forward in time."
    what_to_do = "Record it with today's time, and give the older time as the time when it was true."


class AheadOfTheClock(NotNow):
    """Once taken, such an entry would keep every later one out until its time has come."""

    code = "ahead_of_the_clock"
    sentence = "The event lies in the future by the database's clock, so it cannot have happened yet."
    what_to_do = "Set this machine's clock right (NTP), then do it again."


def current_log() -> Log | None:
    """The portal's log, or None before it is opened."""
    return Log.objects.first()


@transaction.atomic
def open_log(*, mode: str, at: datetime, actor: UUID | None = None) -> Log:
    """Makes the log and its genesis entry. Raises `LogAlreadyOpened` where there is one, `ValueError` for an unknown mode."""
    log = Log(mode=Log.Mode(mode), opened_at=at)
    # ON CONFLICT DO NOTHING: of two that open at once, one finds the other's log and says so.
    Log.objects.bulk_create([log], ignore_conflicts=True)
    if not Log.objects.filter(pk=log.pk).exists():
        raise LogAlreadyOpened
    Head.objects.bulk_create([Head(log=log, root=tree.EMPTY_ROOT, recorded_at=at)], ignore_conflicts=True)
    append(kind=LOG_OPENED, thing=f"log:{log.pk}", actor=actor, at=at, fields={"mode": log.mode}, classes={"mode": PUBLIC})
    return log


def append(
    *,
    kind: str,
    thing: str,
    actor: UUID | None,
    at: datetime,
    role: str = "",
    as_of: datetime | None = None,
    fields: Mapping[str, object] | None = None,
    classes: Mapping[str, str] | None = None,
    policy: str = "",
) -> Entry:
    """Seals one event, in the transaction of the change it records; after the first call that transaction locks no other row.

    `at` is the portal's clock, `as_of` when the event was true. Raises `AppendOutsideTransaction`, `LogNotOpened`, `OlderThanHead`,
    `AheadOfTheClock`, `MalformedEntry` or `NotCanonical`; each rolls the change back.
    """
    if not connection.in_atomic_block:
        raise AppendOutsideTransaction(f"The entry {kind} must be appended inside the transaction of its change.")
    check_names(kind, thing)
    commitments = _commit(fields or {}, classes or {})
    head = _locked_head()
    recorded_at = _recorded_at(head, at)
    header = Header(head.log_id, head.size, kind, as_of or at, recorded_at, actor, role, thing, policy, fields_root(commitments))
    entry = _write(header, commitments)
    _grow(head, entry)
    delivery.kick_delivery()
    return entry


def _commit(fields: Mapping[str, object], classes: Mapping[str, str]) -> list[Commitment]:
    unknown = set(classes) - set(fields)
    if unknown:
        # A misspelt path would leave a hazardous value in the default class.
        raise MalformedEntry(f"Classes are given for fields that are not there: {', '.join(sorted(unknown))}.")
    return [Commitment.make(path, classes.get(path, INTERNAL), secrets.token_bytes(SALT_BYTES), fields[path]) for path in sorted(fields)]


def _locked_head() -> Head:
    present = Func(function="clock_timestamp", output_field=DateTimeField())
    head = Head.objects.select_for_update().annotate(present=present).first()
    if head is None:
        raise LogNotOpened
    return head


def _recorded_at(head: Head, at: datetime) -> datetime:
    present: datetime = head.present  # type: ignore[attr-defined]
    if clock.is_ahead(at, present):
        raise AheadOfTheClock(at=at, present=present)
    if at < head.recorded_at - CLOCK_TOLERANCE:
        raise OlderThanHead(at=at, head_at=head.recorded_at)
    return max(at, head.recorded_at)


def _write(header: Header, commitments: list[Commitment]) -> Entry:
    entry = Entry(
        seq=header.seq,
        v=VERSION,
        kind=header.kind,
        thing=header.thing,
        actor=header.actor,
        role=header.role,
        policy=header.policy,
        at=header.at,
        recorded_at=header.recorded_at,
        fields_root=header.fields_root,
        leaf_hash=header.leaf(),
    )
    entry.save(force_insert=True)
    LedgerField.objects.bulk_create(
        LedgerField(entry=entry, path=one.path, field_class=one.field_class, salt=one.salt, text=one.text, hash=one.hash)
        for one in commitments
    )
    entry.values = {one.path: value_of(one.text) for one in commitments if one.text is not None}
    return entry


def _grow(head: Head, entry: Entry) -> None:
    growth = tree.Growth(head.size, _split_peaks(head.peaks))
    completed = growth.add(bytes(entry.leaf_hash))
    Node.objects.bulk_create(Node(place=place.number, hash=hash_) for place, hash_ in completed)
    Head.objects.filter(pk=head.pk).update(size=growth.size, root=growth.root, peaks=b"".join(growth.peaks), recorded_at=entry.recorded_at)


def _split_peaks(peaks: bytes | memoryview) -> list[bytes]:
    return [bytes(peaks[start : start + tree.HASH_BYTES]) for start in range(0, len(peaks), tree.HASH_BYTES)]


def head() -> Head:
    """The head row. Raises `LogNotOpened`."""
    found = Head.objects.first()
    if found is None:
        raise LogNotOpened
    return found


def size() -> int:
    """How many entries there are; none before the log is opened."""
    return Head.objects.values_list("size", flat=True).first() or 0


def record_verification(*, at: datetime) -> VerifyReport:
    """Recomputes the whole log and keeps what was found; from a misfit on, the gate stays shut until a later run finds none."""
    report = verify()
    Verification.objects.create(
        at=at,
        size=report.size,
        root=report.root,
        sound=report.sound,
        misfit_seq=report.misfit.seq if report.misfit else None,
        misfit=str(report.misfit or ""),
        entries=report.entries,
        fields=report.fields,
        purged=report.purged,
        nodes=report.nodes,
        checkpoints=report.checkpoints,
        rows=report.rows,
    )
    return report


class PurgeReason(StrEnum):
    MISFILED_HAZARD = "misfiled_hazard"
    ERASURE_REQUEST = "erasure_request"


class NothingToPurge(NotValid):
    code = "nothing_to_purge"
    sentence = "The entry has no such field, or its value is gone already."


@transaction.atomic
def purge(*, seq: int, path: str, reason: PurgeReason, actor: UUID | None, at: datetime) -> Entry:
    """Takes away one value and its salt, for good, and leaves an entry that says so; the seals still hold, by the field's hash.

    Only the owner of the tables can: triggers refuse it to the application's role. Raises `NothingToPurge`.
    """
    if not LedgerField.objects.filter(entry_id=seq, path=path, text__isnull=False).update(text=None, salt=None):
        raise NothingToPurge(seq=seq, path=path)
    fields = {"seq": seq, "path": path, "reason": reason}
    return append(kind=FIELD_PURGED, thing=f"entry:{seq}", actor=actor, at=at, fields=fields, classes=dict.fromkeys(fields, PUBLIC))
