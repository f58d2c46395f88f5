"""The figures of the gallery: made up, and only there to draw every component once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils.safestring import mark_safe

from asl_portal.look.states import STATES
from frameworks.charts import Event, Line, Measured, Row, Step, Track, interval_chart, table_of, tier_timeline

AT = datetime(2026, 5, 22, 9, 0, tzinfo=UTC)
DIGEST = "sha256:1f9a02c4d6e8b7a5930c2d1e4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6"


@dataclass(frozen=True)
class Someone:
    name: str


class Filters(forms.Form):
    subject = forms.CharField(required=False)
    gate = forms.ChoiceField(required=False, choices=[("", "Any gate"), ("shut", "Shut")])


class Example(forms.Form):
    name = forms.CharField(help_text="As it stands in the files of the harness.")
    slug = forms.SlugField()
    note = forms.CharField(widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(widget=forms.RadioSelect, choices=[("fine-tune", "Fine-tune"), ("distilled", "Distilled")])
    sure = forms.BooleanField(label="The weights are final", help_text="They cannot be replaced afterwards.")


class Password(forms.Form):
    password = forms.CharField(label="Your password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))


def tier(axis: str, label: str, **more: object) -> dict[str, object]:
    return {"axis": axis, "letter": axis[0], "label": label, **more}


def leaf(title: str, outcome: str, **more: object) -> dict[str, Any]:
    return {
        "kind": "indicator", "indicator": title, "title": title, "outcome": outcome, "counts": True, "stale": False, "direction": "higher", "children": [], "reasons": [],
        "line": {"at": "2.8", "inclusive": False}, "rule_in": {"at": "5", "inclusive": False}, "margin": "1.1", "margin_scale": "ratio", "bound": "3.41207", "comparison": "3.412 is not below 2.8",
        "sentence": "The upper bound 3.41 is above the line 2.8.", "deciding": "m1",
        "measurements": [{"id": "m1", "snapshot_label": "step 9000", "value": "2.1", "low": "1.31", "high": "3.41207", "n": 40, "point_only": False, "qualifies": True,
                          "level": "0.95", "comparison": "3.412 is not below 2.8", "reasons": [{"code": "bound-past-line", "sentence": "3.412 is not below 2.8."}], "place": {"where": "results.scores[0].metrics.uplift"}}],
        **more,
    }  # fmt: skip


REASONS: dict[str, Any] = {
    "kind": "all_of", "outcome": "cannot_rule_out", "sentence": "One of two indicators cannot rule this out.", "counts": True, "reasons": [],
    "children": [leaf("Uplift trial, novices", "cannot_rule_out"),
                 leaf("Expert red team", "not_assessed", stale=True, measurements=[], bound=None, sentence="The last result was measured 214 days ago; 180 are allowed."),
                 {"kind": "k_of_n", "k": 2, "n": 3, "met": 0, "unknown": 1, "outcome": "ruled_out", "sentence": "At most one of three lines can be met.", "counts": True, "reasons": [],
                  "children": [leaf("Protocol troubleshooting", "ruled_out", sentence="The upper bound 0.31 is below the line 0.5.")]}],
}  # fmt: skip


def charts() -> dict[str, Any]:
    measured = partial(Measured, n=40, label="step 9000", level="0.95", method="Clopper–Pearson, 9 of 40", at=AT.date())
    rows = (
        Row(
            "Uplift trial, novices <script>",
            "cannot_rule_out",
            unit="×",
            log=True,
            rule_out=Line(Decimal("2.8")),
            rule_in=Line(Decimal("5")),
            current=measured(Decimal("2.1"), Decimal("1.31"), Decimal("3.41207"), bound=Decimal("3.75")),
            earlier=tuple(
                Measured(Decimal(value), Decimal("0.9"), Decimal("2.4"), n=n, level="0.95", at=AT.date() - timedelta(days=days))
                for value, n, days in (("1.2", 20, 90), ("1.7", 31, 40))
            ),
        ),
        Row(
            "Protocol troubleshooting",
            "ruled_out",
            rule_out=Line(Decimal("0.5"), inclusive=True),
            rule_in=Line(Decimal("0.8")),
            current=measured(Decimal("0.22"), Decimal("0.17"), Decimal("0.31")),
        ),
        Row(
            "Minutes until detection",
            "ruled_in",
            higher_is_riskier=False,
            unit="min",
            rule_out=Line(Decimal("60")),
            rule_in=Line(Decimal("30")),
            current=measured(Decimal("21"), Decimal("17"), Decimal("28.5")),
        ),
        Row(
            "Two-arm study",
            "cannot_rule_out",
            log=True,
            rule_out=Line(Decimal("2")),
            current=measured(Decimal("1.6"), Decimal("0.7"), None),
        ),
        Row(
            "Long-horizon tasks",
            "cannot_rule_out",
            rule_out=Line(Decimal("0.2")),
            current=Measured(Decimal("0.12"), n=None, point_only=True),
        ),
        Row("Expert red team", "not_assessed", rule_out=Line(Decimal("0.1"))),
    )
    tracks = [
        Track(
            axis,
            ("ASL-2", "ASL-3", "ASL-4"),
            (Step(AT - timedelta(days=300), 0), Step(AT - timedelta(days=120), 1)),
            (Step(AT - timedelta(days=300), 0), Step(AT - timedelta(days=since), 1)),
        )
        for axis, since in (("Deployment", 60), ("Security", 20))
    ]
    tiers, shares = (
        [mark_safe(drawn(narrow=narrow)) for narrow in (False, True)]
        for drawn in (
            partial(
                tier_timeline,
                tracks,
                [Event(AT - timedelta(days=118), "Case opened"), Event(AT - timedelta(days=60), "Case decided")],
                start=AT - timedelta(days=240),
                end=AT,
                title="Tier required and in force",
                desc="Both axes rose to ASL-3; safeguards followed later.",
            ),
            partial(
                interval_chart, rows, title="CBRN-3: every indicator against its lines", desc="Six indicators; two cannot be ruled out."
            ),
        )
    )
    return {"chart": shares, "timeline": tiers, "chart_table": table_of(rows)}


def gallery() -> dict[str, Any]:
    raised = [tier("Deployment", "ASL-3", in_force="ASL-2"), tier("Security", "ASL-3", in_force="ASL-2")]
    plain = [tier("Deployment", "ASL-2"), tier("Security", "ASL-2")]
    subjects = [
        {
            "name": "aurora-4",
            "tiers": raised,
            "provisional": True,
            "cbrn": "cannot_rule_out",
            "rnd": "ruled_out",
            "signed": 11,
            "n": 1200,
            "value": "0.6124",
            "gate": "shut",
        },
        {
            "name": "aurora-4-mini",
            "tiers": plain,
            "provisional": False,
            "cbrn": "ruled_out",
            "rnd": "ruled_out",
            "signed": 15,
            "n": 45,
            "value": "0.0310",
            "gate": "open",
        },
        {
            "name": "borealis-2-preview",
            "tiers": plain,
            "provisional": False,
            "cbrn": "not_assessed",
            "rnd": "ruled_in",
            "signed": 4,
            "n": None,
            "value": None,
            "gate": "halted",
        },
    ]
    return charts() | {
        "at": AT, "digest": DIGEST, "tiers": raised, "plain_tiers": plain, "undefined_tiers": [tier("Security", "ASL-4", defined=False)],
        "crumbs": [("Portfolio", "#p"), ("aurora-4", "#a")], "states": {family: list(codes) for family, codes in STATES.items()},
        "filters": Filters({"subject": "", "gate": "shut"}), "subjects": subjects, "page": Paginator(range(70), 25).page(2),
        "ada": Someone("Ada Lindqvist"), "ben": Someone("Ben Okafor"), "nobody": None, "reasons": REASONS, "form": Example({"slug": "not a slug", "kind": "merge"}),
        "signing_form": Password(), "tabs": [{"title": "Status", "address": "#1", "current": True}, {"title": "Evidence", "address": "#2", "count": 14}, {"title": "History", "address": "#3"}],
        "statement": "I, Ben Okafor, security reviewer, sign off safeguard 3 (red-teaming)\nof stack serving-prod, version sha256:1f9a02c4…, until 22 November 2026.",
    }  # fmt: skip
