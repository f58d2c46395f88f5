"""The drawing says what the numbers say: checked by reading the SVG back as XML."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frameworks.charts import Event, Line, Measured, Row, Step, Track, interval_chart, rows_of, table_of, tier_timeline
from frameworks.charts.scale import scale_for
from frameworks.charts.svg import width_of
from tests.look.sample import REASONS, leaf

NS = "{http://www.w3.org/2000/svg}"
AT = datetime(2026, 5, 22, tzinfo=UTC)


def number(written: str) -> Decimal:
    return Decimal(written)


def chart(*rows: Row, **more: Any) -> Element:
    return fromstring(interval_chart(rows, title="CBRN-3", desc="One row an indicator", **more))


def row(**more: Any) -> Row:
    given_row = {"label": "Uplift", "outcome": "cannot_rule_out", "rule_out": Line(number("0.5")), "rule_in": Line(number("0.8"))}
    return Row(**{**given_row, "current": Measured(number("0.4"), number("0.3"), number("0.6"), n=20), **more})


def one(svg: Element, class_: str) -> Element:
    (found,) = every(svg, class_)
    return found


def every(svg: Element, class_: str) -> list[Element]:
    return [each for each in svg.iter() if set(class_.split()) <= set((each.get("class") or "").split())]


def words(svg: Element) -> list[str | None]:
    return [each.text for each in svg.iter() if each.tag in {f"{NS}text", f"{NS}tspan"}]


def x(element: Element, name: str = "x") -> float:
    return float(element.attrib[name])


@pytest.mark.parametrize("value", ["0.1", "0.49", "0.5", "0.51", "0.9"])
@pytest.mark.parametrize("log", [False, True])
def test_the_dot_stands_left_of_the_line_exactly_when_the_value_is_below_it(value: str, log: bool) -> None:
    svg = chart(row(log=log, current=Measured(number(value), number("0.01"), number("0.99"), n=20)))
    dot, line = x(one(svg, "value"), "cx"), x(one(svg, "line out"), "x1")
    assert (dot < line) == (number(value) < number("0.5"))
    assert (dot == line) == (number(value) == number("0.5"))


def test_the_bar_runs_from_the_low_to_the_high_bound() -> None:
    svg = chart(row(current=Measured(number("0.4"), number("0.5"), number("0.8"), n=20)))
    bar = one(svg, "bar")
    assert x(bar) == x(one(svg, "line out"), "x1")
    assert x(bar) + x(bar, "width") == pytest.approx(x(one(svg, "line in"), "x1"), abs=0.15)


def test_the_shaded_zone_is_the_side_that_rules_out() -> None:
    riskier_up, riskier_down = chart(row()), chart(row(higher_is_riskier=False))
    assert x(one(riskier_up, "zone")) == 0
    assert x(one(riskier_up, "zone"), "width") == x(one(riskier_up, "line out"), "x1")
    assert x(one(riskier_down, "zone")) == x(one(riskier_down, "line out"), "x1")


def test_lines_are_named_by_the_side_they_rule_on() -> None:
    named = [each.text for each in every(chart(row(rule_out=Line(number("0.5"), inclusive=True))), "tag")]
    assert named == ["rules out below or at 0.5", "rules in above 0.8"]
    assert [each.text for each in every(chart(row(higher_is_riskier=False)), "tag")] == ["rules out above 0.5", "rules in below 0.8"]


def test_a_side_without_a_bound_ends_in_an_arrow_and_one_with_it_does_not() -> None:
    svg = chart(row(current=Measured(number("0.4"), number("0.3"), None, n=20)))
    assert [each.get("class") for each in every(svg, "arrow")] == ["arrow high"]
    assert x(one(svg, "bar")) + x(one(svg, "bar"), "width") == pytest.approx(640 - 8, abs=0.15)
    assert every(chart(row()), "arrow") == []


def test_zero_on_a_log_scale_is_an_arrow_at_the_edge() -> None:
    assert [
        each.get("class") for each in every(chart(row(log=True, current=Measured(number("0.4"), number("0"), number("0.6")))), "arrow")
    ] == ["arrow low"]


def test_a_value_without_interval_is_hollow_and_says_so() -> None:
    svg = chart(row(current=Measured(number("0.4"), n=20, point_only=True)))
    assert every(svg, "value") == [] and every(svg, "bar") == []
    assert one(svg, "hollow") is not None
    assert "no interval" in words(svg)


def test_absent_evidence_is_hatched_and_never_stands_on_pale_green() -> None:
    svg = chart(row(outcome="not_assessed", current=None))
    assert every(svg, "zone") == [] and every(svg, "value") == []
    assert every(svg, "hatch")
    texts = words(svg)
    assert "Not assessed" in texts and "no measurement; rules out below 0.5, rules in above 0.8" in texts


def test_a_value_that_cannot_rule_out_stands_on_hatching_though_it_lies_on_the_safe_side() -> None:
    stale = Measured(number("0.2"), number("0.1"), number("0.3"), n=40, qualifies=False)
    svg = chart(row(outcome="not_assessed", current=stale))
    assert every(svg, "zone") == [] and every(svg, "hatch") and one(svg, "value") is not None
    assert every(chart(row(outcome="ruled_out", current=stale)), "zone")


def test_a_safety_margin_reaches_from_the_bound_to_what_decides() -> None:
    svg = chart(row(current=Measured(number("0.4"), number("0.3"), number("0.45"), n=20, bound=number("0.5"))))
    assert f"H{one(svg, 'line out').get('x1')}" in one(svg, "margin").attrib["d"]
    assert every(chart(row(current=Measured(number("0.4"), number("0.3"), number("0.45"), n=20, bound=number("0.45")))), "margin") == []


def test_no_number_stands_without_its_n() -> None:
    assert one(chart(row()), "n").text == "n 20"
    assert one(chart(row(current=Measured(number("0.4"), point_only=True))), "n").text == "n unknown"


def with_the_past(**more: Any) -> Row:
    level = {"level": "0.95", "method": "Clopper–Pearson, 8 of 20"}
    return row(
        unit="×",
        current=Measured(number("0.4"), number("0.303001"), number("0.60001"), n=20, at=AT.date(), **level),
        earlier=(Measured(number("0.2"), number("0.1"), number("0.454545454545"), n=10, label="step 4000", at=date(2026, 3, 1), **level),),
        **more,
    )


def test_every_mark_can_be_reached_and_says_what_the_table_says() -> None:
    spots = every(chart(with_the_past()), "spot")
    assert [each.get("tabindex") for each in spots] == ["0", "0"]
    assert [each.get("aria-label") for each in spots] == [
        "Earlier result: 0.2 ×, interval 0.1 to 0.4546 (one-sided 95 %), n 10, step 4000, 1 Mar 2026",
        "Uplift: Cannot rule out, 0.4 ×, interval 0.303 to 0.6001 (one-sided 95 %), n 20, 22 May 2026",
    ]
    assert all(each.find(f"{NS}title").text == each.get("aria-label") for each in spots)  # type: ignore[union-attr]


def test_the_table_gives_a_line_to_each_result_with_interval_n_method_and_date() -> None:
    table = table_of([with_the_past()])
    assert [column.text for column in table.columns] == [
        "Indicator", "Finding", "Value", "Bounds, one-sided 95 %", "n", "Method", "Snapshot", "Measured", "Lines",
    ]  # fmt: skip
    now, earlier = ([cell.text for cell in line] for line in table.rows)
    lines = "rules out below 0.5, rules in above 0.8"
    assert now == ["Uplift", "Cannot rule out", "0.4 ×", "0.303 to 0.6001", "20", "Clopper–Pearson, 8 of 20", "", "22 May 2026", lines]
    assert earlier == [
        "Uplift",
        "earlier result",
        "0.2 ×",
        "0.1 to 0.4546",
        "10",
        "Clopper–Pearson, 8 of 20",
        "step 4000",
        "1 Mar 2026",
        "",
    ]
    assert [cell.whole for cell in table.rows[1]][2:4] == ["", "0.1 to 0.454545454545"]
    assert table.note == "Bounds: one-sided 95 %, rounded outwards."


def test_a_result_that_is_not_known_to_be_earlier_is_not_called_so() -> None:
    undated = row(earlier=(Measured(number("0.2"), n=10),), current=Measured(number("0.4"), n=20, point_only=True, at=AT.date()))
    assert [line[1].text for line in table_of([undated]).rows] == ["Cannot rule out", "another result"]
    assert "other results, dated in the table" in words(chart(undated))


def test_the_legend_names_each_mark_that_is_drawn_and_no_other() -> None:
    key = [each.text for each in every(chart(with_the_past()), "key")]
    assert key == ["value", "one-sided 95 % bounds (Clopper–Pearson)", "earlier results"]
    assert every(chart(row(outcome="not_assessed", current=None)), "legend") == []
    point = [each.text for each in every(chart(row(current=Measured(number("0.4"), n=20, point_only=True))), "key")]
    assert point == ["value without an interval"]
    margin = row(current=Measured(number("0.4"), number("0.3"), number("0.45"), n=20, bound=number("0.5"), level="0.95"))
    assert [each.text for each in every(chart(margin), "key")] == ["value", "one-sided 95 % bounds", "safety margin"]


def test_shares_of_one_stand_on_one_scale_from_0_to_1() -> None:
    low, high = row(proportion=True), row(proportion=True, rule_out=Line(number("0.8")), rule_in=None)
    svg = chart(low, high)
    ticks = [[each.text for each in every(part, "tick")] for part in every(svg, "row")]
    assert ticks == [["0", "0.2", "0.4", "0.6", "0.8", "1"]] * 2
    assert x(one(every(svg, "row")[0], "line in"), "x1") == x(one(every(svg, "row")[1], "line out"), "x1")
    own = chart(low, row(rule_out=Line(number("60")), rule_in=None, current=Measured(number("21"), number("17"), number("28"), n=9)))
    assert [each.text for each in every(every(own, "row")[1], "tick")][-1] == "60"


def test_shares_that_are_all_small_stand_on_one_smaller_scale() -> None:
    small = [
        row(
            proportion=True, rule_out=Line(number(line)), rule_in=None, current=Measured(number("0.01"), number("0"), number("0.04"), n=200)
        )
        for line in ("0.1", "0.05")
    ]
    assert [[each.text for each in every(part, "tick")][-1] for part in every(chart(*small), "row")] == ["0.1", "0.1"]


def test_a_row_that_may_only_raise_shades_nothing_and_says_nothing_of_ruling_out() -> None:
    svg = chart(row(only_raises=True, rule_in=None, outcome="ruled_out"))
    assert every(svg, "zone") == [] and "raises above or at 0.5" in words(svg)
    assert "Ruled out, may only raise" in words(svg) and not any("rules out" in (each or "") for each in words(svg))
    assert "raises above 0.5" in words(chart(row(only_raises=True, rule_out=Line(number("0.5"), inclusive=True))))
    assert "raises below or at 0.5" in words(chart(row(only_raises=True, higher_is_riskier=False)))


LONG = "Virology protocol uplift trial with novices, second round, scored by blinded experts on the long form"


@pytest.mark.parametrize("which", ["low", "high"])
@pytest.mark.parametrize("line", ["0.02", "0.3", "0.5", "0.7", "0.98"])
def test_the_narrow_drawing_holds_every_word_and_mark_inside_its_width(line: str, which: str) -> None:
    given_row = with_the_past(proportion=True, rule_in=Line(number("0.99")), label=LONG)
    svg = chart(replace(given_row, rule_out=Line(number(line)), higher_is_riskier=which == "high"), narrow=True)
    width = float((svg.get("viewBox") or "").split()[2])
    assert width == 288 and "narrow" in (svg.get("class") or "")
    for each in svg.iter(f"{NS}text"):
        told = "".join(each.itertext())
        wide = width_of(told, 10 if each.get("class") in ("tag", "key", "tick") else 11)
        start = x(each) - {None: 0.0, "middle": wide / 2, "end": wide}[each.get("text-anchor")]
        assert start >= -1 and start + wide <= width + 1, told
    assert " ".join(name.text or "" for name in every(svg, "name")) == LONG
    assert one(svg, "n").text == "n 20"


def test_on_a_phone_the_words_of_two_lines_stand_one_above_the_other() -> None:
    tags = every(chart(row(proportion=True), narrow=True), "tag")
    assert len({each.get("y") for each in tags}) == 2


def test_on_a_phone_no_line_crosses_the_words_of_the_other() -> None:
    svg = chart(row(proportion=True), narrow=True)
    lower = max(every(svg, "tag"), key=lambda each: float(each.attrib["y"]))
    assert lower.text == "rules out below 0.5"
    # The line that reaches up past these words stands clear of them.
    assert x(one(svg, "line in"), "x1") > x(lower) and lower.get("text-anchor") == "end"


def test_the_drawing_has_a_title_and_a_description_that_it_names() -> None:
    svg = chart(row())
    assert svg.find(f"{NS}title").text == "CBRN-3"  # type: ignore[union-attr]
    assert svg.get("aria-labelledby") == svg.find(f"{NS}title").get("id")  # type: ignore[union-attr]
    assert svg.get("aria-describedby") == svg.find(f"{NS}desc").get("id")  # type: ignore[union-attr]
    assert svg.get("aria-labelledby") != chart(row(label="Other")).get("aria-labelledby")


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"/><a href="javascript:x">', "a & b ]]>", "\u202eevil", "x" * 400])
def test_what_people_wrote_stays_text(hostile: str) -> None:
    written = interval_chart(
        [row(label=hostile, unit=hostile, earlier=(Measured(number("1"), label=hostile),))], title=hostile, desc=hostile
    )
    svg = fromstring(written)
    assert {each.tag.removeprefix(NS) for each in svg.iter()} <= {
        "svg",
        "title",
        "desc",
        "g",
        "text",
        "tspan",
        "rect",
        "line",
        "circle",
        "path",
    }
    assert not any(name.startswith("on") or name == "href" for each in svg.iter() for name in each.attrib)
    assert one(svg, "name").text == hostile


def test_a_page_chart_carries_no_style_and_a_print_chart_carries_its_own() -> None:
    page, paper = chart(row()), chart(row(), skin="print")
    assert page.find(f"{NS}style") is None and not any("style" in each.attrib for each in page.iter())
    assert paper.find(f"{NS}style") is not None
    assert every(paper, "spot") == [] and every(paper, "tip") == []


@pytest.mark.parametrize("skin", ["page", "print"])
def test_the_same_values_give_the_same_bytes(skin: Any) -> None:
    assert interval_chart([row()], title="t", desc="d", skin=skin) == interval_chart([row()], title="t", desc="d", skin=skin)


values = st.decimals(min_value=-1_000_000, max_value=1_000_000, allow_nan=False, allow_infinity=False, places=4)


@given(st.lists(values, min_size=1, max_size=6), st.booleans())
def test_a_scale_keeps_order_and_stays_within_its_band(found: list[Decimal], log: bool) -> None:
    scale = scale_for(found, start=0, end=720, log=log)
    places = [scale.at(value) for value in sorted(found)]
    assert all(0 <= place <= 720 for place in places)
    assert all(before <= after for before, after in pairwise(places))
    assert len(scale.ticks()) <= 12


def test_rows_come_from_the_reason_tree_each_indicator_once() -> None:
    tree = {**REASONS, "children": [*REASONS["children"], leaf("Uplift trial, novices", "ruled_out")]}
    for each in (tree["children"][0], tree["children"][2]["children"][0], tree["children"][3]):
        each["qualifying"] = ["m1"]
    tree["children"][1]["qualifying"] = []
    rows = rows_of(with_bounds(tree), log_scales={"Uplift trial, novices"})
    assert [(each.label, each.outcome, each.log) for each in rows] == [
        ("Uplift trial, novices", "cannot_rule_out", True),
        ("Expert red team", "not_assessed", False),
        ("Protocol troubleshooting", "ruled_out", False),
    ]
    assert rows[0].current == Measured(
        number("2.1"), number("1.31"), number("3.41207"), n=40, label="step 9000", bound=number("3.41207"), level="0.95"
    )
    assert rows[1].current is None


def test_the_measurement_that_decides_is_the_one_drawn_large() -> None:
    first, second = (
        dict(leaf("a", "ruled_out")["measurements"][0], id=name, value=value, bound="1") for name, value in (("m1", "1"), ("m2", "2"))
    )
    tree = leaf("a", "ruled_out", measurements=[first, second], deciding="m2", qualifying=["m1", "m2"])
    (found,) = rows_of(tree)
    assert found.current and found.current.value == 2
    assert [each.value for each in found.earlier] == [1]


def with_bounds(tree: dict[str, Any]) -> dict[str, Any]:
    measurements = [{**each, "bound": each["high"]} for each in tree.get("measurements", [])]
    return {**tree, "measurements": measurements, "children": [with_bounds(child) for child in tree["children"]]}


class TestTimeline:
    track = Track(
        "Security",
        ("ASL-2", "ASL-3"),
        (Step(AT - timedelta(days=90), 0), Step(AT - timedelta(days=50), 1)),
        (Step(AT - timedelta(days=90), 0), Step(AT - timedelta(days=20), 1)),
    )

    def drawn(self, *events: Event, track: Track | None = None) -> Element:
        return fromstring(tier_timeline([track or self.track], events, start=AT - timedelta(days=100), end=AT, title="t", desc="d"))

    def test_the_gap_is_shaded_exactly_where_less_is_in_force_than_required(self) -> None:
        gap = one(self.drawn(), "gap")
        assert x(gap) == pytest.approx(72 + 0.5 * 568)
        assert x(gap, "width") == pytest.approx(0.3 * 568)
        same = Track("Security", self.track.tiers, self.track.required, self.track.required)
        assert every(self.drawn(track=same), "gap") == []

    def test_a_higher_tier_stands_higher(self) -> None:
        lower, higher = (float(each.attrib["cy"]) for each in every(self.drawn(), "value"))
        assert higher < lower

    def test_events_outside_the_span_are_left_out(self) -> None:
        svg = self.drawn(Event(AT - timedelta(days=10), "Case <opened>"), Event(AT + timedelta(days=1), "Later"))
        assert [each.get("aria-label") for each in every(svg, "event")] == ["Case <opened>, 12 May 2026"]


def test_a_timeline_without_anything_in_force_is_drawn_all_the_same() -> None:
    track = Track("Deployment", ("ASL-2", "ASL-3"), (Step(datetime(2026, 5, 1, tzinfo=UTC), 1),), ())
    svg = tier_timeline(
        [track], [], start=datetime(2026, 4, 1, tzinfo=UTC), end=datetime(2026, 6, 1, tzinfo=UTC), title="Tiers", desc="Required only"
    )
    drawn = [path.get("class") for path in fromstring(svg).iter() if path.tag.endswith("path")]
    assert "required" in drawn
    assert "in-force" not in drawn
