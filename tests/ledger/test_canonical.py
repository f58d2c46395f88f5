import enum
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.canonical import NotCanonical, canonical, digest, joined, parse

_texts = st.text(st.characters(exclude_categories=["Cs"]))
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _texts,
    lambda inner: st.lists(inner) | st.dictionaries(_texts, inner),
    max_leaves=20,
)


class Colour(enum.StrEnum):
    RED = "red"


@given(_values)
def test_canonical_bytes_are_those_of_an_independent_implementation(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(st.dictionaries(st.from_regex("[a-z_]+", fullmatch=True), _values))
def test_an_object_joined_from_parts_that_are_written_already_is_the_object_written_at_once(value):
    assert joined({name: canonical(part) for name, part in value.items()}) == canonical(value)


@given(_values)
def test_canonical_bytes_read_back_to_the_same_value_and_the_same_bytes(value):
    assert parse(canonical(value)) == value
    assert canonical(parse(canonical(value))) == canonical(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1.50"), b'"1.5"'),
        (Decimal("1E+2"), b'"100"'),
        (Decimal("-0.0"), b'"0"'),
        (Decimal("0.000000139"), b'"0.000000139"'),
        (datetime(2026, 5, 22, 9, tzinfo=UTC), b'"2026-05-22T09:00:00.000000Z"'),
        (datetime(2026, 5, 22, 11, tzinfo=timezone(timedelta(hours=2))), b'"2026-05-22T09:00:00.000000Z"'),
        (date(2026, 5, 22), b'"2026-05-22"'),
        (UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (Colour.RED, b'"red"'),
        ((1, [True, None]), b"[1,[true,null]]"),
        ({"b": 1, "a": "\x00\x7f\u20ac"}, b'{"a":"\\u0000\x7f\xe2\x82\xac","b":1}'),
        # UTF-16 order: a character beyond the first plane sorts before U+FB33.
        ({"\ufb33": 1, "\U0001f600": 2}, '{"\U0001f600":2,"\ufb33":1}'.encode()),
    ],
)
def test_each_kind_of_value_has_one_form(value, expected):
    assert canonical(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1E+5000"),
        2**53,
        -(2**53),
        datetime(2026, 5, 22, 9),
        "\ud800",
        {"\ud800": 1},
        {1: "a"},
        {"a"},
        b"bytes",
        object(),
    ],
)
def test_what_has_no_single_form_is_refused(value):
    with pytest.raises(NotCanonical):
        canonical(value)


def test_a_value_nested_without_end_is_refused():
    value: list = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(NotCanonical):
        canonical(value)
    with pytest.raises(NotCanonical):
        parse(b"[" * 100_000)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b"1.0",
        b"1e3",
        b"NaN",
        b"-Infinity",
        b"9007199254740992",
        b"1" * 5000,
        b'"\\ud800"',
        b'"\xff"',
        b"\xef\xbb\xbf1",
        b"",
        b"{} {}",
        b"'a'",
    ],
)
def test_the_reader_refuses_what_may_be_read_in_two_ways(data):
    with pytest.raises(NotCanonical):
        parse(data)


def test_the_reader_takes_any_spacing():
    assert parse(b' { "a" : [ 1 , -2 ] } ') == {"a": [1, -2]}


def test_a_digest_names_its_function_and_tells_bytes_from_values():
    assert digest(b"{}") == digest({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert digest("{}") != digest(b"{}")
    assert json.loads(canonical("{}")) == "{}"
