"""The sheets on which a file is moved to the weights it really measured: one person says so, a reviewer who did not send it signs."""

from __future__ import annotations

from typing import Any
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
from evaluations.corrected import weights_of
from evaluations.forms import CorrectionForm, SetAsideForm
from evaluations.models import Correction, Snapshot, Upload
from evaluations.policies import may_confirm, may_propose_correction, may_set_aside
from evaluations.services import corrections
from evaluations.views.setting_aside import signing_roles
from frameworks.policies import may_sign_evidence
from ledger.refusals import the_one
from people.attempts import entering_refusals
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from people.signing import Statement, sign


@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Says which weights a file really measured. Nothing moves before somebody else signs."""
    now = timezone.now()
    upload = access.upload(request.actor, pk, now)
    require(may_propose_correction(request.actor))
    others = Snapshot.objects.filter(subject=upload.subject_id).exclude(pk__in=[now_under] if (now_under := weights_of(upload)) else [])
    again = Upload.objects.filter(subject=upload.subject_id, blob=upload.blob_id).exclude(pk=upload.pk).order_by("received_seq")
    sent = request.POST if request.method == "POST" else None
    form = CorrectionForm(sent, snapshots=others.order_by("-registered_seq", "id"), again=again)
    told: dict[str, Any] = {"upload": upload, "actor": request.actor.person, "at": now}
    if form.is_valid() and said_on(form, lambda: corrections.propose(**told, **form.cleaned_data)) is not None:
        messages.info(request, "Proposed. It moves once a reviewer who neither proposed it nor sent the file has signed.")
        return redirect("evaluations:upload", pk=pk)
    context = {"form": form, "upload": upload, "others": others.exists(), "runs": upload.runs.order_by("reading__seq", "position")}
    return render(request, "evaluations/correction_new.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "code")
@sensitive_variables("form")
@require_http_methods(["GET", "HEAD", "POST"])
def signing(request: MemberRequest, pk: UUID, correction_pk: UUID) -> HttpResponse:
    """The signature under a proposed correction."""
    upload = access.upload(request.actor, pk, timezone.now())
    correction = the_one(upload.corrections.select_related("snapshot", "sent_again", "proposed_by").filter(pk=correction_pk))
    require(may_confirm(request.actor, entered_by=correction.proposed_by))
    require(may_set_aside(request.actor, uploader=upload.uploader))
    require(may_sign_evidence(request.actor))
    form = SetAsideForm(
        request.POST if request.method == "POST" else None, user=request.user, roles=signing_roles(request), replacements=None
    )
    form.fields["reason"].required = False
    form.fields["reason"].label = "Your remark"
    if form.is_valid() and said_on(form, lambda: _sign(request, form, correction)) is not None:
        messages.info(request, f"The results of this file count for {correction.snapshot.label} from now on.")
        return redirect("evaluations:upload", pk=pk)
    return render(request, "evaluations/set_aside.html", _sheet(upload, correction) | {"form": form}, status=422 if form.errors else 200)


def _sheet(upload: Upload, correction: Correction) -> dict[str, object]:
    place = reverse("evaluations:upload", args=[upload.pk])
    was = upload.snapshot.label if upload.snapshot else "no weights"
    again = " What was superseded of it speaks through the same bytes, sent again." if correction.sent_again_id else ""
    return {
        "title": f"Move this file to {correction.snapshot.label}",
        "lede": f"It was sent under {was}; {correction.proposed_by} says that it measured {correction.snapshot.label}: {correction.reason} "
        f"Its results count there from now on and nowhere else. What is concerning in them stays concerning.{again}",
        "about": f"{upload.label} measured {correction.snapshot.label}, {upload.subject.name}",
        "button": f"Sign: it measured {correction.snapshot.label}",
        "crumbs": [(upload.label, place)],
        "place": place,
    }


def _sign(request: MemberRequest, form: SetAsideForm, correction: Correction) -> Correction:
    now, told = timezone.now(), form.signed()
    statement = Statement(
        type=corrections.STATEMENT,
        digests=corrections.correction_digests(correction),
        meaning="This file measured these weights",
        role=told["role"],
        text=told["reason"],
    )
    trying = entering_refusals("evaluations:correction:refused", thing=correction, actor=request.actor.person, at=now)
    with trying, transaction.atomic():
        signature = sign(person=request.actor.person, user=request.user, statement=statement, confirmation=told["confirmation"], at=now)
        return corrections.sign_correction(correction=correction, signature=signature, actor=request.actor.person, at=now)
