"""A zip archive from a stranger: its directory is checked as a whole, one named member is inflated under caps, nothing touches the disk.

The standard library's reader trusts declared sizes and knows neither Zstandard nor overlapping members, so this one reads for itself.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import nsmallest
from operator import attrgetter
from stat import S_IFBLK, S_IFCHR, S_IFIFO, S_IFLNK, S_IFMT, S_IFSOCK
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from evaluations.adapters.limits import Limits
from evaluations.adapters.types import RejectedInput
from ledger.late import Late

if TYPE_CHECKING:
    import zstandard
else:
    zstandard = Late("zstandard")

SIGNATURE = b"PK\x03\x04"
STORED, DEFLATE, ZSTANDARD = 0, 8, 93

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT = 65535
_ALL_ONES_16, _ALL_ONES_32 = 0xFFFF, 0xFFFFFFFF
_ALL_ONES = (_ALL_ONES_16, _ALL_ONES_16, _ALL_ONES_32, _ALL_ONES_32)
_LOCATOR = b"PK\x06\x07"
_WIDE_NUMBERS, _OTHER_NAME = 0x1, 0x7075  # kinds of extra fields
_ENCRYPTED, _DEFERRED_SIZES, _STRONGLY_ENCRYPTED, _UTF8_NAME, _MASKED = 0x1, 0x8, 0x40, 0x800, 0x2000
_UNIX = 3
_SPECIAL = {S_IFLNK: "a symbolic link", S_IFCHR: "a device", S_IFBLK: "a device", S_IFIFO: "a pipe", S_IFSOCK: "a socket"}
_CHUNK = 64 << 10
_LARGEST_WINDOW = 32 << 20
_AS_WRITTEN = "Upload the log as Inspect wrote it, without opening or packing it again."


@dataclass(frozen=True, slots=True)
class Member:
    """One line of the archive's directory."""

    raw_name: bytes
    method: int
    flags: int
    crc: int
    packed: int
    size: int
    offset: int

    @property
    def name(self) -> str:
        """Not kept beside its bytes, of which a log has one for each of its samples."""
        return _decoded(self.raw_name)


def _damaged(message: str, where: str) -> RejectedInput:
    return RejectedInput(
        "archive-damaged", message, where=where, what_to_do="Copy the file again from where it was written, and upload it again."
    )


