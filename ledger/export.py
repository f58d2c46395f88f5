"""The record as one file that a stranger verifies without the portal: entries, checkpoints, and the program that checks them.

Only values of the chosen classes go in, each with its salt; of the others the hash stands, so a redacted export gives the same leaves as the full one.
The same log gives the same bytes, but for the numbers it has grown by.
"""

import hashlib
import uuid
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from ledger import queries, services
from ledger.canonical import canonical, time_text
from ledger.entries import EXPORT_MADE
from ledger.entry_format import CLASSES, PUBLIC, VERSION
from ledger.models import Checkpoint, Entry, Head

# Zip archives date their members; a fixed date keeps equal exports equal.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_VERIFIER = Path(__file__).with_name("verify_export.py")


@dataclass(frozen=True)
class ExportMade:
    size: int
    sha256: str


def write_export(path: Path, *, classes: Iterable[str], actor: uuid.UUID | None, at: datetime) -> ExportMade:
    """Writes the export as a zip archive, and enters in the ledger that it was made, over how much and with which classes of values."""
    shown = [one for one in CLASSES if one in {PUBLIC, *classes}]
    head = services.head()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "log.json", canonical(_log(head, shown)) + b"\n")
        _add_entries(archive, head, shown)
        for checkpoint in Checkpoint.objects.filter(size__lte=head.size).order_by("size", "id"):
            _add(archive, f"checkpoints/{checkpoint.size:012}-{checkpoint.pk}.note", checkpoint.note.encode())
        _add(archive, "VERIFIER-KEYS.txt", _keys(head).encode())
        _add(archive, "verify_export.py", _VERIFIER.read_bytes())
    made = ExportMade(head.size, _sha256(path))
    with transaction.atomic():
        fields = {"size": made.size, "sha256": made.sha256, "classes": shown}
        services.append(kind=EXPORT_MADE, thing=f"export:{uuid.uuid4()}", actor=actor, at=at, fields=fields)
    return made


KEYS_SAID = """\
The verifier keys of this log, as the log itself introduced them.

{keys}

What a key read here is worth: whoever could forge this export could forge this file with it. So compare the key with one that reached you another
way: read aloud by somebody you know, printed in a letter, kept from an earlier export, or at least the page /ledger/keys/ of the portal, opened by
yourself. Where they are the same, give it to the program:

    python3 verify_export.py EXPORT.zip --key 'KEY'
"""


def _keys(head: Head) -> str:
    """The keys with what it means to trust them."""
    found = queries.keys_introduced(below=head.size)
    return KEYS_SAID.format(
        keys="\n".join(f"{one.key}\n    introduced by entry {one.seq}, {time_text(one.at)}" for one in found) or "None yet."
    )


def _log(head: Head, shown: list[str]) -> dict[str, object]:
    return {
        "v": VERSION,
        "log_id": head.log_id,
        "mode": head.log.mode,
        "opened_at": time_text(head.log.opened_at),
        "size": head.size,
        "root": bytes(head.root).hex(),
        "classes": shown,
    }


def _add_entries(archive: zipfile.ZipFile, head: Head, shown: list[str]) -> None:
    entries = Entry.objects.filter(seq__lt=head.size).order_by("seq").prefetch_related("fields")
    with archive.open(_member("entries.jsonl"), "w", force_zip64=True) as file:
        for entry in entries.iterator(500):
            file.write(canonical(queries.document(entry, head.log_id, shown)) + b"\n")


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(_member(name), data)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
