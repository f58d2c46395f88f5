"""The portfolio's rows as the page shows them: filtered and ordered by the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from evaluations.models import Subject
from frameworks.engine.types import Domain
from frameworks.models import FrameworkVersion
from people.queries import people_with_any
from people.words import Role
from reviews.forms.reports import AsOfForm
from reviews.models.gate_answer import GateState
from reviews.portfolio_choice import Counts, choose, count
from reviews.queries import with_incidents
from reviews.status import Portfolio, SubjectStatus, portfolio
from reviews.subject_page import tier_items
from reviews.turns import whose

PAGE = 50


class PortfolioForm(AsOfForm):
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
    field_order = ("q", "show", "as_of")


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
    page = portfolio_page(portfolio(models.object_list, version, at), counts=count(known, version), names=_names(at))
    return replace(page, models=models)


def registered_then(known: QuerySet[Subject], form: PortfolioForm, at: datetime) -> QuerySet[Subject]:
    """The models there were at an earlier moment, by the order of their addresses. Which of them were raised, or had a case, is told by each of them: the
    rows that filter and order the page of now say nothing of then."""
    values = form.cleaned_data if form.is_valid() else {}
    query = str(values.get("q") or "")
    return known.filter(Q(slug__icontains=query) | Q(name__icontains=query), created_at__lte=at).order_by("slug")


def looked_back(known: QuerySet[Subject], version: FrameworkVersion, form: PortfolioForm, number: str, at: datetime) -> PortfolioPage:
    """The same page as of an earlier moment, each row worked out as it stood then."""
    then = registered_then(known, form, at)
    models = Paginator(then, PAGE).get_page(number)
    models.object_list = list(models.object_list)
    page = portfolio_page(portfolio(models.object_list, version, at, back=True), counts=None, names=_names(at))
    headline = headline_of(counted(page.rows)) if models.paginator.num_pages == 1 else _counted(models.paginator.count, "model")
    return replace(page, models=models, headline=headline)


def counted(rows: Sequence[PortfolioRow]) -> Counts:
    """How many of each sort, from the rows themselves."""
    return Counts(
        models=len(rows),
        open_cases=sum(row.status.case is not None for row in rows),
        provisional=sum(row.status.provisional for row in rows),
        incomplete=sum(not row.status.complete for row in rows),
        shut=sum(all(scope.state != GateState.OPEN for scope in row.status.scopes) for row in rows),
    )


def _names(at: datetime) -> dict[str, str]:
    return {str(person.pk): person.name for person in people_with_any((Role.REVIEWER, Role.CHAIR), at)}


def portfolio_page(whole: Portfolio, *, counts: Counts | None, names: Mapping[str, str]) -> PortfolioPage:
    document = whole.version.document
    used = {threshold.domain for threshold in document.thresholds}
    return PortfolioPage(
        rows=[
            PortfolioRow(row, tier_items(row.axes), whose(row.turns, names), row.case is not None and row.case.is_overdue(row.at))
            for row in whole.rows
        ],
        domains=[domain for domain in document.domains if domain.slug in used],
        scopes=list(document.scopes),
        headline=headline_of(counts) if counts is not None else "",
    )


def headline_of(counts: Counts) -> str:
    parts = [_counted(counts.models, "model"), _counted(counts.open_cases, "open case")]
    if counts.provisional:
        parts.append(_counted(counts.provisional, "provisional elevation"))
    if counts.incomplete:
        parts.append(f"{counts.incomplete} incomplete")
    parts.append(f"{counts.shut} with every gate shut")
    return " · ".join(parts)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
