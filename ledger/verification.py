"""Recomputes the whole log from its rows, and names the first thing that does not fit.

Nothing stored is believed: fields, leaves, tree nodes, head and checkpoints are computed anew from values, salts and headers, in order. Then the rows that
give power are held against their entries.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from django.db.models import F, Func, Subquery

from ledger import checkpoints, entry_format, rows, tree
from ledger.entries import FIELD_PURGED, KEY_INTRODUCED, LOG_OPENED
from ledger.misfits import DoesNotFit, Misfit
from ledger.models import Checkpoint, Entry, Head, Node, Verification

CHUNK = 500
_LAST = Entry.objects.order_by("-seq").values("seq")[:1]
_NODES = Node.objects.order_by().annotate(count=Func(F("place"), function="COUNT")).values("count")


@dataclass
class VerifyReport:
    """What was recomputed, and the first misfit if there is one."""

    size: int = 0
    root: bytes = tree.EMPTY_ROOT
    entries: int = 0
    fields: int = 0
    purged: int = 0
    nodes: int = 0
    checkpoints: int = 0
    rows: int = 0
    misfit: Misfit | None = None

    @property
    def sound(self) -> bool:
        return self.misfit is None

    def document(self) -> dict[str, object]:
        misfit = None if self.misfit is None else vars(self.misfit)
        return {**vars(self), "root": self.root.hex(), "sound": self.sound, "misfit": misfit}


def steps(found: VerifyReport | Verification) -> list[str]:
    """What a verification did, a step a line, up to its end or its first misfit."""
    return [
        f"Entries recomputed from their rows, without a gap, forward in time, each giving the hash that was sealed: {found.entries:,}",
        f"Field values recomputed from value and salt: {found.fields - found.purged:,}; purged and standing by their hash: {found.purged:,}",
        f"Tree nodes recomputed from their leaves: {found.nodes:,}",
        f"Checkpoints whose key, signature and root were checked: {found.checkpoints:,}",
        f"Rows that give power, held against their entries and their signatures: {found.rows:,}",
        f"Root over {found.size:,} entries: {bytes(found.root).hex()}" if found.sound else f"Does not fit: {found.misfit}",
    ]


@dataclass
class _Walk:
    """The state of one pass over the log."""

    head: Head
    report: VerifyReport
    signed: dict[int, list[Checkpoint]]
    growth: tree.Growth = field(default_factory=tree.Growth)
    keys: list[str] = field(default_factory=list)
    previous: Entry | None = None
    # By entry, the paths of its fields whose value is gone.
    purged: dict[int, set[str]] = field(default_factory=dict)


def verify() -> VerifyReport:
    """Recomputes every entry, field, node and checkpoint, and holds the rows that give power against them. Reads only, and never raises for a log that does not fit."""
    report = VerifyReport()
    try:
        _verify(report)
        report.rows = rows.check()
    except DoesNotFit as found:
        report.misfit = found.misfit
    return report


def _verify(report: VerifyReport) -> None:
    # Checkpoints first, then head and last entry in one statement: what is appended meanwhile lies beyond all three.
    signed: dict[int, list[Checkpoint]] = {}
    for checkpoint in Checkpoint.objects.all():
        signed.setdefault(checkpoint.size, []).append(checkpoint)
    head = Head.objects.select_related("log").annotate(last=Subquery(_LAST), nodes=Subquery(_NODES)).first()
    if head is None:
        _check_nothing_without_a_head(signed)
        return
    _check_length(head, signed)
    walk = _Walk(head, report, signed)
    for entries in _chunks(Entry.objects.filter(seq__lt=head.size).order_by("seq").prefetch_related("fields").iterator(CHUNK)):
        _check_entries(walk, entries)
    _check_purged(walk)
    _check_end(walk)


def _check_nothing_without_a_head(signed: dict[int, list[Checkpoint]]) -> None:
    if signed or Entry.objects.exists() or Node.objects.exists():
        raise DoesNotFit(None, "no_head", "There are entries, nodes or checkpoints, but the head is gone.")


def _check_length(head: Head, signed: dict[int, list[Checkpoint]]) -> None:
    if signed and max(signed) > head.size:
        raise DoesNotFit(None, "log_shrank", f"A checkpoint was signed at {max(signed)} entries; the log has {head.size}.")
    if head.size == 0:
        raise DoesNotFit(0, "missing", "It is missing; every log begins with the entry that opens it.")
    beyond = head.last  # type: ignore[attr-defined]
    if beyond is not None and beyond >= head.size:
        raise DoesNotFit(head.size, "beyond_head", "It stands beyond the head, which knows nothing of it.")


def _check_entries(walk: _Walk, entries: list[Entry]) -> None:
    completed: dict[int, bytes] = {}
    for entry in entries:
        _check_entry(walk, entry)
        completed |= {place.number: hash_ for place, hash_ in walk.growth.add(bytes(entry.leaf_hash))}
        for checkpoint in walk.signed.get(walk.growth.size, ()):
            _check_checkpoint(walk, checkpoint)
    _check_nodes(walk, completed)


def _check_entry(walk: _Walk, entry: Entry) -> None:
    expected = walk.growth.size
    if entry.seq != expected:
        raise DoesNotFit(expected, "gap", f"It is missing; the next one found is {entry.seq}.")
    if walk.previous is not None and entry.recorded_at < walk.previous.recorded_at:
        raise DoesNotFit(entry.seq, "time_runs_back", "It was recorded earlier than the entry before it.")
    _check_fields(walk, entry)
    if entry.header(walk.head.log_id).leaf() != bytes(entry.leaf_hash):
        raise DoesNotFit(entry.seq, "leaf_differs", "Its bytes do not give the hash that was sealed.")
    if entry.seq == 0:
        _check_genesis(walk, entry)
    if entry.kind == KEY_INTRODUCED:
        walk.keys.append(str(entry.values.get("verifier_key")))
    walk.previous = entry
    walk.report.entries += 1


def _check_genesis(walk: _Walk, entry: Entry) -> None:
    named = (entry.kind, entry.thing, entry.values.get("mode"))
    if named != (LOG_OPENED, f"log:{walk.head.log_id}", walk.head.log.mode):
        raise DoesNotFit(0, "genesis_differs", "The first entry names another log or another mode than the portal does.")


def _check_fields(walk: _Walk, entry: Entry) -> None:
    commitments = [one.commitment() for one in entry.fields.all()]
    for one in commitments:
        if not one.fits():
            raise DoesNotFit(entry.seq, "field_differs", f"The value of its field {one.path} does not give the hash that was sealed.")
        if one.purged:
            walk.purged.setdefault(entry.seq, set()).add(one.path)
            walk.report.purged += 1
    if entry_format.fields_root(commitments) != bytes(entry.fields_root):
        raise DoesNotFit(entry.seq, "fields_differ", "A field was added, taken away or renamed.")
    walk.report.fields += len(commitments)


def _check_checkpoint(walk: _Walk, checkpoint: Checkpoint) -> None:
    size = checkpoint.size
    if checkpoint.verifier_key not in walk.keys:
        raise DoesNotFit(None, "unknown_key", f"The checkpoint at {size} entries was signed by a key that the log had not introduced.")
    try:
        note = checkpoints.open_note(checkpoint.note, [checkpoints.VerifierKey.parse(checkpoint.verifier_key)])
    except checkpoints.NoteNotTrusted as error:
        raise DoesNotFit(None, error.code, f"The checkpoint at {size} entries is not trusted: {error}") from None
    if note != checkpoints.Checkpoint(origin(walk.head.log_id), size, walk.growth.root) or bytes(checkpoint.root) != walk.growth.root:
        raise DoesNotFit(None, "checkpoint_differs", f"The checkpoint at {size} entries was signed over another tree.")
    walk.report.checkpoints += 1


def _check_nodes(walk: _Walk, completed: dict[int, bytes]) -> None:
    stored = dict(Node.objects.filter(place__in=completed).values_list("place", "hash"))
    for place, hash_ in completed.items():
        if bytes(stored.get(place, b"")) != hash_:
            raise DoesNotFit(None, "node_differs", f"The stored tree node {place} is missing or is not what its leaves give.")
    walk.report.nodes += len(completed)


def _check_purged(walk: _Walk) -> None:
    """Behind an emptied value its row could be given another: only the verb empties one, and leaves an entry. What was purged while this runs has its own
    beyond the head that was read, so all are asked.
    """
    said: dict[str, list[object]] = {}
    for entry in Entry.objects.filter(kind=FIELD_PURGED, thing__in=[f"entry:{seq}" for seq in walk.purged]).prefetch_related("fields"):
        said.setdefault(entry.thing, []).append(entry.values.get("path"))
    for seq, paths in walk.purged.items():
        known = said.get(f"entry:{seq}", [])
        unsaid = paths - set(known)
        # One whose own words were purged still names the entry it is about, and stands for one value of it.
        if len(unsaid) > known.count(None):
            raise DoesNotFit(seq, "purged_unsaid", f"The value of its field {min(unsaid)} is gone, and no entry says that it was purged.")


def _check_end(walk: _Walk) -> None:
    head, growth, report = walk.head, walk.growth, walk.report
    report.size, report.root = growth.size, growth.root
    if growth.size != head.size:
        raise DoesNotFit(growth.size, "missing", f"It is missing; the head counts {head.size} entries.")
    last = walk.previous.recorded_at if walk.previous else head.recorded_at
    if (bytes(head.root), bytes(head.peaks), head.recorded_at) != (growth.root, b"".join(growth.peaks), last):
        raise DoesNotFit(None, "head_differs", "The head names another root or time than the entries give.")
    stray = head.nodes - report.nodes  # type: ignore[attr-defined]
    if stray:
        raise DoesNotFit(None, "stray_nodes", f"There are {stray} tree nodes that no entry accounts for.")


def _chunks(entries: Iterator[Entry]) -> Iterable[list[Entry]]:
    while chunk := list(islice(entries, CHUNK)):
        yield chunk


def origin(log_id: UUID) -> str:
    """The name under which this log signs."""
    return f"asl-portal/{log_id}"
