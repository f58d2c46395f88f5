"""Uploading, the receipt of each file, and its raw bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluations import access, disputes, effects, queries
from evaluations.filenames import shown_name
from evaluations.forms import UploadFilter, UploadForm
from evaluations.models import Run, Upload, UploadState
from evaluations.policies import (
    may_answer_for_evidence,
    may_attest,
    may_confirm,
    may_propose_correction,
    may_retry,
    may_see_raw_bytes,
    may_set_aside,
    may_upload,
)
from evaluations.services import blobs, uploads
from ledger.refusals import Refusal
from people.doors import MemberRequest
from people.policies import require

PER_PAGE = 50
# htmx stops asking when it is answered so.
STOP_POLLING = 286


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """Every upload this person may know of, newest first."""
    now = timezone.now()
    rows = access.uploads(request.actor, now).select_related("subject", "snapshot", "uploader", "blob").order_by("-received_seq", "id")
    found = UploadFilter(request.GET, queryset=rows, subjects=access.subjects(request.actor, now))
    page = Paginator(found.qs, PER_PAGE).get_page(request.GET.get("page"))
    evidence = may_answer_for_evidence(request.actor)
    confirmable = {
        upload.pk
        for upload in page.object_list
        if evidence and upload.countersigned_seq is None and may_confirm(request.actor, entered_by=upload.uploader)
    }
    if confirmable:
        confirmable = set(disputes.undisputed(Upload.objects.filter(pk__in=confirmable)).values_list("pk", flat=True))
    context = {
        "evidence": evidence,
        "filter": found,
        "page": page,
        "confirmable": confirmable,
        "may_upload": may_upload(request.actor),
    }
    return render(request, "evaluations/uploads.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    """Takes files. A browser with scripts sends them one by one and is answered in JSON; without scripts all come in one form."""
    require(may_upload(request.actor))
    now = timezone.now()
    subjects = access.subjects(request.actor, now).prefetch_related("snapshots").order_by("name", "id")
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = UploadForm(*sent, subjects=subjects, initial={"about": request.GET.get("about", "")})
    as_program = _asks_as_script(request)
    if request.method != "POST":
        return render(request, "evaluations/upload_new.html", {"form": form})
    if not form.is_valid():
        return _not_valid(request, form, as_program)
    taken, refused = _receive_all(request, form, form.cleaned_data["files"])
    if as_program:
        return JsonResponse(
            {"taken": [_told(upload, created) for upload, created in taken], "refused": refused}, status=422 if refused else 200
        )
    for name, said, _ in refused:
        form.add_error("files", f"{name}: {said}")
    if refused:
        return render(request, "evaluations/upload_new.html", {"form": form, "taken": taken}, status=422)
    if len(taken) == 1:
        return redirect(_receipt_address(*taken[0]))
    messages.info(request, f"{len(taken)} files are kept and wait to be read. One that is refused shuts the gate of its model.")
    return redirect("evaluations:uploads")


def _asks_as_script(request: MemberRequest) -> bool:
    return request.accepts("application/json") and not request.accepts("text/html")


def _not_valid(request: MemberRequest, form: UploadForm, as_program: bool) -> HttpResponse:
    if not as_program:
        return render(request, "evaluations/upload_new.html", {"form": form}, status=422)
    said = [
        f"{form.fields[name].label}: {error}" if name in form.fields else str(error)
        for name, errors in form.errors.items()
        for error in errors
    ]
    return JsonResponse({"taken": [], "refused": [["", " ".join(said), ""]]}, status=422)


def _receive_all(
    request: MemberRequest, form: UploadForm, files: Iterable[UploadedFile]
) -> tuple[list[tuple[Upload, bool]], list[tuple[str, str, str]]]:
    """Each file by itself: one that is refused does not take the others with it. A refusal names the earlier upload it speaks of, if any."""
    taken, refused = [], []
    subject, snapshot = form.target
    for file in files:
        try:
            taken.append(
                uploads.receive(
                    stream=file,
                    filename=file.name or "",
                    subject=subject,
                    snapshot=snapshot,
                    declared=form.declared,
                    actor=request.actor.person,
                    at=timezone.now(),
                )
            )
        except Refusal as refusal:
            earlier = refusal.data.get("upload")
            place = reverse("evaluations:upload", args=[earlier]) if earlier else ""
            refused.append((shown_name(file.name or ""), f"{refusal.sentence} {refusal.what_to_do}".strip(), place))
    return taken, refused


def _receipt_address(upload: Upload, created: bool) -> str:
    """The receipt; one of bytes that were there already says so."""
    return reverse("evaluations:upload", args=[upload.pk]) + ("" if created else "?again")


def _told(upload: Upload, created: bool) -> dict[str, Any]:
    return {"name": upload.label, "address": _receipt_address(upload, created), "created": created, "state": upload.state}


def _progress(upload: Upload) -> dict[str, Any]:
    """Where one file stands, for the script that sent it; for a refused one the code, the place and the mend."""
    return {
        "state": upload.state,
        "words": upload.get_state_display(),
        "percent": upload.percent,
        "finished": upload.is_finished,
        "code": upload.error_code,
        "message": upload.error_message,
        "where": upload.error_where,
        "what_to_do": upload.error_what_to_do,
    }


@require_safe
def detail(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The receipt. Asked for by htmx it is the part alone, every two seconds until nothing more will come."""
    upload = access.upload(request.actor, pk, timezone.now())
    if _asks_as_script(request):
        return JsonResponse(_progress(upload))
    context = _receipt(request, upload)
    if request.htmx and not request.htmx.boosted:
        status = STOP_POLLING if context["finished"] else 200
        return render(request, "evaluations/_receipt.html", context, status=status)
    return render(request, "evaluations/upload.html", context)


