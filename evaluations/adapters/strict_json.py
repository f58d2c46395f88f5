"""JSON as a guarded door: one pass, no recursion, numbers kept as the text they are.

Unlike the standard library it refuses a key given twice, caps depth, tokens and lengths, and never turns a number into a float.
Unlike strict parsers it lets the bare tokens NaN, Infinity and -Infinity through as numbers that are not finite, because harnesses write them.
Parts that nobody needs (transcripts) are passed over: checked like the rest, but never built.

Where a whole list or object lies in sight and is plain, the standard library's scanner takes it in one leap. Whatever is odd about it is
left to the careful steps, which name it and its place: the leap makes the reading fast and changes no answer.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from evaluations.adapters.limits import LIMITS, Limits
from evaluations.adapters.types import RejectedInput
from evaluations.adapters.window import Readable, Window, cut_short


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in the file: `0.60`, `1e-05`, `NaN`."""

    text: str


class Skipped:
    """Stands where a value was checked and passed over."""


SKIPPED: Final = Skipped()
Json: TypeAlias = "bool | str | Number | Skipped | list[Json] | dict[str, Json] | None"
Path = tuple[str, ...]

_GAP = r"[ \t\n\r]*+"
_BODY = r'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?![0-9.eE+-])|NaN|-?Infinity"
_WORD = "true|false|null"
_TOKEN = re.compile(rf'{_GAP}(?:(?P<mark>[{{}}\[\],:])|(?P<string>"{_BODY}")|(?P<number>{_NUMBER})|(?P<word>{_WORD}))')
_LEAF = rf'(?:"{_BODY}"|{_NUMBER}|{_WORD}|\{{{_GAP}\}}|\[{_GAP}\])'
# One member, or one element, up to the mark that ends it or opens the next level: what the hurried pass takes in one step.
_MEMBER = re.compile(rf'{_GAP}"({_BODY})"{_GAP}:{_GAP}(?:{_LEAF}{_GAP}([,}}])|([{{\[]))')
_ELEMENT = re.compile(rf"{_GAP}(?:{_LEAF}{_GAP}([,\]])|([{{\[]))")
_ENDING = re.compile(rf"{_GAP}([,}}\]])")
_OPEN_STRING = re.compile(rf'"{_BODY}')
_BEGUN_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*+)(?:\.[0-9]*+)?(?:[eE][+-]?[0-9]*+)?)?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_LONGEST_ESCAPE = 6
# How many characters may be read in vain by the hurried reading of whole values, beyond as many as have been read for good.
_IN_VAIN = 4 << 20
# How far the hurried reading looks once something did not end within the window: what contains that does not either.
_AHEAD = 8 << 10


def _malformed(where: str, message: str = "The file is not valid JSON here.") -> RejectedInput:
    return RejectedInput("json-malformed", message, where=where, what_to_do="Upload the file as the harness wrote it.")


class _NotPlain(ValueError):
    """Something the careful steps must look at."""


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotPlain
    return found


def _hides_a_character(window: str, start: int, end: int) -> bool:
    """Whether an escape may stand for NUL or for half of a character; everything else in a text is as good as it looks."""
    return window.find("\\u", start, end) >= 0 and any(window.find(mark, start, end) >= 0 for mark in ("\\u0000", "\\ud", "\\uD"))


def _measured(value: Json, deepest: int) -> int | None:
    """How many tokens a built list or object was written with; None when it nests deeper than so many levels."""
    tokens, depth = 1, 0
    level: list[Json] = [value]
    while level:
        depth += 1
        if depth > deepest:
            return None
        inner: list[Json] = []
        for container in level:
            if isinstance(container, dict):
                tokens += 4 * len(container) or 1
                inner += [value for value in container.values() if value.__class__ is dict or value.__class__ is list]
            elif isinstance(container, list):
                tokens += 2 * len(container) or 1
                inner += [value for value in container if value.__class__ is dict or value.__class__ is list]
        level = inner
    return tokens


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

    text: Window
    limits: Limits
    skip: frozenset[Path] = frozenset()
    root: Json = None
    is_done: bool = False
    stack: list[_Open] = field(default_factory=list)
    tokens: int = 0
    skipped_tokens: int = 0
    skip_depth: int | None = None

    following: str = "value"
    in_vain: int = 0
    scanner: json.JSONDecoder = field(init=False)
    on_the_way: frozenset[Path] = field(init=False)

    def __post_init__(self) -> None:
        number = self.number
        self.scanner = json.JSONDecoder(object_pairs_hook=_object, parse_float=number, parse_int=number, parse_constant=Number)
        self.on_the_way = frozenset(path[:length] for path in self.skip for length in range(len(path)))

    def number(self, text: str) -> Number:
        if len(text) > self.limits.json_number:
            raise _NotPlain
        return Number(text)

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
                raise self.bad_token() if match is None else cut_short(text.place())
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
            return cut_short(text.place()) if not left or left[0] == "\\" else _malformed(text.place(opened.end()))
        return cut_short(text.place(start)) if beginning else _malformed(text.place(start))

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
        if self.skip_depth is None:
            path = tuple(open_.step for open_ in self.stack) if self.skip else ()
            if path in self.skip:
                self.place_value(SKIPPED)
                self.skip_depth = len(self.stack)
            elif path not in self.on_the_way and self.leap():
                return
        value: dict[str, Json] | list[Json] | None = None
        if self.skip_depth is None:
            value = {} if piece == "{" else []
            self.place_value(value)
        self.stack.append(_Open(value, set() if piece == "{" else None))
        self.following = "first_key" if piece == "{" else "first_value"

    def leap(self) -> bool:
        """Take the whole list or object that has just been opened in one step, if it ends within sight and is plain.

        True leaves everything as the careful steps would have left it after its end; False leaves it all to them, and they refuse what is to
        be refused. What is read in vain is bounded, so that no file can have the same text read again at every level of its nesting.
        """
        text = self.text
        start = text.at - 1
        if self.in_vain > _IN_VAIN + text.bytes_before + start:
            return False
        sight, begin = (text.window, start) if self.in_vain == 0 else (text.window[start : start + _AHEAD], 0)
        try:
            value, end = self.scanner.raw_decode(sight, begin)
        except (ValueError, RecursionError) as error:
            self.in_vain += error.pos - begin + 1 if isinstance(error, json.JSONDecodeError) else len(sight) - begin
            return False
        length = end - begin
        counted = _measured(value, self.limits.json_depth - len(self.stack))
        if (
            counted is None
            or self.tokens + counted - 1 > self.limits.json_tokens
            or length > self.limits.json_string
            or _hides_a_character(sight, begin, end)
        ):
            self.in_vain += length
            return False
        self.tokens += counted - 1  # its opening mark is counted already
        text.at = start + length
        self.put(value)
        return True

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
    reader = _Reader(Window(stream, limits, is_head=False), limits, skip)
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
        reader = _Reader(Window(stream, limits, is_head=True), limits)
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
