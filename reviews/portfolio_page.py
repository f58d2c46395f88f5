"""The portfolio's rows as the page shows them: filtered and ordered by the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import forms

from frameworks.engine.types import Domain
from reviews.status import Portfolio, SubjectStatus
from reviews.subject_page import tier_items
from reviews.turns import whose

ORDERS = {
    "subject": lambda row: row.subject.slug,
    "required": lambda row: [axis.required.ordinal for axis in row.axes],
    "safeguards": lambda row: (row.safeguards_signed - row.safeguards_required, row.subject.slug),
    "assessed": lambda row: row.assessment.as_of.timestamp() if row.assessment else 0.0,
}


class PortfolioForm(forms.Form):
    q = forms.CharField(label="Model", required=False, max_length=80)
    show = forms.ChoiceField(
        label="Show",
        required=False,
        choices=[
            ("", "All"),
            ("raised", "Above baseline"),
            ("incomplete", "Incomplete"),
            ("case", "With an open case"),
            ("open", "With an open gate"),
        ],
    )


@dataclass(frozen=True)
class PortfolioRow:
    status: SubjectStatus
    tiers: Sequence[Mapping[str, object]]
    whose: str
    overdue: bool


@dataclass(frozen=True)
class PortfolioPage:
    rows: Sequence[PortfolioRow]
    domains: Sequence[Domain]
    scopes: Sequence[str]
    headline: str


def portfolio_page(whole: Portfolio, form: PortfolioForm, *, names: Mapping[str, str]) -> PortfolioPage:
    values = form.cleaned_data if form.is_valid() else {}
    kept = [row for row in whole.rows if _fits(row, str(values.get("q") or ""), str(values.get("show") or ""))]
    sort = str(form.data.get("sort") or "")
    key = ORDERS.get(sort.removeprefix("-"))
    if key is not None:
        kept.sort(key=key, reverse=sort.startswith("-"))
    document = whole.version.document
    used = {threshold.domain for threshold in document.thresholds}
    return PortfolioPage(
        rows=[
            PortfolioRow(row, tier_items(row.axes), whose(row.turns, names), row.case is not None and row.case.is_overdue(row.at))
            for row in kept
        ],
        domains=[domain for domain in document.domains if domain.slug in used],
        scopes=list(document.scopes),
        headline=_headline(whole),
    )


def _fits(row: SubjectStatus, query: str, show: str) -> bool:
    if query and query.lower() not in f"{row.subject.slug} {row.subject.name}".lower():
        return False
    return {
        "raised": any(axis.required.slug != row.version.document.baseline[axis.slug] for axis in row.axes),
        "incomplete": not row.complete,
        "case": row.case is not None,
        "open": any(scope.state == "open" for scope in row.scopes),
    }.get(show, True)


def _headline(whole: Portfolio) -> str:
    models = len(whole.rows)
    shut = sum(all(scope.state != "open" for scope in row.scopes) for row in whole.rows)
    parts = [_counted(models, "model"), _counted(whole.open_cases, "open case")]
    if whole.provisional:
        parts.append(_counted(whole.provisional, "provisional elevation"))
    if whole.incomplete:
        parts.append(f"{whole.incomplete} incomplete")
    parts.append(f"{shut} with every gate shut")
    return " · ".join(parts)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
