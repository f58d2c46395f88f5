"""Tables to take away: the same rows, filters and doors as the pages they stand on. POST, because each one is entered in the ledger."""

from django.http import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST

from evaluations import access as evaluations_access
from ledger.access import reader_of
from ledger.forms import FilterForm
from people.doors import MemberRequest
from people.policies import require
from reviews import access, policies
from reviews.forms.reports import AsOfForm
from reviews.tables.cases import case_table, cases_table
from reviews.tables.leaving import take_away
from reviews.tables.ledger import ledger_table
from reviews.tables.portfolio import portfolio_table
from reviews.tables.signoffs import signoffs_table
from reviews.tables.subject import subject_table
from reviews.tables.table import FiltersNotValid, Table
from reviews.views.status import version_in_force, version_then


@require_POST
def portfolio(request: MemberRequest, format: str) -> HttpResponseBase:
    require(policies.may_see_board(request.actor))
    asked, now = request.GET.dict(), timezone.now()
    version, form = version_in_force(asked.get("framework", "")), AsOfForm(request.GET)
    if not form.is_valid():
        raise FiltersNotValid
    at = form.moment(now)
    then = at if at < now else None
    version = version_then(version, at) if then else version
    return _leave(request, portfolio_table(actor=request.actor, version=version, asked=asked, at=now, then=then), format)


@require_POST
def subject(request: MemberRequest, slug: str, format: str) -> HttpResponseBase:
    """One model, now or as of the day the page shows."""
    require(policies.may_see_board(request.actor))
    now = timezone.now()
    about = evaluations_access.subject(request.actor, slug, now)
    form = AsOfForm(request.GET)
    if not form.is_valid():
        raise FiltersNotValid
    version, at = version_in_force(request.GET.get("framework", "")), form.moment(now)
    back = at < now
    table = subject_table(subject=about, version=version_then(version, at) if back else version, at=at, back=back)
    return take_away(table, format=format, asked=request.GET.dict(), actor=request.actor, at=now, about=about.pk)


@require_POST
def cases(request: MemberRequest, format: str) -> HttpResponseBase:
    require(policies.may_see_board(request.actor))
    now = timezone.now()
    return _leave(request, cases_table(cases=access.cases(request.actor, now), asked=request.GET.dict(), at=now), format)


@require_POST
def case(request: MemberRequest, number: int, format: str) -> HttpResponseBase:
    now = timezone.now()
    about = access.case_numbered(request.actor, number, now)
    return take_away(case_table(case=about, at=now), format=format, asked={}, actor=request.actor, at=now, about=about.pk)


@require_POST
def signoffs(request: MemberRequest, format: str) -> HttpResponseBase:
    require(policies.may_see_board(request.actor))
    return _leave(request, signoffs_table(version=version_in_force(), asked=request.GET.dict(), at=timezone.now()), format)


@require_POST
def ledger(request: MemberRequest, format: str) -> HttpResponseBase:
    reader_of(request)
    form = FilterForm(request.GET)
    if not form.is_valid():
        raise FiltersNotValid
    return _leave(request, ledger_table(filters=form.filters(), at=timezone.now()), format)


def _leave(request: MemberRequest, table: Table, format: str) -> HttpResponseBase:
    return take_away(table, format=format, asked=request.GET.dict(), actor=request.actor, at=timezone.now())
