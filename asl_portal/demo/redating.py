"""Moves a log of the demonstration in time: results age, and a demonstration must not.

The committed logs carry the day they were made. A world seeded later (or on a machine whose clock is behind) tells its own story of when
each evaluation ran, so the dates in the header are set and everything else stays byte for byte what Inspect wrote.
"""

import json
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO

from evaluations.adapters.archive import Archive, Member
from evaluations.adapters.limits import LIMITS

_TAKES = timedelta(minutes=20)
_MADE_AT = (1980, 1, 1, 0, 0, 0)


def redated(log: bytes, *, created: datetime) -> bytes:
    """The same `.eval` as if it had been run at `created`; equal bytes for equal arguments."""
    archive = Archive(BytesIO(log), LIMITS)
    moved = BytesIO()
    with zipfile.ZipFile(moved, "w", zipfile.ZIP_DEFLATED) as target:
        for member in archive.members:
            content = _content(archive, member)
            if member.name in ("header.json", "_journal/start.json"):
                content = _with_dates(content, created.astimezone(UTC).replace(microsecond=0))
            target.writestr(zipfile.ZipInfo(member.name, _MADE_AT), content, zipfile.ZIP_DEFLATED)
    return moved.getvalue()


def _content(archive: Archive, member: Member) -> bytes:
    stream = archive.open(member)
    pieces = []
    while piece := stream.read(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def _with_dates(content: bytes, created: datetime) -> bytes:
    document = json.loads(content)
    document["eval"]["created"] = created.isoformat()
    if "stats" in document:
        document["stats"] |= {"started_at": created.isoformat(), "completed_at": (created + _TAKES).isoformat()}
    return json.dumps(document).encode()
