"""(pure) The file a backup is: a tar whose last member, SHA256SUMS, names every other in order, and whose first, manifest.json, says what it holds.

Any `tar` opens it and `sha256sum -c SHA256SUMS` checks it. Everything streams; nothing is held in memory but one chunk.
"""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

FORMAT, VERSION = "asl-portal-backup", 1
MANIFEST, SUMS, DATABASE, BLOBS, FRAMEWORKS = "manifest.json", "SHA256SUMS", "database.dump", "blobs/", "frameworks/"
CHUNK = 1024 * 1024
LONGEST_MANIFEST = 4 * 1024 * 1024


class ArchiveBroken(Exception):
    """The file is not a whole backup; the message says what does not fit."""


@dataclass
class Writer:
    """Adds members and remembers their digests, on disk, for there may be very many."""

    tar: tarfile.TarFile
    sums: IO[bytes]
    count: int = 0

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, io.BytesIO(content), len(content))

    def add(self, name: str, stream: IO[bytes], size: int) -> str:
        """Copies exactly `size` bytes and answers their SHA-256. Raises ArchiveBroken when the stream ends early."""
        counted = _Hashing(stream)
        try:
            self.tar.addfile(_member(name, size), counted)
        except OSError as error:
            if counted.taken < size and error.errno is None:
                raise ArchiveBroken(f"{name} ended after {counted.taken} of {size} bytes.") from None
            raise
        self.tar.members.clear()  # type: ignore[attr-defined]  # else it remembers every one
        digest = counted.hash.hexdigest()
        self.sums.write(f"{digest}  {name}\n".encode())
        self.count += 1
        return digest


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """A writer for the new file `path`, readable by its owner alone; closed with its sums and safely on the disk when the block ends well."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file, tempfile.TemporaryFile(dir=path.parent) as sums:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            yield Writer(tar, sums)
            size = sums.tell()
            sums.seek(0)
            tar.addfile(_member(SUMS, size), sums)
        file.flush()
        os.fsync(file.fileno())


@dataclass(frozen=True)
class Checked:
    """A backup whose every member has its own digest."""

    path: Path
    manifest: dict[str, Any]
    members: int
    sha256: str = field(repr=False)


def check(path: Path) -> Checked:
    """Reads the file from end to end. Raises ArchiveBroken, OSError."""
    try:
        with path.open("rb") as file, tempfile.TemporaryFile() as lines:
            return _check(path, file, lines)
    except (tarfile.TarError, EOFError) as error:
        raise ArchiveBroken(f"It cannot be read as a backup: {error}") from None


def _check(path: Path, file: IO[bytes], lines: IO[bytes]) -> Checked:
    whole = _Hashing(file)
    manifest, members, ended = None, 0, False
    with tarfile.open(fileobj=whole, mode="r|") as tar:
        for member in _each(tar):
            if ended:
                raise ArchiveBroken(f"{member.name} stands behind the sums.")
            stream = _stream_of(tar, member)
            if member.name == SUMS:
                _compare_sums(stream, lines)
                ended = True
                continue
            if members == 0:
                manifest, digest = _read_manifest(member, stream)
            else:
                digest = _digest_of(stream)
            _refuse_odd_name(member.name, digest)
            lines.write(f"{digest}  {member.name}\n".encode())
            members += 1
    if not ended or manifest is None:
        raise ArchiveBroken("It ends before its sums: it was cut short, or is no backup.")
    while whole.read(CHUNK):  # what a tar keeps behind its end counts for the digest of the file
        pass
    return Checked(path, manifest, members, whole.hash.hexdigest())


def members(path: Path) -> Generator[tuple[str, int, IO[bytes]], None, None]:
    """Name, size and bytes of each member but the sums, in order; each is read before the next is asked for."""
    with tarfile.open(path, mode="r|") as tar:
        for member in _each(tar):
            if member.name != SUMS:
                yield member.name, member.size, _stream_of(tar, member)


def _each(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while member := tar.next():
        yield member
        tar.members.clear()  # type: ignore[attr-defined]  # else it remembers every one


@contextmanager
def opened(path: Path, name: str) -> Iterator[IO[bytes]]:
    """One member, for as long as the block runs. Raises ArchiveBroken where there is none."""
    with closing(members(path)) as all_members:
        for found, _, stream in all_members:
            if found == name:
                yield stream
                return
    raise ArchiveBroken(f"There is no {name} in it.")


def _read_manifest(member: tarfile.TarInfo, stream: IO[bytes]) -> tuple[dict[str, Any], str]:
    content = stream.read(LONGEST_MANIFEST + 1) if member.name == MANIFEST else b""
    try:
        manifest = json.loads(content)
    except ValueError:
        raise ArchiveBroken("It does not begin with the manifest of a backup.") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArchiveBroken("It does not begin with the manifest of a backup.")
    if manifest.get("version") != VERSION:
        raise ArchiveBroken(f"It is of version {manifest.get('version')}; this portal reads version {VERSION}.")
    return manifest, hashlib.sha256(content).hexdigest()


def _compare_sums(stream: IO[bytes], lines: IO[bytes]) -> None:
    lines.seek(0)
    for written_down in stream:
        found = lines.readline()
        if written_down != found:
            name = (found or written_down).decode("utf-8", "replace").strip().partition("  ")[2]
            raise ArchiveBroken(f"{name} is not what SHA256SUMS says it is.")
    if lines.readline():
        raise ArchiveBroken("It holds more than SHA256SUMS names.")


def _refuse_odd_name(name: str, digest: str) -> None:
    if name.startswith(BLOBS) and name != BLOBS + digest:
        raise ArchiveBroken(f"{name} does not have its own digest.")
    if name in {MANIFEST, DATABASE} or (name.startswith((BLOBS, FRAMEWORKS)) and name.count("/") == 1):
        return
    raise ArchiveBroken(f"{name!r} does not belong into a backup.")


def _stream_of(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = tar.extractfile(member) if member.isreg() else None
    if stream is None:
        raise ArchiveBroken(f"{member.name} is not a file.")
    return stream


def _digest_of(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


class _Hashing(io.RawIOBase):
    """A stream that counts and hashes what is taken from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.hash, self.taken = stream, hashlib.sha256(), 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self.stream.read(size)
        self.hash.update(chunk)
        self.taken += len(chunk)
        return chunk
