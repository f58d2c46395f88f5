"""The guarded JSON door: what the standard reader reads, it reads; what is ambiguous or endless, it refuses."""

import json
import math
import os
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluations.adapters import strict_json
from evaluations.adapters.inspect_header import PASSED_OVER
from evaluations.adapters.limits import LIMITS, Limits
from evaluations.adapters.strict_json import SKIPPED, Json, Number, glimpse, parse
from evaluations.adapters.types import RejectedInput
from evaluations.adapters.window import Window


class Drip:
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self.data, self.step = BytesIO(data), step

    def read(self, size: int, /) -> bytes:
        return self.data.read(min(size, self.step))


def _plain(value: Json) -> Any:
    if isinstance(value, Number):
        return float(value.text)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _code(data: bytes, **options: Any) -> str:
    with pytest.raises(RejectedInput) as refused:
        parse(BytesIO(data), **options)
    assert refused.value.where
    return refused.value.code


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
)


@given(value=_VALUES, ascii_only=st.booleans(), step=st.integers(1, 40))
def test_it_reads_what_the_standard_reader_reads(value: Any, ascii_only: bool, step: int) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only, indent=1).encode()
    assert _plain(parse(Drip(data, step))) == json.loads(data)


@given(value=_VALUES, step=st.integers(1, 40), data=st.data())
def test_cut_anywhere_it_is_incomplete(value: Any, step: int, data: st.DataObject) -> None:
    whole = json.dumps({"a": value, "z": [1, "é"]}, ensure_ascii=False).encode()
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(RejectedInput) as refused:
        parse(Drip(whole[:cut], step))
    assert refused.value.code == "incomplete"


@pytest.mark.parametrize("text", ["0.60", "1e-05", "-0.0", "12345678901234567890", "NaN", "-Infinity"])
def test_numbers_stay_the_text_they_are(text: str) -> None:
    assert parse(BytesIO(f"[{text}]".encode())) == [Number(text)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"a":1,"a":2}', "json-duplicate-key"),
        (b'{"a":1,"\\u0061":2}', "json-duplicate-key"),
        (b'{"s":[{"a":1,"a":2}]}', "json-duplicate-key"),
        (b'{"a":1} {"b":2}', "json-extra-data"),
        (b"[1,]", "json-malformed"),
        (b"{,}", "json-malformed"),
        (b'{"a" 1}', "json-malformed"),
        (b"[01]", "json-malformed"),
        (b"[1}", "json-malformed"),
        (b"[+1]", "json-malformed"),
        (b"['a']" + b" " * 5000, "json-malformed"),
        (b'["\x01"            ]', "json-malformed"),
        (b'["\\x41"            ]', "json-malformed"),
        (b'["\\u0000"]', "nul-character"),
        (b'["\\ud800"]', "lone-surrogate"),
        (b'["\xff"]', "not-utf-8"),
        (b"[" * 129 + b"]" * 129, "json-too-deep"),
        (b"[" + b"1" * 5000 + b"]", "json-number-too-long"),
    ],
)
def test_what_is_ambiguous_broken_or_endless_is_refused(data: bytes, code: str) -> None:
    assert _code(data) == code


def test_the_place_is_a_byte_of_the_file() -> None:
    with pytest.raises(RejectedInput) as refused:
        parse(BytesIO('{"é": nope}'.encode()))
    assert refused.value.where == "byte 7"


def test_many_values_and_long_texts_are_refused_within_bounds() -> None:
    small = Limits(json_tokens=100, json_string=1000)
    assert _code(b"[" + b"1," * 200 + b"1]", limits=small) == "json-too-many-values"
    assert _code(b'["' + b"x" * 5000 + b'"]', limits=small) == "json-string-too-long"
    assert _code(b'["' + b"x" * (3 << 20), limits=small) == "json-string-too-long"


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_marked_encodings_are_decoded(codec: str) -> None:
    assert parse(BytesIO('{"naïve": 1}'.encode(codec))) == {"naïve": Number("1")}


def test_what_is_passed_over_is_still_checked() -> None:
    skip = frozenset({("samples",)})
    assert parse(BytesIO(b'{"samples": [{"a": "\\ud800"}], "b": 1}'), skip=skip) == {"samples": SKIPPED, "b": Number("1")}
    assert parse(BytesIO(b'{"samples": null}'), skip=skip) == {"samples": None}
    for broken in (b'{"samples": [{"a": 1, "a": 2}]}', b'{"samples": [1', b'{"samples": [1,,2]}'):
        with pytest.raises(RejectedInput):
            parse(BytesIO(broken), skip=skip)
    assert _code(b'{"samples": [' + b"1," * 200 + b"1]}", skip=skip, limits=Limits(json_skipped_tokens=100)) == "json-too-many-values"


@given(value=_VALUES, step=st.integers(1, 40), data=st.data())
def test_passing_over_accepts_just_what_reading_accepts(value: Any, step: int, data: st.DataObject) -> None:
    text = json.dumps({"samples": [value, {"a": value}], "b": 1}, indent=data.draw(st.sampled_from([None, 1])))
    place = data.draw(st.integers(0, len(text)))
    piece = data.draw(st.sampled_from(["", ",", "}", "]", "[", '"', ":", "1", '"a":', "{}"]))
    changed = (text[:place] + piece + text[place + data.draw(st.integers(0, 2)) :]).encode()
    read = _outcome(changed, step, frozenset())
    assume(read != "lone-surrogate")  # half of a character is refused where it would be built, and passed over where nothing is
    assert read == _outcome(changed, step, frozenset({("samples",)}))


