"""Builds zip archives byte by byte, honest ones and lying ones."""

import struct
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import zstandard

from evaluations.adapters.archive import Archive, MemberStream
from evaluations.adapters.limits import LIMITS

STORED, DEFLATE, ZSTANDARD = 0, 8, 93


@dataclass
class Entry:
    """One member; every number in its headers can be made to lie."""

    name: str | bytes
    data: bytes = b""
    method: int = DEFLATE
    packed: bytes | None = None
    size: int | None = None
    crc: int | None = None
    flags: int = 0
    mode: int = 0o100600
    offset: int | None = None
    local_name: bytes | None = None
    extra: bytes = b""
    local_extra: bytes = b""
    comment: bytes = b""
    written_at: int = field(default=0, init=False)

    def finish(self) -> None:
        self.name = self.name.encode() if isinstance(self.name, str) else self.name
        self.packed = packed(self.data, self.method) if self.packed is None else self.packed
        self.size = len(self.data) if self.size is None else self.size
        self.crc = zlib.crc32(self.data) if self.crc is None else self.crc


def packed(data: bytes, method: int) -> bytes:
    """The data as the method stores it."""
    if method == ZSTANDARD:
        return zstandard.ZstdCompressor().compress(data)
    if method == DEFLATE:
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        return compressor.compress(data) + compressor.flush()
    return data


def pack(entries: list[Entry], *, before: bytes = b"", after: bytes = b"", count: int | None = None) -> bytes:
    """An archive of the entries; `count` is what its end claims."""
    body = bytearray(before)
    for entry in entries:
        entry.finish()
        entry.written_at = len(body)
        name = entry.local_name if entry.local_name is not None else entry.name
        body += struct.pack(
            "<4s5H3L2H",
            b"PK\x03\x04",
            20,
            entry.flags,
            entry.method,
            0,
            33,
            entry.crc,
            len(entry.packed),
            entry.size,
            len(name),
            len(entry.local_extra),
        )
        body += name + entry.local_extra + entry.packed
    directory_at = len(body)
    for entry in entries:
        offset = entry.written_at if entry.offset is None else entry.offset
        lengths = (len(entry.name), len(entry.extra), len(entry.comment))
        numbers = (0x0314, 20, entry.flags, entry.method, 0, 33, entry.crc, len(entry.packed), entry.size, *lengths, 0, 0)
        body += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *numbers, entry.mode << 16, offset)
        body += entry.name + entry.extra + entry.comment
    size = len(body) - directory_at
    number = len(entries) if count is None else count
    body += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, number, number, size, directory_at, 0)
    return bytes(body) + after


def members(path: Path) -> dict[str, bytes]:
    """Name and content of every member of a log on disk."""
    return members_of(path.read_bytes())


def members_of(data: bytes) -> dict[str, bytes]:
    """Name and content of every member of a log."""
    archive = Archive(BytesIO(data), LIMITS)
    return {member.name: _content(archive.open(member)) for member in archive.members}


def _content(stream: MemberStream) -> bytes:
    pieces = []
    while piece := stream.read(1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def repacked(path: Path, method: int = DEFLATE, **changed: bytes | None) -> bytes:
    """The same log with another compression; `changed` replaces the header (`header=`) or the journal's start (`start=`), None leaves it out."""
    names = {"header": "header.json", "start": "_journal/start.json"}
    content = members(path)
    for key, data in changed.items():
        content.pop(names[key])
        if data is not None:
            content[names[key]] = data
    return pack([Entry(name, data, method) for name, data in content.items()])
