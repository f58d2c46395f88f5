"""Motions: those on a model, the sheets on which the chair puts one to the vote, the sheet that answers it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from evaluations.models import Snapshot, Subject
from frameworks.models import FrameworkVersion
from frameworks.policies import may_sign_evidence
from ledger.refusals import NotNow
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from people.words import Role
from reviews import access, late_results, motions, policies
from reviews.facts import collect_one
from reviews.forms.motions import LateResultsForm, MotionVoteForm, ObservedScopeForm
from reviews.models import Motion
from reviews.models.motion import MotionKind
from reviews.services.motions import propose
from reviews.services.motions import vote as cast_vote
from reviews.views.status import version_in_force


class NothingLate(NotNow):
    code = "nothing_late"
    sentence = "No result of this model arrived too late for this indicator, so there is nothing to admit."


@require_safe
def late(request: MemberRequest, slug: str) -> HttpResponse:
    """What may raise and never rule out because it came first."""
    now = timezone.now()
    subject = access.subject(request.actor, slug, now)
    version = version_in_force()
    context = {
        "subject": subject,
        "late": late_results.late_results(collect_one(subject, version, now)),
        "asked": set(
            Motion.objects.filter(subject=subject, kind=MotionKind.LATE_RESULTS, settled_at=None).values_list("matter", flat=True)
        ),
        "may_propose": policies.may_propose_motion(request.actor),
    }
    return render(request, "reviews/late_results.html", context)


@require_safe
def motion_list(request: MemberRequest, slug: str) -> HttpResponse:
    """Each motion on a model, with its votes."""
    subject = access.subject(request.actor, slug, timezone.now())
    barred = motions.excluded(subject)
    shown = motions.motions_of(subject, timezone.now())
    context = {
        "subject": subject,
        "rows": [(each, policies.may_vote_on_motion(request.actor, each.motion, barred)) for each in shown],
        "may_propose": policies.may_propose_motion(request.actor),
    }
    return render(request, "reviews/motions.html", context)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def ask_late_results(request: MemberRequest, slug: str, indicator: str) -> HttpResponse:
    """The chair names exactly which results shall count, and signs."""
    subject, version = _about(request, slug)
    known = late_results.late_results(collect_one(subject, version, timezone.now()))
    late_of = next((each for each in known if each.slug == indicator), None)
    if late_of is None:
        raise NothingLate
    require(may_sign_evidence(request.actor))
    document = version.document
    form = LateResultsForm(request.POST or None, user=request.user, late=late_of)
    return _put(
        request,
        subject,
        version,
        form,
        template="reviews/ask_late_results.html",
        late=late_of,
        leaning=[document.threshold(each).title for each in late_results.leaning_on(document, indicator)],
        quorum=late_results.quorum_for(document, late_results.requires_of(document, indicator)),
    )


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def ask_observed_scope(request: MemberRequest, slug: str) -> HttpResponse:
    """The chair names weights, scope and day, and signs."""
    subject, version = _about(request, slug)
    weights = Snapshot.objects.filter(subject=subject).order_by("-registered_at")
    form = ObservedScopeForm(request.POST or None, user=request.user, snapshots=weights, scopes=list(version.document.scopes))
    return _put(request, subject, version, form, template="reviews/ask_observed_scope.html")


def _about(request: MemberRequest, slug: str) -> tuple[Subject, FrameworkVersion]:
    subject = access.subject(request.actor, slug, timezone.now())
    require(policies.may_propose_motion(request.actor))
    return subject, version_in_force()


def _put(
    request: MemberRequest,
    subject: Subject,
    version: FrameworkVersion,
    form: LateResultsForm | ObservedScopeForm,
    *,
    template: str,
    **told: object,
) -> HttpResponse:
    if form.is_valid():
        who: dict[str, Any] = {"actor": request.actor.person, "user": request.user, "at": timezone.now()}
        if said_on(form, lambda: propose(subject=subject, framework_version=version, **form.signed(), **who)):
            messages.info(request, "The motion is before the board. Until the quorum is met everything stays as it is.")
            return redirect("reviews:motions", slug=subject.slug)
    return render(request, template, {"subject": subject, "form": form} | told, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: MemberRequest, motion_id: UUID) -> HttpResponse:
    """A reviewer's signed answer; the one that meets the quorum settles the motion."""
    motion = access.motion(request.actor, motion_id, timezone.now())
    require(policies.may_vote_on_motion(request.actor, motion, motions.excluded(motion.subject)))
    require(policies.may_sign_motion(request.actor, motion))
    effects = motions.EFFECTS[MotionKind(motion.kind)]
    form = MotionVoteForm(request.POST or None, user=request.user, effects=effects, initial={"seen_digest": motion.content_digest})
    if form.is_valid():
        who: dict[str, Any] = {"actor": request.actor.person, "user": request.user, "at": timezone.now()}
        made = said_on(form, lambda: cast_vote(motion=motion, **form.signed(), **who))
        if made:
            messages.info(request, f"Your vote is in the record. {_outcome(made)}")
            return redirect("reviews:motions", slug=motion.subject.slug)
    context = {
        "subject": motion.subject,
        "motion": motion,
        "results": list(late_results.measurements_of(motion.asked.get("measurements", ())).values()),
        "form": form,
        "action": request.path,
        "cancel": reverse("reviews:motions", args=[motion.subject.slug]),
        "title": f"{motion.get_kind_display()}: {motions.title_of(motion)}",
        "says": [(choice, motions.statement(motion, meaning=choice, role=Role.REVIEWER).text) for choice, _ in effects],
        "meaning": "Your signed answer, bound to exactly what this motion asks.",
        "words": ["motion", "vote"],
        "button": "Sign and cast vote",
    }
    return render(request, "reviews/motion_vote.html", context, status=422 if form.errors else 200)


def _outcome(motion: Motion) -> str:
    if motion.is_open:
        return "The motion waits for the others."
    return "It met the quorum: the motion is carried." if motion.carried else "The motion is settled: it is not carried."