def _outcome(data: bytes, step: int, skip: frozenset[tuple[str, ...]]) -> str:
    try:
        value = parse(Drip(data, step), skip=skip)
    except RejectedInput as refusal:
        return refusal.code
    return "read" if not isinstance(value, dict) else ",".join(value)


_SKIP = frozenset({("samples",), ("results", "reductions"), ("results", "scores", "1")})
_KEYS = st.sampled_from(["samples", "results", "reductions", "scores", "a", "é", "\\", "\u2028"]) | _TEXT
_DOCUMENTS = st.recursive(
    _VALUES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5),
)
_PIECES = [
    "",
    " ",
    ",",
    "}",
    "]",
    "{",
    "[",
    '"',
    ":",
    "1",
    '"a":',
    "{}",
    '"\\u0000"',
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    "NaN",
    "-0",
    "1e5",
    "tru",
    "\x07",
]


@settings(max_examples=400, deadline=None)
@given(value=_DOCUMENTS, data=st.data())
def test_whole_values_taken_in_one_leap_give_the_very_answer_of_careful_steps(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans()), indent=data.draw(st.sampled_from([None, 1])))
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(0, len(text)))
        text = text[:place] + data.draw(st.sampled_from(_PIECES)) + text[place + data.draw(st.integers(0, 3)) :]
    limits = Limits(
        json_depth=data.draw(st.sampled_from([2, 5, 128])),
        json_tokens=data.draw(st.sampled_from([6, 30, 500_000])),
        json_string=data.draw(st.sampled_from([4, 20, 8 << 20])),
        json_number=data.draw(st.sampled_from([2, 8, 4096])),
    )
    skip = data.draw(st.sampled_from([frozenset[tuple[str, ...]](), _SKIP]))
    for step in (1 << 20, data.draw(st.integers(1, 40))):
        assert _answer(strict_json._Reader, text.encode(), step, limits, skip) == _answer(StepByStep, text.encode(), step, limits, skip)


class StepByStep(strict_json._Reader):
    """The careful steps alone."""

    def leap(self) -> bool:
        return False


def _answer(
    reader: type[strict_json._Reader], data: bytes, step: int, limits: Limits = LIMITS, skip: frozenset[tuple[str, ...]] = frozenset()
) -> Any:
    """What is read and how many tokens were counted, or the refusal."""
    try:
        reading = reader(Window(Drip(data, step), limits, is_head=False), limits, skip)
        reading.read()
        return _ordered(reading.root), reading.tokens, reading.skipped_tokens
    except RejectedInput as refusal:
        return refusal.code, refusal.message, refusal.where, refusal.what_to_do


def _ordered(value: Json) -> Any:
    """The value with the order of its keys, which a dictionary's own equality does not look at."""
    if isinstance(value, dict):
        return [(key, _ordered(inner)) for key, inner in value.items()]
    return [_ordered(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("levels", [127, 128, 129, 5_000])
def test_a_leap_takes_no_level_more_than_the_careful_steps(levels: int) -> None:
    data = b"[" * levels + b"]" * levels
    assert _answer(strict_json._Reader, data, 1 << 20) == _answer(StepByStep, data, 1 << 20)


FOLDERS = [Path(__file__).parents[2] / "samples", Path(os.environ.get("ASL_SAMPLES_DIR") or "/nonexistent")]
SAMPLES = [path for folder in FOLDERS for path in sorted(folder.rglob("*.json")) if path.stat().st_size < 2 << 20]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("skip", [frozenset(), PASSED_OVER], ids=["all", "header"])
def test_a_leap_changes_nothing_of_a_true_file(path: Path, skip: frozenset[tuple[str, ...]]) -> None:
    data = path.read_bytes()
    for step in (1 << 20, 5_000):
        assert _answer(strict_json._Reader, data, step, skip=skip) == _answer(StepByStep, data, step, skip=skip)


def test_a_document_that_is_odd_at_every_level_is_not_read_over_and_over() -> None:
    nested = '{"a":' * 100 + '"\\ud800' + "x" * 900_000 + '"' + "}" * 100
    started = time.process_time()
    assert _code(nested.encode()) == "lone-surrogate"
    assert time.process_time() - started < 1


def test_a_glimpse_shows_what_came_before_the_cut() -> None:
    seen = glimpse(BytesIO(b'{"status": "success", "eval": {"model": "m", "tas'))
    assert seen is not None and seen.value == {"status": "success", "eval": {"model": "m"}} and not seen.is_complete
    lines = glimpse(BytesIO(b'{"a": 1}\n{"b": 2}\n'))
    assert lines is not None and lines.is_complete and lines.is_followed
    assert glimpse(BytesIO(b"no json")) is None


def test_the_numbers_of_infinity_are_numbers_that_are_none() -> None:
    assert math.isnan(_plain(parse(BytesIO(b"[NaN]")))[0])
