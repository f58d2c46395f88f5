"""Safeguards as built: the list, one implementation with its evidence and sign-offs, and the acts on it."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from evaluations import access as evaluations_access
from evaluations.services import blobs
from frameworks.models import FrameworkVersion
from frameworks.policies import may_sign_about
from ledger.refusals import NotKnown, the_one
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from reviews import access, policies, queries, signing
from reviews.forms.fields import ReasonForm
from reviews.forms.safeguards import ChangeForm, EvidenceForm, ImplementationForm, SignOffForm
from reviews.models import SafeguardImplementation, SignOff
from reviews.models.signoff import Meaning
from reviews.safeguards_page import SafeguardListForm, safeguard_rows
from reviews.services import signoffs
from reviews.views.status import version_in_force


class EvidenceNotKnown(NotKnown):
    code = "evidence_not_known"
    sentence = "There is no such file on this safeguard."


@require_safe
def safeguard_list(request: MemberRequest) -> HttpResponse:
    """Every safeguard of the framework in force, with what is built for it and who signed it off until when."""
    require(policies.may_see_board(request.actor))
    version = version_in_force()
    form = SafeguardListForm(request.GET)
    rows = safeguard_rows(version, queries.implementations_with_signoffs(version.name), form, timezone.now())
    context = {"rows": rows, "form": form, "version": version, "may_register": policies.may_keep_safeguards(request.actor)}
    return render(request, "reviews/safeguard_list.html", context)


@require_safe
def safeguard_detail(request: MemberRequest, implementation_id: UUID) -> HttpResponse:
    return _detail(request, _implementation(request, implementation_id), None)


def _implementation(request: MemberRequest, implementation_id: UUID) -> SafeguardImplementation:
    return access.implementation(request.actor, implementation_id)


def _detail(request: MemberRequest, implementation: SafeguardImplementation, form: EvidenceForm | None, status: int = 200) -> HttpResponse:
    version, safeguard = signoffs.definition_of(implementation.framework_name, implementation.safeguard)
    now = timezone.now()
    given = list(implementation.signoffs.select_related("person", "signature", "revoked_by"))
    for each in given:
        each.implementation = implementation
    evidence = list(implementation.evidence.select_related("attached_by", "blob"))
    attachers = signoffs.contributors(implementation)
    hazardous = any(each.hazard and each.withdrawn_at is None for each in evidence)
    may_sign = policies.may_sign_off(
        request.actor, implementation, competence=safeguard.competence, attachers=attachers, hazardous=hazardous
    )
    context = {
        "implementation": implementation,
        "safeguard": safeguard,
        "evidence": evidence,
        "signoffs": [(each, _state(each, version, now), bool(policies.may_revoke(request.actor, each))) for each in given],
        "signed": any(each.holds(now, version) for each in given),
        "reworded": any(each.stands(now) for each in given),
        "signed_by_me": any(each.holds(now, version) and each.person_id == request.actor.person.pk for each in given),
        "may_attach": implementation.retired_at is None and policies.may_attach_evidence(request.actor, implementation),
        "may_sign": may_sign,
        "may_sign_about": may_sign_about(request.actor, version.document, {safeguard.axis: safeguard.tier}),
        "form": form or EvidenceForm(types=safeguard.evidence_types),
    }
    return render(request, "reviews/safeguard_detail.html", context, status=status)


def _state(signoff: SignOff, version: FrameworkVersion, at: datetime) -> str:
    """How one sign-off stands, as `state "safeguard"` shows it."""
    if signoff.revoked_at is not None:
        return "revoked"
    if signoff.stands(at):
        return "signed" if signoff.is_worded_as(version) else "reworded"
    return "outdated" if signoff.content_digest != signoff.implementation.version_digest else "expired"


@require_http_methods(["GET", "HEAD", "POST"])
def register(request: MemberRequest) -> HttpResponse:
    """The owner registers a safeguard as it is built in one place."""
    require(policies.may_keep_safeguards(request.actor))
    version = version_in_force()
    subjects = evaluations_access.subjects(request.actor, timezone.now()).order_by("slug")
    form = ImplementationForm(
        request.POST or None, document=version.document, subjects=subjects, initial={"safeguard": request.GET.get("safeguard", "")}
    )
    if form.is_valid():
        person = request.actor.person
        made = said_on(
            form,
            lambda: signoffs.register_implementation(
                framework_version=version, owner=person, actor=person, at=timezone.now(), **form.cleaned_data
            ),
        )
        if made:
            return redirect("reviews:safeguard-detail", implementation_id=made.pk)
    return render(request, "reviews/safeguard_new.html", {"form": form, "version": version}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: MemberRequest, implementation_id: UUID) -> HttpResponse:
    """Describes it as it is built now: a new version, so earlier sign-offs stop holding."""
    implementation = _implementation(request, implementation_id)
    require(policies.may_attach_evidence(request.actor, implementation))
    form = ChangeForm(request.POST or None, initial={"title": implementation.title, "description": implementation.description})
    if form.is_valid():
        made = said_on(
            form,
            lambda: signoffs.change_implementation(
                implementation=implementation, actor=request.actor.person, at=timezone.now(), **form.cleaned_data
            ),
        )
        if made:
            return redirect("reviews:safeguard-detail", implementation_id=implementation.pk)
    context = {"implementation": implementation, "form": form}
    return render(request, "reviews/safeguard_change.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def retire(request: MemberRequest, implementation_id: UUID) -> HttpResponse:
    """It is not built any more. The page says first what lapses with it."""
    implementation = _implementation(request, implementation_id)
    require(policies.may_attach_evidence(request.actor, implementation))
    if request.method == "POST":
        signoffs.retire_implementation(implementation=implementation, actor=request.actor.person, at=timezone.now())
        messages.info(request, f"{implementation.title} is retired. What leaned on its sign-offs lapses; the record stays.")
        return redirect("reviews:safeguard-detail", implementation_id=implementation.pk)
    return render(request, "reviews/safeguard_retire.html", {"implementation": implementation})


@require_POST
def attach(request: MemberRequest, implementation_id: UUID) -> HttpResponse:
    """Attaches one file of evidence; a new version of the implementation."""
    implementation = _implementation(request, implementation_id)
    require(policies.may_attach_evidence(request.actor, implementation))
    safeguard = signoffs.safeguard_of(implementation.framework_name, implementation.safeguard)
    form = EvidenceForm(request.POST, request.FILES, types=safeguard.evidence_types)
    if form.is_valid():
        file = form.cleaned_data["file"]
        made = said_on(
            form,
            lambda: signoffs.attach_evidence(
                implementation=implementation,
                stream=file,
                filename=file.name,
                evidence_type=form.cleaned_data["evidence_type"],
                note=form.cleaned_data["note"],
                hazard=form.cleaned_data["hazard"],
                actor=request.actor.person,
                at=timezone.now(),
            ),
        )
        if made:
            messages.info(request, f"{made.filename} is attached. Reviewers with the competence are told.")
            return redirect("reviews:safeguard-detail", implementation_id=implementation.pk)
    return _detail(request, implementation, form, status=422)


@require_POST
def withdraw_evidence(request: MemberRequest, implementation_id: UUID, evidence_id: UUID) -> HttpResponse:
    implementation = _implementation(request, implementation_id)
    require(policies.may_attach_evidence(request.actor, implementation))
    evidence = the_one(implementation.evidence.filter(pk=evidence_id), EvidenceNotKnown)
    signoffs.withdraw_evidence(evidence=evidence, actor=request.actor.person, at=timezone.now())
    messages.info(request, "The file is withdrawn. It stays on record, and the safeguard has a new version.")
    return redirect("reviews:safeguard-detail", implementation_id=implementation.pk)


@require_safe
def evidence_file(request: MemberRequest, implementation_id: UUID, evidence_id: UUID) -> FileResponse:
    """The file as it was attached: always a download, never shown inside the portal. To who is not cleared a hazardous one is not there."""
    implementation = _implementation(request, implementation_id)
    evidence = implementation.evidence.filter(pk=evidence_id).first()
    if evidence is None or (evidence.hazard and not request.actor.cleared):
        raise EvidenceNotKnown
    answer = FileResponse(
        blobs.open_bytes(evidence.blob_id), as_attachment=True, filename=evidence.filename, content_type="application/octet-stream"
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: MemberRequest, implementation_id: UUID) -> HttpResponse:
    """A reviewer's signature under one version of one safeguard."""
    implementation = _implementation(request, implementation_id)
    version, safeguard = signoffs.definition_of(implementation.framework_name, implementation.safeguard)
    attachers = signoffs.contributors(implementation)
    hazardous = signoffs.is_hazardous(implementation)
    require(policies.may_sign_off(request.actor, implementation, competence=safeguard.competence, attachers=attachers, hazardous=hazardous))
    require(may_sign_about(request.actor, version.document, {safeguard.axis: safeguard.tier}))
    form = SignOffForm(
        request.POST or None,
        user=request.user,
        initial={"seen_digest": implementation.version_digest, "seen_wording": version.wordings[safeguard.slug]},
    )
    place = reverse("reviews:safeguard-detail", args=[implementation.pk])
    if form.is_valid():
        made = said_on(
            form,
            lambda: signoffs.give_signoff(
                implementation=implementation, actor=request.actor.person, user=request.user, at=timezone.now(), **form.signed()
            ),
        )
        if made:
            messages.info(request, f"{implementation.title} is signed off until {made.expires_at:%-d %b %Y}.")
            return HttpResponseClientRedirect(place) if request.htmx else redirect(place)
    expires_on = (timezone.now() + timedelta(days=safeguard.validity_days)).date().isoformat()
    context = {
        "title": f"Sign off {safeguard.title.lower()}",
        "says": [
            (meaning, signing.signoff_text(implementation=implementation, meaning=meaning, expires_on=expires_on)) for meaning in Meaning
        ],
        "digest": implementation.version_digest,
        "meaning": f"What you choose below, in its own words. It holds for {safeguard.validity_days} days, for this version only.",
        "recorded": [f"What {version.document.title} {version.version} says of it, by its digest {version.wordings[safeguard.slug]}."],
        "words": ["sign-off", "safeguard-implementation"],
        "role": f"reviewer, competence {safeguard.competence}" if safeguard.competence else "reviewer",
        "button": f"Sign off {safeguard.title.lower()}",
        "form": form,
        "action": request.path,
        "cancel": place,
        "otherwise": queries.asking_about(implementation.framework_name, safeguard),
        "owner": implementation.owner,
    }
    template = "components/signing.html" if request.htmx else "reviews/safeguard_sign.html"
    return render(request, template, context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: MemberRequest, signoff_id: UUID) -> HttpResponse:
    """Takes a sign-off back at once; what leans on it lapses with it."""
    signoff = access.signoff(request.actor, signoff_id)
    require(policies.may_revoke(request.actor, signoff))
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        done = said_on(
            form,
            lambda: signoffs.revoke_signoff(
                signoff=signoff, reason=form.cleaned_data["reason"], actor=request.actor.person, at=timezone.now()
            ),
        )
        if done:
            return redirect("reviews:safeguard-detail", implementation_id=signoff.implementation_id)
    return render(request, "reviews/signoff_revoke.html", {"signoff": signoff, "form": form}, status=422 if form.errors else 200)
