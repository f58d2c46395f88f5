"""JSON as a guarded door: one pass, no recursion, numbers kept as the text they are.

Unlike the standard library it refuses a key given twice, caps depth, tokens and lengths, and never turns a number into a float.
Unlike strict parsers it lets the bare tokens NaN, Infinity and -Infinity through as numbers that are not finite, because harnesses write them.
Parts that nobody needs (transcripts) are passed over: checked like the rest, but never built.
"""

import codecs
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from evaluations.adapters.limits import LIMITS, Limits
from evaluations.adapters.types import RejectedInput


class Readable(Protocol):
    """Anything that gives bytes, b"" at the end."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in the file: `0.60`, `1e-05`, `NaN`."""

    text: str


class Skipped:
    """Stands where a value was checked and passed over."""


SKIPPED: Final = Skipped()
Json: TypeAlias = "bool | str | Number | Skipped | list[Json] | dict[str, Json] | None"
Path = tuple[str, ...]

_CHUNK = 1 << 20
_BODY = r'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
_TOKEN = re.compile(
    r"[ \t\n\r]*+(?:(?P<mark>[{}\[\],:])"
    rf'|(?P<string>"{_BODY}")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?![0-9.eE+-])|NaN|-?Infinity)"
    r"|(?P<word>true|false|null))"
)
_STRING = rf'"{_BODY}"'
_LEAF = (
    rf"(?:{_STRING}|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|true|false|null|NaN|-?Infinity"
    r"|\{[ \t\n\r]*+\}|\[[ \t\n\r]*+\])"
)
# One member, or one element, up to the mark that ends it or opens the next level: what the hurried pass takes in one step.
_MEMBER = re.compile(rf'[ \t\n\r]*+"({_BODY})"[ \t\n\r]*+:[ \t\n\r]*+(?:{_LEAF}[ \t\n\r]*+([,}}])|([{{\[]))')
_ENDING = re.compile(r"[ \t\n\r]*+([,}\]])")
_ELEMENT = re.compile(rf"[ \t\n\r]*+(?:{_LEAF}[ \t\n\r]*+([,\]])|([{{\[]))")
_OPEN_STRING = re.compile(rf'"{_BODY}')
_BEGUN_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*+)(?:\.[0-9]*+)?(?:[eE][+-]?[0-9]*+)?)?")
_SPACE = re.compile(r"[ \t\n\r]*+")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_LONGEST_ESCAPE = 6
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class _Text:
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
                raise _cut_short(f"byte {place}") from error
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


def _cut_short(where: str) -> RejectedInput:
    return RejectedInput(
        "incomplete",
        "The file stops in the middle: it is not complete.",
        where=where,
        what_to_do="Copy the file again from where it was written, and upload it again.",
    )


def _malformed(where: str, message: str = "The file is not valid JSON here.") -> RejectedInput:
    return RejectedInput("json-malformed", message, where=where, what_to_do="Upload the file as the harness wrote it.")


@dataclass(slots=True)
class _Open:
    """A container that has been opened and not yet closed."""

    value: dict[str, Json] | list[Json] | None
    keys: set[str] | None = None
    key: str = ""
    items: int = 0

    @property
    def step(self) -> str:
        return self.key if self.keys is not None else str(self.items)