def _more_may_follow(upload: Upload) -> bool:
    """Whether an assessment of the model, or what follows from one, is still on its way; until then a receipt does not say that nothing changed."""
    return queries.is_being_assessed(upload.subject_id) or effects.more_may_follow(upload.subject_id)


def _receipt(request: MemberRequest, upload: Upload) -> dict[str, Any]:
    runs = list(upload.runs.select_related("reading", "twin_of").prefetch_related("measurements").order_by("reading__seq", "position"))
    reached = queries.bindings_of([run.pk for run in runs]) if runs else {}
    finished = upload.is_finished and not (runs and _more_may_follow(upload))
    assessed = queries.assessments_of(upload) if runs else []
    evidence = may_answer_for_evidence(request.actor)
    disputed = disputes.disputes_of(upload) if runs else {}
    return {
        "upload": upload,
        "again": "again" in request.GET,
        "runs": [
            {
                "run": run,
                "measurements": [(one, reached.get(one.pk, [])) for one in run.measurements.all()],
                "dispute": disputed.get(run.pk),
                "may_settle": run.pk in disputed and disputed[run.pk].may_be_settled_by(request.actor) and evidence,
            }
            for run in runs
        ],
        "disputed": bool(disputed),
        "counted_before": _counted_before(upload, runs),
        "changes": [change for assessment in assessed for change in queries.changes(assessment, reasons=True)],
        "assessed": assessed,
        "effects": effects.effects_of(assessed, request.actor),
        "finished": finished,
        "may_countersign": may_confirm(request.actor, entered_by=upload.uploader) and evidence,
        "attestations": upload.attestations.select_related("person", "snapshot", "signature") if upload.state == UploadState.PARSED else (),
        "may_attest": may_attest(request.actor, uploader=upload.uploader) and evidence,
        "may_retry": may_retry(request.actor, uploader=upload.uploader) and uploads.can_be_read_again(upload),
        "may_set_aside": may_set_aside(request.actor, uploader=upload.uploader) and evidence,
        "set_aside": upload.set_aside.select_related("person").first() if upload.state == UploadState.REJECTED else None,
        "corrections": upload.corrections.select_related("snapshot", "proposed_by", "signed_by")
        if upload.state == UploadState.PARSED
        else (),
        "may_correct": may_propose_correction(request.actor),
        "may_see_raw": may_see_raw_bytes(request.actor),
    }


def _counted_before(upload: Upload, runs: list[Run]) -> UUID | None:
    """Another upload in which the first of these runs was told already, where every one of them was, with the same words."""
    first = [run.twin_of.upload_id for run in runs if run.twin_of is not None and not run.conflicts]
    return first[0] if runs and len(first) == len(runs) and upload.pk not in first else None


@require_safe
def raw(request: MemberRequest, pk: UUID) -> FileResponse:
    """The bytes as received, for people cleared for hazardous detail: always a download of a fixed type, never a page."""
    upload = access.upload(request.actor, pk, timezone.now())
    require(may_see_raw_bytes(request.actor))
    answer = FileResponse(
        blobs.open_bytes(upload.blob_id), as_attachment=True, filename=f"{upload.blob_id}.bin", content_type="application/octet-stream"
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@require_POST
def retry(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Asks for a file that was given up to be read again."""
    upload = access.upload(request.actor, pk, timezone.now())
    uploads.retry(upload=upload, actor=request.actor.person, at=timezone.now())
    return redirect("evaluations:upload", pk=pk)
