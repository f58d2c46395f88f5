"""Which signs a font has, read from its own table (OpenType `cmap`, format 12: runs of code points)."""

import struct
from pathlib import Path

RUNS = 12


def signs_of(font: Path) -> frozenset[int]:
    """The code points the font has a glyph for; none where it says so in another format."""
    data = font.read_bytes()
    (tables,) = struct.unpack_from(">H", data, 4)
    places = {tag: offset for tag, _, offset, _ in struct.iter_unpack(">4sIII", data[12 : 12 + 16 * tables])}
    cmap = places[b"cmap"]
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    offsets = {cmap + offset for _, _, offset in struct.iter_unpack(">HHI", data[cmap + 4 : cmap + 4 + 8 * count])}
    return frozenset(sign for offset in offsets for sign in _in(data, offset))


def _in(data: bytes, at: int) -> list[int]:
    form, runs = struct.unpack_from(">H10xI", data, at)
    if form != RUNS:
        return []
    held = struct.iter_unpack(">III", data[at + 16 : at + 16 + 12 * runs])
    return [sign for first, last, _ in held for sign in range(first, last + 1)]