@dataclass(slots=True)
class _Reader:
    """The one pass. `root` is there from the first piece on, so a look at a cut head still sees what came before the cut."""

    text: _Text
    limits: Limits
    skip: frozenset[Path] = frozenset()
    root: Json = None
    is_done: bool = False
    stack: list[_Open] = field(default_factory=list)
    tokens: int = 0
    skipped_tokens: int = 0
    skip_depth: int | None = None

    following: str = "value"

    def read(self) -> None:
        """Read one value and whatever white space follows it."""
        steps: dict[str, Callable[[str, str], None]] = {
            "value": self.value,
            "first_value": self.first_value,
            "key": self.key,
            "first_key": self.first_key,
            "colon": self.colon,
            "after": self.after,
        }
        while not self.is_done:
            if self.skip_depth is not None and self.following != "colon":
                self.hurry()
            kind, piece = self.next_token()
            steps[self.following](kind, piece)
        self.nothing_more()

    def hurry(self) -> None:
        """Pass over members and elements in whole steps, as far as they are plain and lie within the window.

        Stops without complaint before anything unusual (an escaped or repeated key, a level too deep, the end of the window), and before
        the end of what is passed over; the careful steps go on from there.
        """
        window, at, stack = self.text.window, self.text.at, self.stack
        ended: str | None
        opened: str | None
        while self.skipped_tokens < self.limits.json_skipped_tokens:
            top = stack[-1]
            keys = top.keys
            if self.following == "after":
                match = _ENDING.match(window, at)
                ended, opened = (match[1], None) if match else (None, None)
            elif keys is None:
                match = _ELEMENT.match(window, at)
                ended, opened = match.groups() if match else (None, None)
            else:
                match = _MEMBER.match(window, at)
                if match is None or match[1] in keys or "\\" in match[1] or (match[3] and len(stack) >= self.limits.json_depth):
                    break
                key, ended, opened = match.groups()
                keys.add(key)
            if match is None or match.end() - at > self.limits.json_skipped_string or (opened and len(stack) >= self.limits.json_depth):
                break
            self.skipped_tokens += 1
            if opened:
                stack.append(_Open(None, set() if opened == "{" else None))
                at, self.following = match.end(), "first_key" if opened == "{" else "first_value"
            elif ended == ",":
                at, self.following = match.end(), "value" if keys is None else "key"
            elif ended == ("]" if keys is None else "}") and len(stack) - 1 != self.skip_depth:
                stack.pop()
                at, self.following = match.end(), "after"
            else:
                at, self.following = match.end() - 1, "after"
                break
        self.text.at = at

    def next_token(self) -> tuple[str, str]:
        text = self.text
        while True:
            match = _TOKEN.match(text.window, text.at)
            if match and (match.end() < len(text.window) or match.lastgroup in ("mark", "string") or text.ended):
                break
            if match is None:
                self.check_open_token()
            if not text.more():
                raise self.bad_token() if match is None else _cut_short(text.place())
        kind = match.lastgroup or ""
        piece = match[kind]
        self.count(kind, piece)
        text.at = match.end()
        return kind, piece

    def count(self, kind: str, piece: str) -> None:
        skipping = self.skip_depth is not None
        if skipping:
            self.skipped_tokens += 1
        else:
            self.tokens += 1
        if self.tokens > self.limits.json_tokens or self.skipped_tokens > self.limits.json_skipped_tokens:
            raise RejectedInput("json-too-many-values", "The file holds more values than a result needs.", where=self.text.place())
        if kind == "string" and len(piece) > self.longest_string():
            raise self.too_long()
        if kind == "number" and len(piece) > self.limits.json_number:
            raise RejectedInput("json-number-too-long", "A number in the file is absurdly long.", where=self.text.place())

    def longest_string(self) -> int:
        return self.limits.json_string if self.skip_depth is None else self.limits.json_skipped_string

    def too_long(self) -> RejectedInput:
        return RejectedInput("json-string-too-long", "One text in the file is longer than a result needs.", where=self.text.place())

    def check_open_token(self) -> None:
        """Nothing matches yet: refuse at once what no further byte can mend."""
        text = self.text
        start = text.past_space()
        if len(text.window) - start > self.longest_string():
            raise self.too_long()
        opened = _OPEN_STRING.match(text.window, start)
        if opened:
            if len(text.window) - opened.end() >= _LONGEST_ESCAPE:
                raise _malformed(text.place(opened.end()), "A text in the file holds a character that JSON does not allow.")
        elif len(text.window) - start > self.limits.json_number:
            raise _malformed(text.place(start))

    def bad_token(self) -> RejectedInput:
        """The stream has ended and what is left is nothing: cut short, or simply wrong."""
        text = self.text
        start = text.past_space()
        rest = text.window[start : start + 16]
        opened = _OPEN_STRING.match(text.window, start)
        beginning = bool(_BEGUN_NUMBER.fullmatch(text.window, start)) or any(
            word.startswith(rest) for word in ("true", "false", "null", "NaN", "Infinity", "-Infinity")
        )
        if opened:
            left = text.window[opened.end() :]
            return _cut_short(text.place()) if not left or left[0] == "\\" else _malformed(text.place(opened.end()))
        return _cut_short(text.place(start)) if beginning else _malformed(text.place(start))

    def value(self, kind: str, piece: str) -> None:
        if kind == "mark":
            if piece not in "{[":
                raise _malformed(self.text.place())
            self.open(piece)
        elif kind == "string":
            self.put(self.unescape(piece) if self.skip_depth is None else "")
        elif kind == "number":
            self.put(Number(piece))
        else:
            self.put(_WORDS[piece])

    def first_value(self, kind: str, piece: str) -> None:
        if piece == "]" and kind == "mark":
            self.close()
        else:
            self.value(kind, piece)

    def key(self, kind: str, piece: str) -> None:
        if kind != "string":
            raise _malformed(self.text.place())
        top = self.stack[-1]
        key = self.unescape(piece) if self.skip_depth is None or "\\" in piece else piece[1:-1]
        assert top.keys is not None
        if key in top.keys:
            shown = key if len(key) <= 80 else f"{key[:80]}…"
            raise RejectedInput(
                "json-duplicate-key",
                f"The key “{shown}” stands twice in one object: two programs would read two different results.",
                where=f"{self.text.place()}, {self.pointer()}",
                what_to_do="Upload the file as the harness wrote it.",
            )
        top.keys.add(key)
        top.key = key
        self.following = "colon"

    def first_key(self, kind: str, piece: str) -> None:
        if piece == "}" and kind == "mark":
            self.close()
        else:
            self.key(kind, piece)

    def colon(self, kind: str, piece: str) -> None:
        if piece != ":" or kind != "mark":
            raise _malformed(self.text.place())
        self.following = "value"

    def after(self, kind: str, piece: str) -> None:
        top = self.stack[-1]
        if kind == "mark" and piece == ",":
            top.items += 1
            self.following = "key" if top.keys is not None else "value"
        elif kind == "mark" and piece == ("}" if top.keys is not None else "]"):
            self.close()
        else:
            raise _malformed(self.text.place())

    def open(self, piece: str) -> None:
        if len(self.stack) >= self.limits.json_depth:
            raise RejectedInput("json-too-deep", f"The file nests more than {self.limits.json_depth} levels.", where=self.text.place())
        if self.skip_depth is None and self.is_passed_over():
            self.place_value(SKIPPED)
            self.skip_depth = len(self.stack)
        value: dict[str, Json] | list[Json] | None = None
        if self.skip_depth is None:
            value = {} if piece == "{" else []
            self.place_value(value)
        self.stack.append(_Open(value, set() if piece == "{" else None))
        self.following = "first_key" if piece == "{" else "first_value"

    def is_passed_over(self) -> bool:
        return bool(self.skip) and tuple(open_.step for open_ in self.stack) in self.skip

    def put(self, value: Json) -> None:
        if self.skip_depth is None:
            self.place_value(value)
        self.settle()

    def place_value(self, value: Json) -> None:
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        if isinstance(top.value, dict):
            top.value[top.key] = value
        elif isinstance(top.value, list):
            top.value.append(value)

    def close(self) -> None:
        self.stack.pop()
        if self.skip_depth == len(self.stack):
            self.skip_depth = None
        self.settle()

    def settle(self) -> None:
        self.is_done = not self.stack
        self.following = "after"

    def pointer(self) -> str:
        return "#" + "".join(f"/{open_.step}" for open_ in self.stack[:-1])

    def unescape(self, piece: str) -> str:
        text: str = json.loads(piece) if "\\" in piece else piece[1:-1]
        if "\x00" in text:
            raise RejectedInput("nul-character", "A text in the file holds a NUL character.", where=self.text.place())
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise RejectedInput(
                "lone-surrogate", "A text in the file holds half of a character (a lone surrogate).", where=self.text.place()
            )
        return text

    def nothing_more(self) -> None:
        text = self.text
        while True:
            text.at = text.past_space()
            if text.at < len(text.window):
                raise RejectedInput(
                    "json-extra-data",
                    "There is more in the file after its JSON document has ended.",
                    where=text.place(),
                    what_to_do="Upload one document a file.",
                )
            if not text.more():
                return


def parse(stream: Readable, *, limits: Limits = LIMITS, skip: frozenset[Path] = frozenset()) -> Json:
    """The one JSON document in the stream; raises RejectedInput with the byte offset. Paths in `skip` are checked but stand as SKIPPED."""
    reader = _Reader(_Text(stream, limits, is_head=False), limits, skip)
    reader.read()
    return reader.root


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What the head of a file shows of its first JSON value, and whether that value ended and more followed on the next line."""

    value: Json
    is_complete: bool
    is_followed: bool


def glimpse(stream: Readable, *, limits: Limits = LIMITS) -> Glimpse | None:
    """As much of the first JSON value as the head holds, built so far; None if it does not begin like JSON. Never refuses."""
    try:
        reader = _Reader(_Text(stream, limits, is_head=True), limits)
    except RejectedInput:
        return None
    is_followed = False
    try:
        reader.read()
    except RejectedInput as refusal:
        is_followed = refusal.code == "json-extra-data"
    if reader.root is None and not reader.is_done:
        return None
    return Glimpse(reader.root, reader.is_done, is_followed)
