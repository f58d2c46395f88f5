"""How models stand: the portfolio, and one model's page, now or as of a day."""

from datetime import datetime
from functools import partial

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from evaluations import access as evaluations_access
from evaluations import policies as evaluations_policies
from evaluations.policies import may_register
from frameworks.models import FrameworkVersion
from frameworks.queries import in_force_then, in_force_versions
from ledger.refusals import NotNow
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from reviews import policies
from reviews.forms.cases import OpenCaseForm
from reviews.forms.fields import ReasonForm
from reviews.forms.reports import AsOfForm
from reviews.papers_page import paper_lines
from reviews.portfolio_page import PortfolioForm, listed, looked_back
from reviews.services import scopes
from reviews.standing import shown
from reviews.subject_page import status_and_surroundings, tier_items, verdict


class NoFrameworkInForce(NotNow):
    code = "no_framework_in_force"
    sentence = "No framework version has been adopted, so nothing can be judged yet."
    what_to_do = "The chair proposes a version for adoption, and an executive confirms it."


def version_in_force(name: str = "") -> FrameworkVersion:
    """The framework asked for, or the first in force. Raises NoFrameworkInForce."""
    found = in_force_versions().order_by("name")
    version = (found.filter(name=name).first() if name else None) or found.first()
    if version is None:
        raise NoFrameworkInForce
    return version


def version_then(version: FrameworkVersion, at: datetime) -> FrameworkVersion:
    """The version of the same framework that was in force at an earlier moment; the one in force now where none was."""
    return in_force_then(version.name, at) or version


@require_safe
def portfolio_list(request: MemberRequest) -> HttpResponse:
    """A row a model: required and in force, domains, safeguards, gate, whose turn."""
    require(policies.may_see_board(request.actor))
    now = timezone.now()
    form = PortfolioForm(request.GET)
    version = version_in_force(request.GET.get("framework", ""))
    known, number = evaluations_access.subjects(request.actor, now), request.GET.get("page", "")
    at = form.moment(now)
    is_past = at < now
    version = version_then(version, at) if is_past else version
    asked = ("portfolio", version.pk, number, *(request.GET.get(word, "") for word in ("q", "show", "sort", "as_of")))
    read = partial(looked_back, known, version, form, number, at) if is_past else partial(listed, known, version, form, number, now)
    # Kept is only what looks the same to everybody, that is to those who know every model.
    page = shown(asked, at=now, read=read) if evaluations_access.knows_every_subject(request.actor) else read()
    told = {"at": at, "is_past": is_past, "now_address": _now_address(request)}
    context = {"page": page, "models": page.models, "form": form, "version": version, "may_register": may_register(request.actor), **told}
    return render(request, "reviews/portfolio.html", context)


def _now_address(request: MemberRequest) -> str:
    """The same page without its day."""
    query = request.GET.copy()
    query.pop("as_of", None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


@require_safe
def subject_detail(request: MemberRequest, slug: str) -> HttpResponse:
    """One model: the verdict, then each domain, then safeguards, gate, cases, lineage, history."""
    now = timezone.now()
    require(policies.may_see_board(request.actor))
    subject = evaluations_access.subject(request.actor, slug, now)
    version = version_in_force(request.GET.get("framework", ""))
    form = AsOfForm(request.GET)
    at = form.moment(now)
    is_past = at < now
    if is_past and at < subject.created_at:
        told = {"subject": subject, "at": at, "as_of_form": form}
        return render(request, "reviews/subject_before.html", told)
    version = version_then(version, at) if is_past else version
    status, around = status_and_surroundings(subject, version, at, back=is_past)
    context = {
        "subject": subject,
        "status": status,
        "around": around,
        "version": version,
        "at": at,
        "is_past": is_past,
        "as_of_form": form,
        "verdict": verdict(status),
        "tiers": tier_items(status.axes),
        "domains": around.domains,
        "papers": paper_lines(status.facts),
        "may_open": any(policies.may_open_case(request.actor, kind) for kind in OpenCaseForm.BY_HAND),
        "may_halt": policies.may_halt(request.actor),
        "may_upload": evaluations_policies.may_upload(request.actor),
    }
    return render(request, "reviews/subject_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def halt(request: MemberRequest, slug: str, scope: str) -> HttpResponse:
    """Stops one scope at once. One person suffices; going on takes a release decision of the board."""
    now = timezone.now()
    subject = evaluations_access.subject(request.actor, slug, now)
    require(policies.may_halt(request.actor))
    version = version_in_force()
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        done = said_on(
            form,
            lambda: scopes.halt(
                subject=subject,
                framework_version=version,
                scope=scope,
                reason=form.cleaned_data["reason"],
                actor=request.actor.person,
                at=timezone.now(),
            ),
        )
        if done:
            return redirect("reviews:subject-detail", slug=slug)
    context = {"subject": subject, "scope": scope, "form": form}
    return render(request, "reviews/halt.html", context, status=422 if form.errors else 200)
