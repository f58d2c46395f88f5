"""The sheets on which the board puts its name to something: votes, declarations, proposals, the applicability statement."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from evaluations.models import Snapshot
from frameworks.policies import may_sign_about
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from reviews import access, conflicts, consequences, places, policies, queries, signing
from reviews.counting import tally_of
from reviews.facts import collect_one
from reviews.forms.cases import DeclareForm, ProposalForm, VoteForm
from reviews.forms.safeguards import ApplicabilityForm, SiteForm
from reviews.models import Case, Question
from reviews.models.question import Choice, QuestionKind, Verdict
from reviews.rules import THRESHOLD_VERDICTS
from reviews.services import applicability, decisions, votes
from reviews.views.cases import question_of

# The word of the glossary that says what a question is about.
WORDS_OF = {QuestionKind.THRESHOLD: "determination", QuestionKind.SAFEGUARDS: "applicability", QuestionKind.RELEASE: "gate"}


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: MemberRequest, number: int, question_id: UUID) -> HttpResponse:
    """One signed answer to what the question asks now."""
    case, question = question_of(request, number, question_id)
    require(queries.may_vote_on(case, [question], request.actor)[question.pk])
    document = case.framework_version.document
    require(may_sign_about(request.actor, document, policies.at_stake(question)))
    may_accept = policies.may_accept_papers(request.actor, question)
    choices = [choice for choice in Choice.values if may_accept or choice != Choice.APPROVE]
    sites = queries.sites_of_release(question, timezone.now())
    effects = [(choice, signing.effect_of(question, choice, document)) for choice in choices]
    form = VoteForm(request.POST or None, user=request.user, effects=effects, initial={"seen_digest": question.content_digest})
    if form.is_valid():
        made = said_on(
            form,
            lambda: votes.vote(question=question, actor=request.actor.person, user=request.user, at=timezone.now(), **form.signed()),
        )
        if made:
            messages.info(request, f"Your vote is in the record: {made.get_choice_display().lower()}.")
            return back(request, case)
    shown = {
        "title": signing.question_title(question, document),
        "says": [
            (choice, signing.vote_text(question=question, case=case, choice=choice, document=document, sites=sites)) for choice in choices
        ],
        "meaning": "Your signed answer to this question, bound to what it asks now. If that changes, your vote is marked outdated and you are told.",
        "role": signing.acting_role(request.actor, case).replace("_", " "),
        "words": ["vote", WORDS_OF[QuestionKind(question.kind)]],
        "button": "Sign and cast vote",
    }
    return _sheet(request, case, question, form, shown)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: MemberRequest, number: int, question_id: UUID) -> HttpResponse:
    """The chair declares what the board decided; the side whose quorum is met is the only one that can be declared."""
    case, question = question_of(request, number, question_id)
    tally = tally_of(case, question, timezone.now())
    voters = frozenset((*tally.approve.supporters, *tally.reject.supporters))
    require(policies.may_decide(request.actor, case, question, voters, conflicts.excluded([case], [question])[question.pk]))
    side = next((each for each in (tally.approve, tally.reject) if each.met), None)
    if side is None:
        raise decisions.QuorumNotMet(tally, question.proposal)
    document = case.framework_version.document
    require(may_sign_about(request.actor, document, policies.at_stake(question)))
    words = signing.verdict_in_words(question, side.verdict, document)
    form = DeclareForm(request.POST or None, user=request.user, initial={"seen_digest": question.content_digest, "verdict": side.verdict})
    if form.is_valid():
        made = said_on(
            form,
            lambda: decisions.decide(
                question=question,
                actor=request.actor.person,
                user=request.user,
                at=timezone.now(),
                **form.signed(),
            ),
        )
        if made:
            messages.info(request, f"Declared: {signing.verdict_in_words(question, form.cleaned_data['verdict'], document)}.")
            return back(request, case)
    now = timezone.now()
    sites = queries.sites_of_release(question, now)
    statement = signing.declaration_statement(question=question, case=case, verdict=side.verdict, note="", document=document, sites=sites)
    shown = {
        "title": f"Declare: {words}",
        "statement": statement.text,
        "recorded": consequences.of_declaration(question, side.verdict, collect_one(case.subject, case.framework_version, now)),
        "meaning": "You declare what the board decided. You cast no vote; the decision carries every vote, dissent included.",
        "role": "chair",
        "words": [
            "declaration",
            "dissent",
            "judgement" if question.kind == QuestionKind.THRESHOLD else WORDS_OF[QuestionKind(question.kind)],
        ],
        "button": f"Declare: {words}",
    }
    return _sheet(request, case, question, form, shown)


@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: MemberRequest, number: int, question_id: UUID) -> HttpResponse:
    """The chair puts another verdict on a threshold to the vote."""
    case, question = question_of(request, number, question_id)
    require(policies.may_propose(request.actor, case, question, conflicts.recused(case)))
    document = case.framework_version.document
    verdicts = [
        (verdict, capfirst(signing.verdict_in_words(question, verdict, document)))
        for verdict in Verdict.values
        if verdict in THRESHOLD_VERDICTS and question.kind == QuestionKind.THRESHOLD
    ]
    others = (
        Snapshot.objects.exclude(subject=case.subject)
        .filter(confirmed_by__isnull=False)
        .select_related("subject")
        .order_by("subject__slug", "label")
    )
    form = ProposalForm(request.POST or None, verdicts=verdicts, snapshots=others, initial={"verdict": question.proposal})
    if form.is_valid():
        made = said_on(
            form, lambda: decisions.propose(question=question, actor=request.actor.person, at=timezone.now(), **form.cleaned_data)
        )
        if made:
            messages.info(request, "The proposal is changed; who voted on the earlier one is told.")
            return back(request, case)
    context = {
        "case": case,
        "form": form,
        "title": f"Change the proposal: {signing.question_title(question, document)}",
        "why": f"It now reads: {signing.verdict_in_words(question, question.proposal, document)}.",
        "button": "Change proposal",
        "words": ("determination", "coverage", "vote"),
    }
    return render(request, "reviews/case_act.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def state_applicability(request: MemberRequest, number: int) -> HttpResponse:
    """One signature that the sign-offs in force cover this model: fifteen safeguards need no fifteen more."""
    case = access.case_numbered(request.actor, number, timezone.now())
    require(policies.may_state_applicability(request.actor, case))
    facts = collect_one(case.subject, case.framework_version, timezone.now())
    require(may_sign_about(request.actor, facts.document, facts.required_slugs))
    held = applicability.serving(case, facts)
    chosen = SiteForm(request.GET or None, named={place: applicability.names_of(held, place) for place in places.NAMED})
    site = places.Site(**chosen.cleaned_data) if chosen.is_valid() else applicability.usual_site(held)
    chosen.initial = {"stack": site.stack, "environment": site.environment}
    coverage = applicability.covered_by(held, facts, site)
    initial = {"seen_digest": applicability.coverage_digest(case, coverage, site), **chosen.initial}
    form = ApplicabilityForm(
        request.POST or None,
        user=request.user,
        document=facts.document,
        stack=site.stack,
        stated=applicability.stated_last(site.stack),
        initial=initial,
    )
    if form.is_valid():
        made = said_on(
            form,
            lambda: applicability.state_applicability(
                case=case, actor=request.actor.person, user=request.user, at=timezone.now(), **form.signed()
            ),
        )
        if made:
            messages.info(request, "The applicability statement is signed; the safeguards questions can be voted on.")
            return back(request, case)
    missing = [each for each in coverage if each.signoff is None]
    context = {"case": case, "form": form, "coverage": coverage, "missing": missing, "chosen": chosen, "site": site}
    return render(request, "reviews/applicability.html", context, status=422 if form.errors else 200)


def _sheet(request: MemberRequest, case: Case, question: Question, form: Form, shown: Mapping[str, object]) -> HttpResponse:
    context = {
        "case": case,
        "question": question,
        "form": form,
        "action": request.path,
        "cancel": reverse("reviews:case-detail", args=[case.number]),
        **shown,
    }
    template = "reviews/_sheet.html" if request.htmx else "reviews/sheet.html"
    return render(request, template, context, status=422 if form.errors else 200)


def back(request: MemberRequest, case: Case) -> HttpResponse:
    """To the case; a sheet inside the page tells the browser to go there itself."""
    address = reverse("reviews:case-detail", args=[case.number])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
