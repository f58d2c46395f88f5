"""Questions to the record; nothing here writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet, Subquery

from ledger import tree
from ledger.canonical import canonical, parse
from ledger.entries import KEY_INTRODUCED
from ledger.entry_format import CLASSES, INTERNAL, PUBLIC, value_of
from ledger.models import Checkpoint, Entry, Head, LedgerField, Log, Node, Verification
from ledger.refusals import NotKnown
from ledger.sentences import ActorNames, set_actor_names

__all__ = ["ActorNames", "set_actor_names"]

OPEN_CLASSES = (PUBLIC, INTERNAL)
PAGE = 50


class NoSuchEntry(NotKnown):
    code = "no_such_entry"
    sentence = "The ledger has no entry of that number."


class NoCheckpoint(NotKnown):
    code = "no_checkpoint"
    sentence = "No checkpoint has been signed yet."
    what_to_do = "The signing process writes the first one shortly after the log is opened: ./portal manage sign_checkpoints."


@dataclass(frozen=True)
class Filters:
    """What a reader of the list asks for; empty means all."""

    kind: str = ""
    thing: str = ""
    actor: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Page:
    """Entries in the order asked for; `before` continues with those that come next in it, None at the end."""

    entries: list[Entry]
    before: int | None


def size_at(known_at: datetime) -> int:
    """How many entries the portal had recorded by then, that instant included."""
    return _counted(Entry.objects.filter(recorded_at__lte=known_at))


def _size_before(moment: datetime) -> int:
    """How many entries had been recorded before then. The first day of the calendar has nothing before it to ask `size_at` about."""
    return _counted(Entry.objects.filter(recorded_at__lt=moment))


def _counted(recorded: QuerySet[Entry]) -> int:
    last = recorded.order_by("-recorded_at", "-seq").values_list("seq", flat=True).first()
    return 0 if last is None else last + 1


def entries_holding(values: Iterable[str], *, path: str, actor: UUID) -> dict[str, Entry]:
    """By value, the entry of this actor whose field at `path` holds it. Three queries, however many are asked for."""
    texts = {canonical(value).decode(): value for value in values}
    fields = LedgerField.objects.filter(entry__actor=actor, path=path, text__in=list(texts)).order_by("-entry__seq")
    found = fields.select_related("entry").prefetch_related("entry__fields")
    return {texts[field.text]: field.entry for field in found if field.text is not None}


def page(filters: Filters, *, before: int | None = None, limit: int = PAGE, oldest_first: bool = False) -> Page:
    """One page of the list, newest first unless told otherwise, at a cost that does not grow with the log. `before`: the last number of the page before it."""
    found = filtered(filters).order_by("seq" if oldest_first else "-seq").prefetch_related("fields")
    if before is not None:
        found = found.filter(seq__gt=before) if oldest_first else found.filter(seq__lt=before)
    rows = list(found[: limit + 1])
    return Page(rows[:limit], rows[limit - 1].seq if len(rows) > limit else None)


def filtered(filters: Filters) -> QuerySet[Entry]:
    found = Entry.objects.all()
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.thing:
        found = found.filter(thing=filters.thing)
    if filters.actor:
        found = found.filter(actor=filters.actor)
    # Times are monotone in the number, so a day is a range of numbers; the list stays a walk down the key.
    if filters.since:
        found = found.filter(seq__gte=_size_before(filters.since))
    if filters.until:
        found = found.filter(seq__lt=size_at(filters.until))
    return found


def entry(seq: int) -> Entry:
    """One entry with its fields. Raises `NoSuchEntry`."""
    found = Entry.objects.filter(seq=seq).prefetch_related("fields").first()
    if found is None:
        raise NoSuchEntry(seq=seq)
    return found


@dataclass(frozen=True)
class Proof:
    """That an entry stands in the log of `size` entries under `root`."""

    seq: int
    size: int
    leaf: bytes
    hashes: list[bytes]
    root: bytes

    def check(self) -> None:
        """Raises `tree.ProofDoesNotFit`."""
        tree.verify_inclusion(leaf=self.leaf, index=self.seq, size=self.size, proof=self.hashes, root=self.root)


def inclusion(seq: int) -> Proof:
    """The proof of one entry against the present head. Raises `NoSuchEntry`."""
    head = Head.objects.first()
    found = Entry.objects.filter(seq=seq).values_list("leaf_hash", flat=True).first()
    if head is None or found is None or seq >= head.size:
        raise NoSuchEntry(seq=seq)
    return Proof(seq, head.size, bytes(found), hashes(tree.inclusion_spans(seq, head.size)), bytes(head.root))


def consistency(old: int, new: int) -> list[bytes]:
    """The proof that the log at `new` entries extends itself at `old`. Raises `ValueError` unless 0 < old <= new <= size."""
    return hashes(tree.consistency_spans(old, new))


def root_at(size: int) -> bytes:
    """The root over the first `size` entries, from O(log n) stored nodes."""
    return hashes([tree.span(0, size)])[0]


def hashes(spans: Sequence[tree.Span]) -> list[bytes]:
    """The hash of each span, from the stored nodes, in one query. Raises `NoSuchEntry` where the log does not reach so far."""
    places = {place.number for one in spans for place in one}
    stored = {place: bytes(hash_) for place, hash_ in Node.objects.filter(place__in=places).values_list("place", "hash")}
    if len(stored) < len(places):
        raise NoSuchEntry
    return [tree.joined([stored[place.number] for place in one]) for one in spans]


def is_sound() -> bool:
    """Whether the record may be built upon, at constant cost: the last full verification found no misfit, the last entry gives the leaf
    that was sealed, it is the one the head counts, and the stored nodes give the head's root. False where there is no log."""
    return soundness()[0]


