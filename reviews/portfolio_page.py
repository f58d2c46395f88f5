"""The portfolio's rows as the page shows them: filtered and ordered by the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from evaluations.models import Subject
from frameworks.engine.types import Domain
from frameworks.models import FrameworkVersion
from people.queries import people_with_any
from people.words import Role
from reviews.portfolio_choice import Counts, choose, count
from reviews.queries import with_incidents
from reviews.status import Portfolio, SubjectStatus, portfolio
from reviews.subject_page import tier_items
from reviews.turns import whose

PAGE = 50


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

    @property
    def gate(self) -> str:
        """The state of the scope a list shows; a model's page shows every scope."""
        shown = self.status.scope("external")
        return shown.state if shown else ""


@dataclass(frozen=True)
class PortfolioPage:
    rows: Sequence[PortfolioRow]
    domains: Sequence[Domain]
    scopes: Sequence[str]
    headline: str
    models: Page[Subject] | None = None


def chosen(subjects: QuerySet[Subject], version: FrameworkVersion, form: PortfolioForm) -> QuerySet[Subject]:
    """The models the address asks for, in its order."""
    values = form.cleaned_data if form.is_valid() else {}
    sort = str(form.data.get("sort") or "")
    return choose(subjects, version, query=str(values.get("q") or ""), show=str(values.get("show") or ""), sort=sort)


def listed(known: QuerySet[Subject], version: FrameworkVersion, form: PortfolioForm, number: str, at: datetime) -> PortfolioPage:
    """The page of that number of what the address asks for, out of `known`."""
    models = Paginator(chosen(with_incidents(known), version, form), PAGE).get_page(number)
    models.object_list = list(models.object_list)
    names = {str(person.pk): person.name for person in people_with_any((Role.REVIEWER, Role.CHAIR), at)}
    page = portfolio_page(portfolio(models.object_list, version, at), counts=count(known, version), names=names)
    return replace(page, models=models)


def portfolio_page(whole: Portfolio, *, counts: Counts, names: Mapping[str, str]) -> PortfolioPage:
    document = whole.version.document
    used = {threshold.domain for threshold in document.thresholds}
    return PortfolioPage(
        rows=[
            PortfolioRow(row, tier_items(row.axes), whose(row.turns, names), row.case is not None and row.case.is_overdue(row.at))
            for row in whole.rows
        ],
        domains=[domain for domain in document.domains if domain.slug in used],
        scopes=list(document.scopes),
        headline=_headline(counts),
    )


def _headline(counts: Counts) -> str:
    parts = [_counted(counts.models, "model"), _counted(counts.open_cases, "open case")]
    if counts.provisional:
        parts.append(_counted(counts.provisional, "provisional elevation"))
    if counts.incomplete:
        parts.append(f"{counts.incomplete} incomplete")
    parts.append(f"{counts.shut} with every gate shut")
    return " · ".join(parts)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
