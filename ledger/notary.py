"""The signing process: it alone holds the checkpoint key, and signs only what extends the last tree it signed.

Its memory is a file of its own beside the key, outside the database: whoever rewrites the database, or restores an older one, cannot make it forget.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from ledger import queries, services, tree
from ledger.checkpoints import Checkpoint, SignerKey, open_note
from ledger.entries import KEY_INTRODUCED
from ledger.entry_format import PUBLIC
from ledger.models import Checkpoint as StoredCheckpoint
from ledger.models import Entry, Log
from ledger.verification import origin


class WillNotSign(Exception):
    """The log does not extend what was signed before: it was rewritten, cut short or restored from an older copy."""


@dataclass(frozen=True)
class Notary:
    """A key file and the memory beside it."""

    key_file: Path

    @property
    def memory_file(self) -> Path:
        return self.key_file.with_name(self.key_file.name + ".signed")

    def sign(self, *, at: datetime) -> StoredCheckpoint | None:
        """Signs the log as it stands; None when this very tree is signed already. Raises `WillNotSign` or `services.LogNotOpened`."""
        log = services.head().log
        with self._alone():
            key = self._key(log)
            _introduce(key, log, at)
            checkpoint = self._checkpoint(key, log)
            stored = StoredCheckpoint.objects.filter(size=checkpoint.size, verifier_key=str(key.verifier))
            if stored.exists():
                return None
            # Remembered before it is published: a signature that got out is never forgotten.
            self._remember(checkpoint)
            return _published(checkpoint, key, at)

    def _checkpoint(self, key: SignerKey, log: Log) -> Checkpoint:
        head = services.head()
        checkpoint = Checkpoint(origin(log.pk), head.size, bytes(head.root))
        for last in (self._remembered(), _last_published(key)):
            if last is not None:
                _check_extends(last, checkpoint)
        return checkpoint

    def _key(self, log: Log) -> SignerKey:
        try:
            return SignerKey.parse(self.key_file.read_text())
        except FileNotFoundError:
            key = SignerKey.generate(origin(log.pk))
            write_privately(self.key_file, key.text + "\n")
            return key

    def _remembered(self) -> Checkpoint | None:
        try:
            memory = json.loads(self.memory_file.read_text())
        except FileNotFoundError:
            return None
        return Checkpoint(memory["origin"], memory["size"], bytes.fromhex(memory["root"]))

    def _remember(self, checkpoint: Checkpoint) -> None:
        memory = {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()}
        write_privately(self.memory_file, json.dumps(memory) + "\n")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One signer at a time for one key."""
        self.key_file.parent.mkdir(parents=True, exist_ok=True)
        with open(self.key_file.with_name(self.key_file.name + ".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def write_privately(path: Path, text: str) -> None:
    """Replaces a file in one step, on disk before it is seen, readable by its owner alone."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@transaction.atomic
def _introduce(key: SignerKey, log: Log, at: datetime) -> None:
    """The log names each key before anything is signed with it, so that a change of keys leaves a trace."""
    thing = f"key:{key.verifier.id.hex()}"
    known = Entry.objects.filter(kind=KEY_INTRODUCED, thing=thing).prefetch_related("fields")
    if any(entry.values.get("verifier_key") == str(key.verifier) for entry in known):
        return
    fields = {"verifier_key": str(key.verifier), "key_id": key.verifier.id.hex()}
    services.append(kind=KEY_INTRODUCED, thing=thing, actor=None, at=at, fields=fields, classes=dict.fromkeys(fields, PUBLIC))


def _published(checkpoint: Checkpoint, key: SignerKey, at: datetime) -> StoredCheckpoint | None:
    """None where somebody with a copy of the key signed this very tree a moment before."""
    row = StoredCheckpoint(
        size=checkpoint.size, root=checkpoint.root, note=key.sign(checkpoint), verifier_key=str(key.verifier), signed_at=at
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        if not StoredCheckpoint.objects.filter(size=row.size, root=row.root, verifier_key=row.verifier_key).exists():
            raise
        return None
    return row


def _last_published(key: SignerKey) -> Checkpoint | None:
    """What this key signed last according to the database; a second memory, should the file be lost."""
    stored = StoredCheckpoint.objects.filter(verifier_key=str(key.verifier)).order_by("-size").first()
    return None if stored is None else open_note(stored.note, [key.verifier])


def _check_extends(last: Checkpoint, new: Checkpoint) -> None:
    if last.origin != new.origin:
        raise WillNotSign(f"This key signed for {last.origin}; this log is {new.origin}.")
    if new.size < last.size:
        raise WillNotSign(f"The log has {new.size} entries; {last.size} were signed before.")
    try:
        proof = queries.consistency(last.size, new.size)
        tree.verify_consistency(old=last.size, new=new.size, old_root=last.root, new_root=new.root, proof=proof)
    except (tree.ProofDoesNotFit, queries.NoSuchEntry) as error:
        raise WillNotSign(f"The log at {new.size} entries does not extend the tree signed at {last.size}: {error}") from None
