"""Numbers keep what they came with; absence is a dash, never zero."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from asl_portal.look import formats
from asl_portal.templatetags import look

AT = datetime(2026, 5, 22, 9, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("0.6124", "0.6124"),
        ("1.50", "1.50"),
        (Decimal("0.139108343012"), "0.139108343012"),
        (12345, "12,345"),
        ("-3.5", "−3.5"),
        (0, "0"),
        (None, "–"),
        ("", "–"),
        ("inf", "∞"),
        ("-Infinity", "−∞"),
        ("n/a", "n/a"),
        ("1E-9", "1 × 10⁻⁹"),
        ("2.5e20", "2.5 × 10²⁰"),
        (True, "True"),
    ],
)
def test_a_number_is_written_with_every_digit_it_has(value: object, written: str) -> None:
    assert formats.number(value) == written


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        ("0.139108343012", 4, "0.1391"),
        ("3.41207", 3, "3.41"),
        ("12345.678", 4, "12,346"),
        ("0.5", 4, "0.5"),
        ("1200", 2, "1,200"),
        ("0.10", 4, "0.10"),
        (None, 4, "–"),
    ],
)
def test_a_number_may_be_shortened_but_never_its_whole_part(value: object, digits: int, written: str) -> None:
    assert formats.significant(value, digits) == written


@pytest.mark.parametrize(("value", "written"), [("0.139", "13.9 %"), ("1", "100 %"), ("0", "0 %"), ("0.139108343", "13.91 %"), (None, "–")])
def test_a_share_is_written_as_a_percentage(value: object, written: str) -> None:
    assert formats.percent(value) == written


def test_a_side_without_a_bound_is_unbounded_not_empty() -> None:
    assert formats.interval("0.21", "0.4") == "0.21 to 0.4"
    assert formats.interval("0.21", None) == "0.21 to ∞"
    assert formats.interval("", "0.4") == "−∞ to 0.4"


def test_a_digest_is_shortened_only_when_it_is_long() -> None:
    assert formats.short_digest("sha256:" + "1f" * 32) == "sha256:1f1f1f1f…"
    assert formats.short_digest("short") == "short"
    assert 'title="sha256:' in look.digest("sha256:" + "1f" * 32)
    assert look.digest("") == "–"


def test_times_are_written_in_utc_with_their_zone_on_hover() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    assert (
        look.moment(elsewhere) == '<time datetime="2026-05-22T09:00:05Z" title="Friday 22 May 2026, 09:00:05 UTC">22 May 2026, 09:00</time>'
    )
    assert look.moment(None) == "–"
    assert look.day(date(2026, 5, 2)) == '<time datetime="2026-05-02" title="until the end of that day, UTC">2 May 2026</time>'


@pytest.mark.parametrize(("hours", "said"), [(-73, "3 days ago"), (-1, "1 hour ago"), (0, "less than a minute ago"), (50, "in 2 days")])
def test_how_long_ago_is_said_in_one_unit(hours: int, said: str) -> None:
    told = look.ago(AT + timedelta(hours=hours), AT)
    assert said in told and re.search(r'<time datetime="[^"]+Z" title="[^"]+ UTC">', told)


@pytest.mark.parametrize(
    ("letter", "label", "short"), [("D", "ASL-3", "D3"), ("S", "SL2", "S2"), ("D", "High", "D High"), ("S", "ASL-10", "S10")]
)
def test_a_tier_has_a_short_name_that_keeps_its_axis(letter: str, label: str, short: str) -> None:
    assert look.short_tier(letter, label) == short


@pytest.mark.parametrize(
    ("count", "said"), [(512, "512 B"), (3400, "3.4 kB"), (1_200_000, "1.2 MB"), (5_000_000_000, "5.0 GB"), (None, "–")]
)
def test_a_size_is_said_in_its_unit(count: int | None, said: str) -> None:
    assert formats.size(count) == said