class Archive:
    """A checked directory over a seekable stream. Making one raises RejectedInput for everything a careful reader does not open."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self.stream = stream
        self.limits = limits
        self.length = stream.seek(0, 2)
        self.directory_at = 0
        self.members = tuple(self._directory())
        self._check_as_a_whole()

    def named(self, name: str) -> list[Member]:
        """The members of exactly this name; more than one is legal in a zip file, and ambiguous."""
        return [member for member in self.members if member.raw_name == name.encode()]

    def open(self, member: Member) -> "MemberStream":
        """The member's content as a stream that inflates under caps and checks length and checksum at its end."""
        if member.size > self.limits.read_bytes:
            raise _too_large(member.name, self.limits.read_bytes)
        return MemberStream(self.stream, member, self._data_offset(member))

    def check(self, members: Iterable[Member]) -> None:
        """Inflates these members to nothing, the smallest first, as far as the limits go; raises where one is not what the directory says."""
        left = self.limits.checked_bytes
        for member in nsmallest(self.limits.checked_members, members, key=attrgetter("size")):
            left -= member.size
            if left < 0:
                return
            stream = self.open(member)
            while stream.read(_CHUNK):
                pass

    def _at(self, offset: int, size: int) -> bytes:
        self.stream.seek(offset)
        return self.stream.read(size)

    def _directory(self) -> Iterator[Member]:
        self.directory_at, size, count = self._end()
        if count > self.limits.archive_members:
            raise RejectedInput(
                "archive-too-many-members", f"The archive lists {count} members; at most {self.limits.archive_members} are read."
            )
        if size > self.limits.directory_bytes:
            raise RejectedInput("archive-too-many-members", "The archive's directory is larger than a log needs.")
        data = self._at(self.directory_at, size)
        at = 0
        for _ in range(count):
            if at + _ENTRY.size > len(data):
                raise _damaged("The archive's directory ends early.", f"byte {self.directory_at + at}")
            member, at = self._entry(data, at)
            yield member
        if at != len(data):
            raise _damaged("The archive's directory holds more than it lists.", f"byte {self.directory_at + at}")

    def _end(self) -> tuple[int, int, int]:
        """Offset, size and entry count of the directory, which must reach exactly to the end record, and that to the end of the file."""
        tail_at = max(0, self.length - _END.size - _LONGEST_COMMENT)
        tail = self._at(tail_at, self.length - tail_at)
        found = tail.rfind(b"PK\x05\x06")
        if found < 0 or len(tail) - found < _END.size:
            raise RejectedInput(
                "archive-incomplete",
                "The archive is incomplete: its directory is missing.",
                where=f"byte {self.length}",
                what_to_do="Upload it again; if the run crashed, `inspect log recover` on the machine that ran it may rebuild it.",
            )
        end_at = tail_at + found
        _, disk, directory_disk, here, count, size, offset, _ = _END.unpack_from(tail, found)
        if end_at + _END.size != self.length:
            raise RejectedInput(
                "archive-trailing-data",
                "There is data after the end of the archive.",
                where=f"byte {end_at + _END.size}",
                what_to_do=_AS_WRITTEN,
            )
        before_end = end_at
        plain = (count, here, size, offset)
        is_wide = _ALL_ONES_16 in (count, here) or _ALL_ONES_32 in (size, offset)
        if is_wide:
            before_end, count, here, size, offset = self._end64(end_at)
        # Some programs follow the wide record only where they must, others wherever one stands.
        says_other = any(one not in (ones, wide) for one, ones, wide in zip(plain, _ALL_ONES, (count, here, size, offset), strict=True))
        if says_other or (not is_wide and self._at(max(0, end_at - _LOCATOR64.size), len(_LOCATOR)) == _LOCATOR):
            raise RejectedInput(
                "archive-two-directories",
                "The archive has two directories; different programs would read different results.",
                where=f"byte {end_at}",
                what_to_do=_AS_WRITTEN,
            )
        if disk or directory_disk or here != count:
            raise _damaged("The archive is one part of several.", f"byte {end_at}")
        if offset + size != before_end:
            raise _damaged("The archive's directory is not where the archive says.", f"byte {end_at}")
        return offset, size, count

    def _end64(self, end_at: int) -> tuple[int, int, int, int, int]:
        locator_at = end_at - _LOCATOR64.size
        if locator_at < 0:
            raise _damaged("The archive's end record is damaged.", f"byte {end_at}")
        signature, disk, record_at, disks = _LOCATOR64.unpack(self._at(locator_at, _LOCATOR64.size))
        if signature != _LOCATOR or disk or disks > 1 or record_at + _END64.size != locator_at:
            raise _damaged("The archive's end record is damaged.", f"byte {locator_at}")
        signature, _, _, _, disk, directory_disk, here, count, size, offset = _END64.unpack(self._at(record_at, _END64.size))
        if signature != b"PK\x06\x06" or disk or directory_disk:
            raise _damaged("The archive's end record is damaged.", f"byte {record_at}")
        return record_at, count, here, size, offset

    def _entry(self, data: bytes, at: int) -> tuple[Member, int]:
        where = f"byte {self.directory_at + at}"
        fields = _ENTRY.unpack_from(data, at)
        (
            signature,
            made_by,
            _,
            flags,
            method,
            _,
            _,
            crc,
            packed,
            size,
            name_length,
            extra_length,
            comment_length,
            disk,
            _,
            attributes,
            offset,
        ) = fields
        name_at = at + _ENTRY.size
        next_at = name_at + name_length + extra_length + comment_length
        if signature != b"PK\x01\x02" or disk or next_at > len(data):
            raise _damaged("The archive's directory is damaged.", where)
        raw_name = data[name_at : name_at + name_length]
        extra = data[name_at + name_length : name_at + name_length + extra_length]
        size, packed, offset = _wide(extra, size, packed, offset, where)
        name = _name(raw_name, flags, self.limits, where)
        _check_one_name(extra, name)
        _check_kind(name, flags, method, S_IFMT(attributes >> 16) if made_by >> 8 == _UNIX else 0)
        _check_size(name, packed, size, self.limits)
        return Member(raw_name, method, flags, crc, packed, size, offset), next_at

    def _check_as_a_whole(self) -> None:
        if sum(member.size for member in self.members) > self.limits.archive_bytes:
            raise _too_large("the archive", self.limits.archive_bytes)
        reached = 0
        for member in sorted(self.members, key=lambda member: member.offset):
            if member.offset < reached:
                raise RejectedInput(
                    "archive-overlapping-members",
                    "Members of the archive share the same bytes.",
                    where=_shown(member.name),
                    what_to_do=_AS_WRITTEN,
                )
            reached = member.offset + _LOCAL.size + len(member.raw_name) + member.packed
        if reached > self.directory_at:
            raise _damaged("A member of the archive reaches beyond its data.", f"byte {self.directory_at}")

    def _data_offset(self, member: Member) -> int:
        """Where the member's data begins; its local header must tell the same story as the directory."""
        where = _shown(member.name)
        head = self._at(member.offset, _LOCAL.size)
        if len(head) < _LOCAL.size:
            raise _damaged("A member of the archive is missing.", where)
        signature, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(head)
        raw_name = self._at(member.offset + _LOCAL.size, name_length)
        same = signature == SIGNATURE and raw_name == member.raw_name and method == member.method and not flags & _ENCRYPTED
        deferred = flags & _DEFERRED_SIZES or _ALL_ONES_32 in (packed, size)
        if not same or (not deferred and (crc, packed, size) != (member.crc, member.packed, member.size)):
            raise _damaged("A member of the archive and the directory contradict each other.", where)
        _check_one_name(self._at(member.offset + _LOCAL.size + len(raw_name), extra_length), member.name)
        data_at = member.offset + _LOCAL.size + len(raw_name) + int(extra_length)
        if data_at + member.packed > self.directory_at:
            raise _damaged("A member of the archive reaches beyond its data.", where)
        return data_at


