"""Decimal text and names: small tables of input and answer."""

import pytest

from evaluations.adapters.figures import canonical, count, figure, implied_count
from evaluations.adapters.names import has_marks, is_private_path, names_no_model, normal_form
from evaluations.adapters.strict_json import Number


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("0.630", "0.63"),
        ("1e-05", "0.00001"),
        ("-0.0", "0"),
        ("100", "100"),
        ("1E2", "100"),
        ("0.048523658709390974", "0.048523658709390974"),
        ("999999999999999", "999999999999999"),
        ("1000000000000000", None),
        ("1e-41", None),
        ("NaN", None),
        ("-Infinity", None),
        ("1e99999999999999999999", None),
        ("N/A", None),
    ],
)
def test_a_number_becomes_plain_decimal_text(text: str, plain: str | None) -> None:
    assert canonical(text) == plain


@pytest.mark.parametrize(
    ("value", "trouble"),
    [(None, "absent"), (True, "wrong-type"), ("0.6", "wrong-type"), ([], "wrong-type"), (Number("NaN"), "not-a-number")],
)
def test_what_is_no_number_says_why(value: object, trouble: str) -> None:
    assert figure(value).trouble == trouble  # type: ignore[arg-type]  # the table is of plain objects


def test_an_absurdly_long_number_is_shown_short() -> None:
    assert len(figure(Number("9" * 400)).raw) == 81


@pytest.mark.parametrize(
    ("text", "whole"),
    [("0", 0), ("40", 40), ("40.0", 40), ("1e3", 1000), ("-1", None), ("1.5", None), ("1000000001", None), ("NaN", None)],
)
def test_a_count_is_a_whole_number_within_reason(text: str, whole: int | None) -> None:
    assert count(Number(text)) == whole


@pytest.mark.parametrize(
    ("value", "stderr", "n"),
    [
        ("0.63", "0.048523658709390974", 100),
        ("0.6", "0.16329931618554522", 10),
        ("0", "0.1", None),
        ("0.5", "0", None),
        (None, "0.1", None),
    ],
)
def test_n_follows_from_value_and_standard_error(value: str | None, stderr: str, n: int | None) -> None:
    assert implied_count(value, stderr) == n


@pytest.mark.parametrize("name", ["Aurora\u200b 3", "ＡＵＲＯＲＡ  3", "aurora 3", "\u202eAurora 3"])
def test_names_are_compared_without_their_disguise(name: str) -> None:
    assert normal_form(name) == "aurora 3"


@pytest.mark.parametrize(
    ("name", "marked"), [("aurora/aurora-3", False), ("модель-3", False), ("аurora", True), ("aurora\u200d", True), ("naïve 🙂", False)]
)
def test_a_name_that_hides_or_imitates_is_noticed(name: str, marked: bool) -> None:
    assert has_marks(name) is marked


@pytest.mark.parametrize(
    ("name", "is_path"),
    [("/srv/m", True), ("~/m", True), ("D:\\m", True), ("file:///m", True), ("hf/org/model", False), ("aurora/3", False)],
)
def test_a_place_on_a_disk_is_no_name(name: str, is_path: bool) -> None:
    assert is_private_path(name) is is_path


@pytest.mark.parametrize(("name", "is_none"), [("none/none", True), ("...", True), ("Unknown", True), ("aurora/none-2", False)])
def test_a_stand_in_names_no_model(name: str, is_none: bool) -> None:
    assert names_no_model(name) is is_none
