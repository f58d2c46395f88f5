"""Results that arrived before their indicator: which there are, the chair's sheet that names a set of them, the reviewer's sheet that answers it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from frameworks.policies import may_sign_evidence
from ledger.refusals import NotNow
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from people.words import Role
from reviews import access, named_sets, policies
from reviews.facts import collect_one
from reviews.forms.motions import NamedSetForm, NamedSetVoteForm
from reviews.models import NamedSet, NamedSetVote
from reviews.services import named_sets as verbs
from reviews.views.status import version_in_force


class NothingLate(NotNow):
    code = "nothing_late"
    sentence = "No result of this model arrived too late for this indicator, so there is nothing to admit."


@require_safe
def late_results(request: MemberRequest, slug: str) -> HttpResponse:
    """What may raise and never rule out because it came first, and the sets of it that the board was asked about."""
    now = timezone.now()
    subject = access.subject(request.actor, slug, now)
    version = version_in_force()
    barred = named_sets.excluded(subject)
    sets = named_sets.sets_of(subject, version.document)
    context = {
        "subject": subject,
        "version": version,
        "late": named_sets.late_results(collect_one(subject, version, now)),
        "sets": [(each, policies.may_vote_on_named_set(request.actor, each.asked, barred)) for each in sets],
        "asked": {each.asked.indicator_digest for each in sets if each.asked.is_open},
        "may_propose": policies.may_propose_named_set(request.actor),
    }
    return render(request, "reviews/late_results.html", context)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: MemberRequest, slug: str, indicator: str) -> HttpResponse:
    """The chair names exactly which results shall count, and signs."""
    now = timezone.now()
    subject = access.subject(request.actor, slug, now)
    require(policies.may_propose_named_set(request.actor))
    version = version_in_force()
    late = next((each for each in named_sets.late_results(collect_one(subject, version, now)) if each.slug == indicator), None)
    if late is None:
        raise NothingLate
    requires = named_sets.requires_of(version.document, indicator)
    require(may_sign_evidence(request.actor))
    form = NamedSetForm(request.POST or None, user=request.user, late=late)
    if form.is_valid():
        made = said_on(
            form,
            lambda: verbs.propose(
                subject=subject,
                framework_version=version,
                indicator=indicator,
                actor=request.actor.person,
                user=request.user,
                at=timezone.now(),
                **form.signed(),
            ),
        )
        if made:
            messages.info(request, "The set is before the board. Until the quorum is met nothing counts that did not count before.")
            return redirect("reviews:late-results", slug=slug)
    leaning = [version.document.threshold(each).title for each in named_sets.leaning_on(version.document, indicator)]
    context = {
        "subject": subject,
        "late": late,
        "form": form,
        "leaning": leaning,
        "quorum": named_sets.quorum_for(version.document, requires),
    }
    return render(request, "reviews/named_set_new.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: MemberRequest, set_id: UUID) -> HttpResponse:
    """A reviewer's signed answer; the one that meets the quorum settles it."""
    asked = access.named_set(request.actor, set_id, timezone.now())
    document = asked.framework_version.document
    require(policies.may_vote_on_named_set(request.actor, asked, named_sets.excluded(asked.subject)))
    require(may_sign_evidence(request.actor))
    form = NamedSetVoteForm(request.POST or None, user=request.user, initial={"seen_digest": asked.content_digest})
    if form.is_valid():
        made = said_on(
            form,
            lambda: verbs.vote(named_set=asked, actor=request.actor.person, user=request.user, at=timezone.now(), **form.signed()),
        )
        if made:
            messages.info(request, _outcome(made.settled_at is not None, admitted=made.admitted))
            return redirect("reviews:late-results", slug=asked.subject.slug)
    title = document.indicator(asked.indicator).title
    context = {
        "subject": asked.subject,
        "asked": asked,
        "results": list(named_sets.measurements_of(asked.measurements).values()),
        "votes": NamedSetVote.objects.filter(named_set=asked).select_related("person"),
        "form": form,
        "action": request.path,
        "cancel": reverse("reviews:late-results", args=[asked.subject.slug]),
        "title": f"Late results for {title}",
        "says": [(choice, _said(asked, title, choice)) for choice in ("approve", "reject")],
        "meaning": "Your signed answer, bound to exactly these results and this version of the indicator.",
        "button": "Sign and cast vote",
    }
    return render(request, "reviews/named_set_vote.html", context, status=422 if form.errors else 200)


def _said(asked: NamedSet, title: str, choice: str) -> str:
    """Word for word what is signed with this choice."""
    count, subject = len(asked.measurements), asked.subject.name
    return verbs.statement(asked.content_digest, count=count, title=title, subject=subject, meaning=choice, role=Role.REVIEWER).text


def _outcome(settled: bool, *, admitted: bool) -> str:
    if not settled:
        return "Your vote is in the record. The set waits for the others."
    return (
        "Your vote met the quorum: the results count, and an assessment is on its way."
        if admitted
        else "The set is settled: its results go on not counting."
    )
