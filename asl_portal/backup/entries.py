"""What we tell the ledger of backups: that everything was copied, and that everything came back from a copy."""

from datetime import datetime

from ledger.entry_format import PUBLIC
from ledger.models import Entry
from ledger.sentences import describe
from ledger.services import append

MADE = "asl_portal:backup:made"
RESTORED = "asl_portal:backup:restored"


def backup_made(*, sha256: str, ledger_size: int, at: datetime) -> Entry:
    return _append(MADE, sha256, ledger_size, at)


def backup_restored(*, sha256: str, ledger_size: int, at: datetime) -> Entry:
    return _append(RESTORED, sha256, ledger_size, at)


def _append(kind: str, sha256: str, ledger_size: int, at: datetime) -> Entry:
    fields = {"sha256": f"sha256:{sha256}", "ledger_size": ledger_size}
    return append(kind=kind, thing=f"backup:{sha256}", actor=None, at=at, fields=fields, classes=dict.fromkeys(fields, PUBLIC))


describe(MADE, "Whoever operates the portal made the backup {sha256} at {ledger_size} entries.")
describe(RESTORED, "Whoever operates the portal restored it from the backup {sha256}, made at {ledger_size} entries.")