def soundness() -> tuple[bool, int]:
    """`is_sound`, and how many entries there are, told of the same head. Three queries."""
    verified = Verification.objects.order_by("-id").values("sound")[:1]
    head = Head.objects.select_related("log").annotate(verified=Subquery(verified)).first()
    if head is None or head.size == 0:
        return False, 0
    return head.verified is not False and _seals_the_last_entry(head), head.size


def _seals_the_last_entry(head: Head) -> bool:
    last = Entry.objects.order_by("-seq").first()
    if last is None or (last.seq, last.recorded_at) != (head.size - 1, head.recorded_at):
        return False
    return last.header(head.log_id).leaf() == bytes(last.leaf_hash) and _nodes_fit(head, bytes(last.leaf_hash))


def _nodes_fit(head: Head, leaf: bytes) -> bool:
    peaks, last = tree.span(0, head.size), tree.Place(0, head.size - 1)
    try:
        root, stored_leaf = hashes([peaks, (last,)])
    except NoSuchEntry:
        return False
    return root == bytes(head.root) and stored_leaf == leaf


def latest_verification() -> Verification | None:
    return Verification.objects.order_by("-id").first()


def latest_checkpoint() -> Checkpoint | None:
    return Checkpoint.objects.order_by("-size", "-id").first()


@dataclass(frozen=True)
class KeyIntroduced:
    """A verifier key of this log, and the entry that introduced it before it signed anything."""

    key: str
    seq: int
    at: datetime


def keys_introduced(*, below: int | None = None) -> list[KeyIntroduced]:
    """Every key the log has named as its own, oldest first; `below`: by entries before that number."""
    found = Entry.objects.filter(kind=KEY_INTRODUCED).order_by("seq").prefetch_related("fields")
    if below is not None:
        found = found.filter(seq__lt=below)
    return [KeyIntroduced(str(one.values["verifier_key"]), one.seq, one.recorded_at) for one in found]


def checkpoint_text() -> str:
    """The newest signed checkpoint. Raises `NoCheckpoint`."""
    found = latest_checkpoint()
    if found is None:
        raise NoCheckpoint
    return found.note


def entries(start: int = 0, limit: int = 100, *, classes: Iterable[str] = OPEN_CLASSES) -> list[dict[str, object]]:
    """Entries from number `start`, as an export shows them: values of these classes with their salts, of the others only the hash."""
    shown = frozenset(classes)
    here = log_id()
    found = Entry.objects.filter(seq__gte=start).order_by("seq").prefetch_related("fields")[:limit]
    return [document(one, here, shown) for one in found]


def document(one: Entry, log_id: UUID, classes: Iterable[str] = CLASSES) -> dict[str, object]:
    """One entry with its leaf and fields, as JSON values. Prefetch `fields`."""
    shown = frozenset(classes)
    return {
        "entry": parse(one.header(log_id).canonical()),
        "leaf": bytes(one.leaf_hash).hex(),
        "fields": [_field(field, shown) for field in one.fields.all()],
    }


def _field(field: LedgerField, shown: frozenset[str]) -> Mapping[str, object]:
    named = {"path": field.path, "class": field.field_class, "hash": bytes(field.hash).hex()}
    if field.text is None or field.salt is None:
        return {**named, "purged": True}
    if field.field_class not in shown:
        return {**named, "withheld": True}
    return {**named, "salt": bytes(field.salt).hex(), "value": value_of(field.text)}


def proof(seq: int) -> dict[str, object]:
    """The inclusion proof of one entry as a document, hashes in hexadecimal. Raises `NoSuchEntry`."""
    found = inclusion(seq)
    return {
        "seq": found.seq,
        "size": found.size,
        "leaf": found.leaf.hex(),
        "hashes": [item.hex() for item in found.hashes],
        "root": found.root.hex(),
    }


def log_id() -> UUID:
    """The log's own id. Raises `NoSuchEntry` before it is opened."""
    log = Log.objects.first()
    if log is None:
        raise NoSuchEntry
    return log.pk
