"""Cases: the list, the page the board works on, and what the chair does around the votes."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluations import access as evaluations_access
from evaluations.models import Snapshot
from frameworks.queries import in_force_versions
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from reviews import access, conflicts, policies, queries
from reviews.case_page import case_page
from reviews.facts import collect_one
from reviews.filters import CaseFilter
from reviews.forms.cases import AskReleaseForm, CommentForm, OpenCaseForm
from reviews.forms.fields import ReasonForm
from reviews.models import Case
from reviews.models.case import CaseKind
from reviews.services import cases, votes
from reviews.services.asking import PolicyMissing, held_by_earlier

PAGE = 50


@require_safe
def case_list(request: MemberRequest) -> HttpResponse:
    """Every case this person may know of; filters and order stand in the address."""
    policies_answer = policies.may_see_board(request.actor)
    require(policies_answer)
    found = CaseFilter(request.GET, queryset=access.cases(request.actor, timezone.now()))
    page = found.page(request.GET.get("page"), PAGE)
    context = {
        "filter": found,
        "page": page,
        "rows": queries.case_lines(page.object_list, timezone.now()),
        "may_open": any(policies.may_open_case(request.actor, kind) for kind in OpenCaseForm.BY_HAND),
    }
    return render(request, "reviews/case_list.html", context)


@require_safe
def case_detail(request: MemberRequest, number: int) -> HttpResponse:
    """What changed, what is asked, what is missing, whose turn it is."""
    return _detail(request, access.case_numbered(request.actor, number, timezone.now()), CommentForm())


def _detail(request: MemberRequest, case: Case, form: Form, status: int = 200) -> HttpResponse:
    page = case_page(case, request.actor, timezone.now())
    context = {
        "page": page,
        "case": case,
        "overdue": case.is_overdue(timezone.now()),
        "comment_form": form,
        "may_comment": policies.may_comment(request.actor, case),
        "may_recuse": policies.may_recuse(request.actor, case),
        "may_chair": policies.may_chair(request.actor, case, page.recused),
        "may_state": policies.may_state_applicability(request.actor, case),
    }
    return render(request, "reviews/case_detail.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def open_case(request: MemberRequest, slug: str) -> HttpResponse:
    """Opens a case by hand about one model, under the framework in force for its board."""
    now = timezone.now()
    subject = evaluations_access.subject(request.actor, slug, now)
    version = in_force_versions().order_by("name").first()
    require(policies.may_open_case(request.actor, CaseKind.PRECAUTION))
    if version is None:
        raise PolicyMissing
    snapshots = Snapshot.objects.filter(subject=subject).order_by("-registered_at")
    initial = {"kind": request.GET.get("kind", ""), "thresholds": request.GET.getlist("threshold")}
    # Only where there was an earlier version can something of it be left to let go of.
    earlier = held_by_earlier(collect_one(subject, version, now)) if version.predecessor_id else []
    form = OpenCaseForm(request.POST or None, document=version.document, snapshots=snapshots, earlier=earlier, initial=initial)
    if form.is_valid():
        made = said_on(
            form,
            lambda: cases.open_case(
                subject=subject,
                framework_version=version,
                kind=form.cleaned_data["kind"],
                reason=form.cleaned_data["reason"],
                snapshot=form.cleaned_data["snapshot"],
                thresholds=form.cleaned_data["thresholds"],
                release_to=form.cleaned_data["release_to"],
                actor=request.actor.person,
                at=now,
            ),
        )
        if made:
            return redirect("reviews:case-detail", number=made.number)
    return render(request, "reviews/case_open.html", {"form": form, "subject": subject, "version": version}, status=_status(form))


@require_POST
def comment(request: MemberRequest, number: int) -> HttpResponse:
    case = access.case_numbered(request.actor, number, timezone.now())
    form = CommentForm(request.POST)
    told: dict[str, Any] = {"case": case, "actor": request.actor.person, "at": timezone.now()}
    if form.is_valid() and said_on(form, lambda: cases.comment(**told, **form.cleaned_data)) is not None:
        return redirect("reviews:case-detail", number=number)
    return _detail(request, case, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def recuse(request: MemberRequest, number: int) -> HttpResponse:
    """Stands aside from a case. It cannot be taken back, so the page says what it does."""
    case = access.case_numbered(request.actor, number, timezone.now())
    require(policies.may_recuse(request.actor, case))
    return _reasoned(
        request,
        case,
        title="Stand aside from this case",
        why="You cast no vote here and count towards no quorum; votes you cast are struck and stay readable. It cannot be taken back.",
        button="Stand aside",
        words=("recusal", "quorum", "dissent"),
        act=lambda reason: votes.recuse(case=case, reason=reason, actor=request.actor.person, at=timezone.now()),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: MemberRequest, number: int) -> HttpResponse:
    case = access.case_numbered(request.actor, number, timezone.now())
    require(policies.may_chair(request.actor, case, conflicts.recused(case)))
    return _reasoned(
        request,
        case,
        title="Close this case",
        why="A case closes once every question is decided. What was decided stays in force; a finding that rises later opens another case.",
        button="Close case",
        words=("case", "determination"),
        act=lambda note: cases.close_case(case=case, note=note, actor=request.actor.person, at=timezone.now()),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: MemberRequest, number: int) -> HttpResponse:
    case = access.case_numbered(request.actor, number, timezone.now())
    require(policies.may_chair(request.actor, case, conflicts.recused(case)))
    return _reasoned(
        request,
        case,
        title="Withdraw this case",
        why="Only a case opened by hand that holds nothing up can be withdrawn. What rose is never withdrawn.",
        button="Withdraw case",
        words=("case-kind", "provisional"),
        act=lambda note: cases.withdraw_case(case=case, note=note, actor=request.actor.person, at=timezone.now()),
    )


def _reasoned(
    request: MemberRequest, case: Case, *, title: str, why: str, button: str, act: Callable[[str], object], words: Sequence[str] = ()
) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    if form.is_valid() and said_on(form, lambda: act(form.cleaned_data["reason"]) or True) is not None:
        return redirect("reviews:case-detail", number=case.number)
    context = {"case": case, "form": form, "title": title, "why": why, "button": button, "words": words}
    return render(request, "reviews/case_act.html", context, status=_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
def ask_release(request: MemberRequest, number: int) -> HttpResponse:
    """The chair puts a release to the vote: these weights, this scope."""
    case = access.case_numbered(request.actor, number, timezone.now())
    require(policies.may_chair(request.actor, case, conflicts.recused(case)))
    snapshots = Snapshot.objects.filter(subject=case.subject).order_by("-registered_at")
    initial = {"snapshot": case.snapshot_id, "scope": "external"}
    form = AskReleaseForm(request.POST or None, document=case.framework_version.document, snapshots=snapshots, initial=initial)
    if form.is_valid():
        asked = said_on(form, lambda: cases.ask_release(case=case, actor=request.actor.person, at=timezone.now(), **form.cleaned_data))
        if asked:
            messages.info(request, "The release is put to the vote. The reviewers are told.")
            return redirect("reviews:case-detail", number=number)
    context = {
        "case": case,
        "form": form,
        "title": "Ask for a release",
        "button": "Ask the board",
        "words": ("artefact", "scope", "quorum", "required-paper"),
        "why": "The board votes on exactly these weights and this scope, on the status as it stands; a change of status outdates the votes.",
    }
    return render(request, "reviews/case_act.html", context, status=_status(form))


def question_of(request: MemberRequest, number: int, question_id: UUID) -> tuple[Case, "access.Question"]:
    """A question behind the door of its case."""
    case = access.case_numbered(request.actor, number, timezone.now())
    question = access.question(case, question_id)
    question.case = case
    return case, question


def _status(form: Form) -> int:
    return 422 if form.errors else 200
