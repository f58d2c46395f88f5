"""Whether the record knows a file somebody was given: its digest is looked for among the reports that were made. Nothing of the file is kept."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from ledger import queries, tree
from ledger.canonical import canonical
from ledger.models import Entry, LedgerField
from reviews.entries import REPORT_MADE
from reviews.models.notice import ExportKind


@dataclass(frozen=True)
class KnownReport:
    """The entry that names a file, at which size and root the report was made, and whether both still fit the log."""

    entry: Entry
    size: int
    root: str
    fits: bool


def digest_of(parts: Iterable[bytes]) -> str:
    """`sha256:…` of a file that comes in parts."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return f"sha256:{found.hexdigest()}"


def known_report(digest: str) -> KnownReport | None:
    """The report with this digest, by the oldest entry that names it."""
    named = LedgerField.objects.filter(entry__kind=REPORT_MADE, path__in=ExportKind.values, text=canonical(digest).decode())
    entry = Entry.objects.filter(pk__in=named.values("entry")).order_by("seq").prefetch_related("fields").first()
    if entry is None:
        return None
    size, root = int(str(entry.values["ledger_size"])), str(entry.values["root"])
    return KnownReport(entry, size, root, _fits(entry, size, root))


def _fits(entry: Entry, size: int, root: str) -> bool:
    """The log had this root at that size, and the entry's own bytes stand under the root it has now."""
    proof = queries.inclusion(entry.seq)
    if root != f"sha256:{queries.root_at(size).hex()}" or entry.header(queries.log_id()).leaf() != proof.leaf:
        return False
    try:
        proof.check()
    except tree.ProofDoesNotFit:
        return False
    return True
