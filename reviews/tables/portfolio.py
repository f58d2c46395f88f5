"""The portfolio as a table: a row a model, as the page's filters and order show them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from evaluations import access as evaluations_access
from frameworks.engine.types import FrameworkDocument
from frameworks.models import FrameworkVersion
from people.queries import Actor, people_with_any
from people.words import Role
from reviews.portfolio_choice import count
from reviews.portfolio_page import PortfolioForm, PortfolioRow, chosen, counted, headline_of, portfolio_page, registered_then
from reviews.status import AxisStatus, portfolio
from reviews.tables.table import Column, FiltersNotValid, Kind, Table, sealed_now, spaced


def portfolio_table(
    *, actor: Actor, version: FrameworkVersion, asked: Mapping[str, str], at: datetime, then: datetime | None = None
) -> Table:
    """What this person sees of the portfolio; `asked` is what stands in the page's address, `then` the earlier moment it names. Raises FiltersNotValid."""
    seal = sealed_now(at)
    known, form = evaluations_access.subjects(actor, at), PortfolioForm(asked)
    if not form.is_valid():
        raise FiltersNotValid
    names = {str(person.pk): person.name for person in people_with_any((Role.REVIEWER, Role.CHAIR), at)}
    models = chosen(known, version, form) if then is None else registered_then(known, form, then)
    whole = portfolio(models, version, then or at, back=then is not None)
    page = portfolio_page(whole, counts=count(known, version) if then is None else None, names=names)
    page = page if then is None else replace(page, headline=headline_of(counted(page.rows)))
    about = [("Framework", f"{version.name} {version.version}"), ("Framework digest", version.digest), ("In short", page.headline)]
    about += [("As of", then.isoformat())] if then is not None else []
    return Table("portfolio", "Portfolio", _columns(version.document), page.rows, seal, about)


def _domain(place: int) -> Callable[[PortfolioRow], str]:
    return lambda row: spaced(row.status.domains[place].outcome)


def _scope(place: int) -> Callable[[PortfolioRow], str]:
    return lambda row: row.status.scopes[place].state


def _columns(document: FrameworkDocument) -> list[Column]:
    columns = [
        Column("Model", Kind.TEXT, lambda row: row.status.subject.slug),
        Column("Name", Kind.TEXT, lambda row: row.status.subject.name, 24),
        Column("Status", Kind.TEXT, lambda row: row.status.label, 24),
        Column("Complete", Kind.YES_NO, lambda row: row.status.complete, 10),
    ]
    for place, axis in enumerate(document.axes):
        columns += _axis_columns(place, axis.title)
    used = {threshold.domain for threshold in document.thresholds}
    for place, domain in enumerate(document.domains):
        if domain.slug in used:
            columns.append(Column(domain.title, Kind.TEXT, _domain(place), 18))
    for place, scope in enumerate(document.scopes):
        columns.append(Column(f"Gate: {spaced(scope)}", Kind.TEXT, _scope(place), 12))
    columns += [
        Column("Safeguards signed", Kind.NUMBER, lambda row: row.status.safeguards_signed, 12),
        Column("Safeguards required", Kind.NUMBER, lambda row: row.status.safeguards_required, 12),
        Column("Required tiers defined", Kind.YES_NO, lambda row: row.status.safeguards_defined, 12),
        Column("Open case", Kind.NUMBER, lambda row: row.status.case.number if row.status.case else None, 10),
        Column("Whose turn", Kind.TEXT, lambda row: row.whose, 30),
        Column("Assessed as of", Kind.MOMENT, lambda row: row.status.assessment.as_of if row.status.assessment else None, 26),
        Column("Assessment digest", Kind.TEXT, lambda row: row.status.assessment.assessment_digest if row.status.assessment else "", 40),
    ]
    return columns


def _axis_columns(place: int, title: str) -> list[Column]:
    def axis(row: PortfolioRow) -> AxisStatus:
        return row.status.axes[place]

    return [
        Column(f"{title} required", Kind.TEXT, lambda row: axis(row).required.label, 12),
        Column(f"{title} provisional", Kind.YES_NO, lambda row: axis(row).provisional, 12),
        Column(f"{title} in force", Kind.TEXT, lambda row: in_force.label if (in_force := axis(row).in_force) else "none", 12),
    ]
