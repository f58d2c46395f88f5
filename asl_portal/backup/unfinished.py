"""A restore that has begun and not ended. One that is killed outright undoes nothing, and what it left was never verified: until somebody has looked, the portal
is not ready. The mark lies beside the bytes, where neither a dump nor a migration reaches it.
"""

import os
from pathlib import Path

from django.conf import settings

from evaluations.services import blobs

NAME = "restore-unfinished"


def begin() -> None:
    """Before anything is brought."""
    folder = _mark().parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _mark().open("w") as file:
        file.write("A restore began here and has not ended.\n")
        file.flush()
        os.fsync(file.fileno())
    blobs.sync_folder(folder)


def end() -> None:
    """Once all of it is verified."""
    _mark().unlink()
    blobs.sync_folder(_mark().parent)


def is_there() -> bool:
    return _mark().exists()


def _mark() -> Path:
    return Path(settings.BLOB_DIR) / NAME
