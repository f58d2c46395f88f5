"""The sheet on which somebody who did not send a file signs which weights it measured."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from evaluations import access
from evaluations.forms import SetAsideForm
from evaluations.models import Attestation, Upload
from evaluations.policies import ATTESTERS, may_attest
from evaluations.services import attestations
from frameworks.policies import may_sign_evidence
from people.attempts import entering_refusals
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from people.signing import Statement, sign
from people.words import Role


@sensitive_post_parameters("password", "code")
@sensitive_variables("form")
@require_http_methods(["GET", "HEAD", "POST"])
def attest(request: MemberRequest, pk: UUID) -> HttpResponse:
    """These bytes measured these weights: signed with both digests."""
    upload = access.upload(request.actor, pk, timezone.now())
    require(may_attest(request.actor, uploader=upload.uploader))
    require(may_sign_evidence(request.actor))
    digests = attestations.attestation_digests(upload)
    roles = [(role.value, role.label) for role in Role if role in ATTESTERS & request.actor.roles]
    form = SetAsideForm(request.POST or None, user=request.user, roles=roles, replacements=None)
    form.fields["reason"].label = "How you know"
    if form.is_valid() and said_on(form, lambda: _sign(request, form, upload, digests)) is not None:
        messages.info(request, "It is attested. The statement names both digests, so that anybody who has it can check it.")
        return redirect("evaluations:upload", pk=upload.pk)
    assert upload.snapshot is not None
    place = reverse("evaluations:upload", args=[upload.pk])
    context = {
        "title": f"Attest that this file measured {upload.snapshot.label}",
        "lede": f"You sign that the bytes {digests['blob'][:19]}… measured the weights {digests['weights'][:19]}…. It is worth what a second person's "
        "confirmation is, and it can be checked without the portal.",
        "about": f"{upload.label} measured {upload.snapshot.label}, {upload.subject.name}",
        "button": "Sign: it measured these weights",
        "crumbs": [(upload.label, place)],
        "place": place,
        "form": form,
    }
    return render(request, "evaluations/set_aside.html", context, status=422 if form.errors else 200)


def _sign(request: MemberRequest, form: SetAsideForm, upload: Upload, digests: dict[str, str]) -> Attestation:
    now, told = timezone.now(), form.signed()
    statement = Statement(
        type=attestations.STATEMENT, digests=digests, meaning="This file measured these weights", role=told["role"], text=told["reason"]
    )
    trying = entering_refusals("evaluations:attestation:refused", thing=upload, actor=request.actor.person, at=now)
    with trying, transaction.atomic():
        signature = sign(person=request.actor.person, user=request.user, statement=statement, confirmation=told["confirmation"], at=now)
        return attestations.attest(upload=upload, note=told["reason"], signature=signature, actor=request.actor.person, at=now)
