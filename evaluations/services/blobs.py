"""Received bytes on disk, under their digest: written whole or not at all, never changed, never served inline."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings

from ledger.refusals import NotNow, NotValid

CHUNK = 1024 * 1024
DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
BROKEN_OFF_AFTER = timedelta(days=1)


class TooLarge(NotValid):
    code = "too_large"
    status = 413

    def __init__(self, limit: int) -> None:
        megabytes = limit // (1024 * 1024)
        super().__init__(
            f"The file is larger than the {megabytes} MB this portal takes.",
            what_to_do="Upload the run without its samples (a header-only log holds all scores), or ask an administrator to raise the limit.",
            limit=limit,
        )


class NoRoom(NotNow):
    code = "no_room"
    sentence = "The portal's disk has no room for this file, so nothing of it was kept."
    what_to_do = "Tell an administrator, and send the file again once there is room."


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Stored:
    sha256: str
    size: int


def store(stream: Readable, *, any_size: bool = False) -> Stored:
    """Writes the stream under the digest of what it held. The bytes are on the disk before this returns. Raises NoRoom and,
    unless told `any_size`, TooLarge.
    """
    incoming = settings.BLOB_DIR / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=incoming)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as target:
            stored = _copy(stream, target, None if any_size else settings.UPLOAD_MAX_BYTES)
            target.flush()
            os.fsync(target.fileno())
        _move(temporary, path_of(stored.sha256))
    except OSError as error:
        if error.errno in DISK_IS_FULL:
            raise NoRoom from error
        raise
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    return stored


def open_bytes(sha256: str) -> BinaryIO:
    """The bytes, for reading. Raises FileNotFoundError where the disk has lost them."""
    return path_of(sha256).open("rb")


def is_whole(sha256: str) -> bool:
    """Whether the disk gives these bytes back as they were, read to their end."""
    try:
        with path_of(sha256).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except OSError:
        return False


def forget_broken_off(*, at: datetime) -> int:
    """Removes what a killed process left half received; a day is longer than any upload. Answers how many files went."""
    gone = 0
    for path in (settings.BLOB_DIR / "incoming").glob("*"):
        if path.stat().st_mtime < (at - BROKEN_OFF_AFTER).timestamp():
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def path_of(sha256: str) -> Path:
    return Path(settings.BLOB_DIR) / sha256[:2] / sha256[2:4] / sha256


def _copy(stream: Readable, target: BinaryIO, limit: int | None) -> Stored:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if limit is not None and size > limit:
            raise TooLarge(limit)
        digest.update(chunk)
        target.write(chunk)
    return Stored(digest.hexdigest(), size)


def _move(temporary: Path, final: Path) -> None:
    """Replaces rather than skips: bytes the disk had lost or spoilt are healed by sending them again."""
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary.chmod(0o440)
    temporary.replace(final)
    for folder in (final.parent, final.parent.parent, final.parent.parent.parent):
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """A rename, a new name or one that is gone is only safe once its folder is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