class MemberStream:
    """Reads one member piece by piece. Raises when it inflates to more or less than declared, or when its checksum is wrong."""

    def __init__(self, stream: BinaryIO, member: Member, data_offset: int) -> None:
        self.stream = stream
        self.member = member
        self.at = data_offset
        self.packed_left = member.packed
        self.produced = 0
        self.crc = 0
        self.pending = b""
        self.deflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == DEFLATE else None
        self.zstd = self._open_zstd() if member.method == ZSTANDARD else None
        self.is_checked = False

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes of the member; b"" once it has ended and proved whole."""
        try:
            data = self._produce(size)
        except (zlib.error, zstandard.ZstdError) as error:
            raise _damaged("A member of the archive cannot be unpacked.", _shown(self.member.name)) from error
        self.produced += len(data)
        self.crc = zlib.crc32(data, self.crc)
        if self.produced > self.member.size:
            raise _damaged("A member of the archive is larger than the directory says.", _shown(self.member.name))
        if not data and not self.is_checked:
            self._check()
        return data

    def _open_zstd(self) -> "zstandard.ZstdDecompressionReader":
        return zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).stream_reader(
            cast("IO[bytes]", _Packed(self)), read_size=_CHUNK, read_across_frames=False
        )

    def packed(self, size: int) -> bytes:
        """The next compressed bytes of this member, never beyond its end."""
        self.stream.seek(self.at)
        data = self.stream.read(min(size, self.packed_left))
        self.at += len(data)
        self.packed_left -= len(data)
        return data

    def _produce(self, size: int) -> bytes:
        if self.zstd is not None:
            return self.zstd.read(size)
        if self.deflate is None:
            return self.packed(size)
        while not self.deflate.eof:
            packed = self.deflate.unconsumed_tail or self.packed(_CHUNK)
            data = self.deflate.decompress(packed, size)
            if data or not packed:
                return data
        return b""

    def _check(self) -> None:
        ended = self.deflate is None or self.deflate.eof
        unused = self.packed_left or (self.deflate is not None and self.deflate.unused_data)
        if not ended or unused or self.produced != self.member.size or self.crc != self.member.crc:
            raise _damaged("A member of the archive is damaged: length or checksum is wrong.", _shown(self.member.name))
        self.is_checked = True


class _Packed:
    """The compressed bytes of one member as the source zstandard reads from."""

    def __init__(self, member_stream: MemberStream) -> None:
        self.member_stream = member_stream

    def read(self, size: int = -1, /) -> bytes:
        return self.member_stream.packed(_CHUNK if size < 0 else size)


def _wide(extra: bytes, size: int, packed: int, offset: int, where: str) -> tuple[int, int, int]:
    """The three numbers with their 64-bit forms where the 32-bit ones are marked as too small."""
    if _ALL_ONES_32 not in (size, packed, offset):
        return size, packed, offset
    for kind, data in _extra_fields(extra):
        if kind == _WIDE_NUMBERS:
            wide = iter(struct.iter_unpack("<Q", data[: len(data) // 8 * 8]))
            values = [next(wide, (value,))[0] if value == _ALL_ONES_32 else value for value in (size, packed, offset)]
            return values[0], values[1], values[2]
    raise _damaged("The archive's directory lacks a size.", where)


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length


def _check_one_name(extra: bytes, name: str) -> None:
    if any(kind == _OTHER_NAME for kind, _ in _extra_fields(extra)):
        raise RejectedInput(
            "archive-two-names",
            "A member of the archive has a second name; different programs would read different results.",
            where=_shown(name),
            what_to_do=_AS_WRITTEN,
        )


def _name(raw: bytes, flags: int, limits: Limits, where: str) -> str:
    if len(raw) > limits.member_name_bytes:
        raise _unsafe_name("a name of " + str(len(raw)) + " bytes", where)
    name = _decoded(raw)
    parts = name.split("/")
    has_drive = len(name) > 1 and name[1] == ":" and name[0].isalpha()
    if not name or name.startswith("/") or has_drive or "\\" in name or "\x00" in name or ".." in parts:
        raise _unsafe_name(_shown(name), where)
    return name


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _unsafe_name(shown: str, where: str) -> RejectedInput:
    return RejectedInput(
        "archive-unsafe-name",
        "A member of the archive has an unsafe name; nothing was unpacked.",
        where=f"{where}: {shown}",
        what_to_do=_AS_WRITTEN,
    )


def _check_kind(name: str, flags: int, method: int, mode: int) -> None:
    if flags & (_ENCRYPTED | _STRONGLY_ENCRYPTED | _MASKED):
        raise RejectedInput(
            "archive-encrypted", "The archive is encrypted.", where=_shown(name), what_to_do="Upload the log without a password."
        )
    if mode in _SPECIAL:
        raise RejectedInput(
            "archive-special-member",
            f"A member of the archive is {_SPECIAL[mode]}, not a file.",
            where=_shown(name),
            what_to_do=_AS_WRITTEN,
        )
    if method not in (STORED, DEFLATE, ZSTANDARD):
        raise RejectedInput(
            "archive-compression", f"The archive uses a compression (method {method}) that Inspect does not write.", where=_shown(name)
        )


def _check_size(name: str, packed: int, size: int, limits: Limits) -> None:
    if size > limits.member_bytes:
        raise _too_large(name, limits.member_bytes)
    if size > limits.ratio_from_bytes and size > packed * limits.ratio:
        message = f"A member of the archive expands to more than {limits.ratio} times its size."
        raise RejectedInput("archive-bomb", message, where=_shown(name), what_to_do=_AS_WRITTEN)


def _too_large(name: str, limit: int) -> RejectedInput:
    return RejectedInput("archive-bomb", f"It expands beyond {limit >> 20} MB.", where=_shown(name), what_to_do=_AS_WRITTEN)


def _shown(name: str) -> str:
    return name if len(name) <= 120 else f"{name[:120]}…"
