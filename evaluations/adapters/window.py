"""A stream of bytes as text with a window that moves forward: never the whole file at once, and always the byte one stands at."""

import codecs
import re
from typing import Protocol

from evaluations.adapters.limits import Limits
from evaluations.adapters.types import RejectedInput

_CHUNK = 1 << 20
_SPACE = re.compile(r"[ \t\n\r]*+")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Readable(Protocol):
    """Anything that gives bytes, b"" at the end."""

    def read(self, size: int, /) -> bytes: ...


class Window:
    """The stream as decoded text with a window that moves forward; knows the byte offset of what it shows."""

    def __init__(self, stream: Readable, limits: Limits, *, is_head: bool) -> None:
        self.stream = stream
        self.limits = limits
        self.is_head = is_head
        first = stream.read(_CHUNK)
        mark, self.codec = next(((mark, codec) for mark, codec in _MARKS if first.startswith(mark)), (b"", "utf-8"))
        self.decoder = codecs.getincrementaldecoder(self.codec)()
        self.bytes_before = len(mark)
        self.bytes_decoded = len(mark)
        self.window = ""
        self.at = 0
        self.ended = False
        self._take(first[len(mark) :])

    def _take(self, data: bytes) -> None:
        """Decode one more piece behind the window, dropping what was read."""
        read = self.window[: self.at]
        self.bytes_before += len(read) if read.isascii() and self.codec == "utf-8" else len(read.encode(self.codec))
        self.ended = not data
        try:
            text = self.decoder.decode(data, final=self.ended and not self.is_head)
        except UnicodeDecodeError as error:
            place = self.bytes_decoded + max(error.start, 0)
            if self.ended and error.reason in ("unexpected end of data", "truncated data"):
                raise cut_short(f"byte {place}") from error
            raise RejectedInput(
                "not-utf-8",
                f"The file is not valid {self.codec.upper()} text.",
                where=f"byte {place}",
                what_to_do="Save the file as UTF-8 and upload it again.",
            ) from error
        self.bytes_decoded += len(data)
        self.window = self.window[self.at :] + text
        self.at = 0

    def more(self) -> bool:
        """Widen the window by at least its own length; False at the end of the stream."""
        if self.ended:
            return False
        self._take(self.stream.read(max(_CHUNK, len(self.window) - self.at)))
        return True

    def past_space(self) -> int:
        """Where the next piece begins in the window."""
        space = _SPACE.match(self.window, self.at)
        return space.end() if space else self.at

    def place(self, at: int | None = None) -> str:
        """Where the reading stands, for a person: "byte 1234"."""
        before = self.window[: self.at if at is None else at]
        return f"byte {self.bytes_before + len(before.encode(self.codec, 'surrogatepass'))}"


def cut_short(where: str) -> RejectedInput:
    return RejectedInput(
        "incomplete",
        "The file stops in the middle: it is not complete.",
        where=where,
        what_to_do="Copy the file again from where it was written, and upload it again.",
    )
